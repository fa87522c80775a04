DROP INDEX receipts_newest_first;
DROP INDEX expenses_newest_first;
CREATE INDEX receipts_newest_first ON receipts (department_id, document_date DESC, id DESC);
CREATE INDEX expenses_newest_first ON expenses (department_id, document_date DESC, id DESC);
ALTER TABLE users DROP COLUMN last_login;
ALTER TABLE users DROP COLUMN phone;
ALTER TABLE users DROP COLUMN position;
ALTER TABLE users DROP COLUMN is_verified;
