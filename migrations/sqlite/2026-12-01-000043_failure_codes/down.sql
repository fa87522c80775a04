ALTER TABLE failing_files DROP COLUMN code;
