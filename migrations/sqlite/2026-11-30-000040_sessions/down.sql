DROP TABLE sessions;
ALTER TABLE users DROP COLUMN theme;
ALTER TABLE users DROP COLUMN language;
