ALTER TABLE users DROP COLUMN last_login;
ALTER TABLE users DROP COLUMN phone;
ALTER TABLE users DROP COLUMN position;
ALTER TABLE users DROP COLUMN is_verified;
