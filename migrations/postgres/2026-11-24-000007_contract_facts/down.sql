ALTER TABLE contracts DROP COLUMN counterparty_from;
ALTER TABLE contracts DROP COLUMN type_from;
