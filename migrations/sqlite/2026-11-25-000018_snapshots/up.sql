-- Versions of files. A snapshot is a file of a source (a hand-in is one as well). series: its name without a date;
-- name_date: that date. version_at: when the version was written that was last read (UTC; of files whose names differ
-- only in a date, a later date is later). confirmed_at: the newest version, of this or of another file, that held rows
-- which this file had brought. whole_at: the newest version that went in whole; NULL: none, or the file is a part.
CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    series TEXT NOT NULL,
    name_date DATE,
    version_at TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP NOT NULL,
    whole_at TIMESTAMP,
    run_id BIGINT NOT NULL,
    UNIQUE (department_id, source, kind, name)
);
CREATE INDEX snapshots_by_series ON snapshots (department_id, kind, series);

-- The snapshot that a row's content came from, and its version; NULL: stored before versions were kept, which is
-- older than any. Rows that a newer version holds unchanged are not written: snapshots.confirmed_at says it of all.
ALTER TABLE receipts ADD COLUMN snapshot_id BIGINT;
ALTER TABLE receipts ADD COLUMN version_at TIMESTAMP;
ALTER TABLE expenses ADD COLUMN snapshot_id BIGINT;
ALTER TABLE expenses ADD COLUMN version_at TIMESTAMP;
ALTER TABLE expense_details ADD COLUMN snapshot_id BIGINT;
ALTER TABLE expense_details ADD COLUMN version_at TIMESTAMP;

-- The version of the program's reader that read the file; a file that an older one read is read once more. 0: before
-- it was kept, which covers files whose organizations were not kept either.
ALTER TABLE imported_files ADD COLUMN reader_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE imported_files DROP COLUMN is_described;

-- Operations that became inactive (rows_deleted counted them before), rows that were left alone, and rejected rows
-- whose operation is still stored as it was read earlier.
ALTER TABLE import_journal ADD COLUMN rows_deactivated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import_journal ADD COLUMN rows_left_alone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import_journal ADD COLUMN rejected_still_stored INTEGER NOT NULL DEFAULT 0;
