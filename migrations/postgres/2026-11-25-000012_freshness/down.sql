ALTER TABLE imported_files DROP COLUMN is_described;
ALTER TABLE import_runs DROP COLUMN files_failing;
ALTER TABLE departments DROP COLUMN checked_at;
DROP TABLE import_sources;
DROP TABLE file_organizations;
DROP TABLE failing_files;
