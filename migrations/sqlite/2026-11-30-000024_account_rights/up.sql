-- Whatever changes what a user may do raises the version: tokens of an earlier one are refused.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- One row. Every change of a user's rights or of an API key raises the generation, in its own transaction: processes
-- look at this number alone.
CREATE TABLE account_changes (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    generation BIGINT NOT NULL
);
INSERT INTO account_changes (id, generation) VALUES (1, 0);

-- Keys that read for their owner. The key itself is not stored, only its SHA-256.
CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    last_used_at TIMESTAMP,
    revoked_at TIMESTAMP
);
CREATE INDEX api_keys_by_user ON api_keys (user_id);

-- Who changed which account, when and how. Rows are only added.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at TIMESTAMP NOT NULL,
    actor_id BIGINT,
    actor TEXT NOT NULL,
    address TEXT,
    action TEXT NOT NULL,
    user_id BIGINT,
    username TEXT NOT NULL,
    details TEXT
);
CREATE INDEX audit_log_by_user ON audit_log (user_id, id);

CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'rows of audit_log are only added'); END;
CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'rows of audit_log are only added'); END;
