-- A check of data quality looks for days of a contract in one currency: beside days in others it read
-- all of the contract's.
DROP INDEX daily_flows_by_contract;
CREATE INDEX daily_flows_by_contract ON daily_flows (department_id, contract_id, currency);
