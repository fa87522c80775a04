DROP INDEX yearly_flows_by_contract;
