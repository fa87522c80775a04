-- What the existing front end shows of a user and lets him change.
ALTER TABLE users ADD COLUMN is_verified BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users ADD COLUMN position TEXT;
ALTER TABLE users ADD COLUMN phone TEXT;
ALTER TABLE users ADD COLUMN last_login TIMESTAMP;
-- PostgreSQL's indexes for the order of lists change here; in SQLite a descending order has NULL last already.
