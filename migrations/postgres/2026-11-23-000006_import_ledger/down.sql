ALTER TABLE import_runs DROP COLUMN is_cancelled;
ALTER TABLE import_runs DROP COLUMN seen_at;
ALTER TABLE import_runs DROP COLUMN holder;
ALTER TABLE import_runs DROP COLUMN sources;
DROP TABLE imported_files;
ALTER TABLE rejected_rows DROP COLUMN cells;
ALTER TABLE import_journal DROP COLUMN titles;
ALTER TABLE import_journal DROP COLUMN source;
