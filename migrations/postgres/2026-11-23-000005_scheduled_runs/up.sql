-- A scheduled run tells which time of the schedule it is for: several processes have the same
-- schedule, and one of them runs it.
ALTER TABLE import_runs ADD COLUMN scheduled_for TIMESTAMP;
CREATE UNIQUE INDEX import_runs_by_schedule ON import_runs (department_id, scheduled_for);
