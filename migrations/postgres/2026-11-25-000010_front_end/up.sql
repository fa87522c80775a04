-- What the existing front end shows of a user and lets him change.
ALTER TABLE users ADD COLUMN is_verified BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users ADD COLUMN position TEXT;
ALTER TABLE users ADD COLUMN phone TEXT;
ALTER TABLE users ADD COLUMN last_login TIMESTAMP;

-- Lists are read along these: newest first, undated last, a page after the row where the last one ended.
DROP INDEX receipts_newest_first;
DROP INDEX expenses_newest_first;
CREATE INDEX receipts_newest_first ON receipts (department_id, document_date DESC NULLS LAST, id DESC);
CREATE INDEX expenses_newest_first ON expenses (department_id, document_date DESC NULLS LAST, id DESC);
