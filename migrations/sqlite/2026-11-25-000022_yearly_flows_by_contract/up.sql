-- The years of one contract are found without reading those of all, as its months and days are.
CREATE INDEX yearly_flows_by_contract ON yearly_flows (department_id, contract_id);
