-- A rejected row is kept whole (JSON, with the header row in the journal), so that it can be given
-- back as a workbook.
ALTER TABLE import_journal ADD COLUMN source TEXT;
ALTER TABLE import_journal ADD COLUMN titles TEXT;
ALTER TABLE rejected_rows ADD COLUMN cells TEXT;

-- What was last seen of each file: one that is unchanged is not imported again. failures counts how
-- often in a row this version of it could not be imported; 0 says that it is in.
CREATE TABLE imported_files (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified_at TIMESTAMP,
    sha256 TEXT NOT NULL,
    failures INTEGER NOT NULL,
    error_message TEXT,
    run_id BIGINT NOT NULL,
    fetched_at TIMESTAMP NOT NULL,
    PRIMARY KEY (department_id, source, path)
);

-- Which process works on a run and when it last said so: another takes over a scheduled run whose
-- process is gone, and what the first then still tries to write is refused.
ALTER TABLE import_runs ADD COLUMN sources TEXT NOT NULL DEFAULT '';
ALTER TABLE import_runs ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE import_runs ADD COLUMN seen_at TIMESTAMP;
ALTER TABLE import_runs ADD COLUMN is_cancelled BOOLEAN NOT NULL DEFAULT FALSE;
