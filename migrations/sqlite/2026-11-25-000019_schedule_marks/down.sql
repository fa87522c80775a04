DROP INDEX rejected_rows_by_journal;
CREATE INDEX rejected_rows_by_journal ON rejected_rows (department_id, journal_id);
DROP INDEX import_journal_by_run;
DROP INDEX import_runs_by_schedule;
UPDATE import_runs SET scheduled_for = NULL WHERE EXISTS (
    SELECT 1 FROM import_runs earlier
    WHERE earlier.department_id = import_runs.department_id AND earlier.scheduled_for = import_runs.scheduled_for
        AND earlier.id < import_runs.id
);
CREATE UNIQUE INDEX import_runs_by_schedule ON import_runs (department_id, scheduled_for);
ALTER TABLE import_runs DROP COLUMN covers_after;
DROP TABLE schedule_marks;
