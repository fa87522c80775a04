DROP TABLE audit_log;
DROP TABLE api_keys;
DROP TABLE account_changes;
ALTER TABLE users DROP COLUMN version;
