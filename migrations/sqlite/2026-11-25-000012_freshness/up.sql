-- How new the data is. The files that can't be imported now: each stays until it goes in, is found unchanged,
-- or is no longer offered, however often it is passed over.
CREATE TABLE failing_files (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT,
    reason TEXT NOT NULL,
    since TIMESTAMP NOT NULL,
    tried_at TIMESTAMP NOT NULL,
    PRIMARY KEY (department_id, source, path)
);
INSERT INTO failing_files (department_id, source, path, reason, since, tried_at)
SELECT department_id, source, path, COALESCE(error_message, ''), fetched_at, fetched_at
FROM imported_files WHERE failures > 0;

-- The organizations that a file held when it last went in, when that was, when the file was last found to be
-- in the tables as it is, and the newest document of each organization that was not dated after that day.
CREATE TABLE file_organizations (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    organization_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    arrived_at TIMESTAMP NOT NULL,
    checked_at TIMESTAMP NOT NULL,
    newest_document DATE,
    PRIMARY KEY (department_id, source, path, organization_id)
);

-- When each source was last looked through, and when last without a failing file.
CREATE TABLE import_sources (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    checked_at TIMESTAMP NOT NULL,
    completed_at TIMESTAMP,
    PRIMARY KEY (department_id, source)
);

-- When all sources of the department were last looked through.
ALTER TABLE departments ADD COLUMN checked_at TIMESTAMP;
-- How many files of the department could not be imported when the run ended.
ALTER TABLE import_runs ADD COLUMN files_failing INTEGER NOT NULL DEFAULT 0;
-- Whether file_organizations knows the file; one that it does not know is read once more.
ALTER TABLE imported_files ADD COLUMN is_described BOOLEAN NOT NULL DEFAULT FALSE;
