DROP INDEX expense_details_by_contract;
DROP INDEX expenses_newest_first;
DROP INDEX receipts_newest_first;
DROP INDEX expenses_by_organization;
DROP INDEX receipts_by_organization;
CREATE INDEX receipts_by_date ON receipts (department_id, document_date);
CREATE INDEX expenses_by_date ON expenses (department_id, document_date);
DROP TABLE daily_flows;
DROP TABLE monthly_flows;
