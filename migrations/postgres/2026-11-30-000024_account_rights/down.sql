DROP TABLE audit_log;
DROP FUNCTION audit_log_is_append_only();
DROP TABLE api_keys;
DROP TABLE account_changes;
ALTER TABLE users DROP COLUMN version;
