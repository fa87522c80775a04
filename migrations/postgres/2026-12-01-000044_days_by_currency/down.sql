DROP INDEX daily_flows_by_contract;
CREATE INDEX daily_flows_by_contract ON daily_flows (department_id, contract_id);
