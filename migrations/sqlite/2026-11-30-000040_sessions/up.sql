-- How a user sees the dashboard: `en` or `ru`, `light` or `dark`; absent: as the browser says.
ALTER TABLE users ADD COLUMN language TEXT;
ALTER TABLE users ADD COLUMN theme TEXT;

-- Who is signed in to the dashboard. The cookie itself is not stored, only its SHA-256. A session holds for one version
-- of its user's account.
CREATE TABLE sessions (
    cookie_hash TEXT PRIMARY KEY NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
