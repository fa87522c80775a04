-- Up to which time of its schedule each source was handled. The mark moves in the transaction that stores the run
-- which covers the times up to it.
CREATE TABLE schedule_marks (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    handled_until TIMESTAMP NOT NULL,
    PRIMARY KEY (department_id, source)
);

-- A scheduled run covers every time after this one up to scheduled_for.
ALTER TABLE import_runs ADD COLUMN covers_after TIMESTAMP;

-- Processes whose settings name different sources may each have one to run for the same time.
DROP INDEX import_runs_by_schedule;
CREATE UNIQUE INDEX import_runs_by_schedule ON import_runs (department_id, scheduled_for, sources);

-- A run is deleted when the journal has no entries of it.
CREATE INDEX import_journal_by_run ON import_journal (department_id, run_id);
