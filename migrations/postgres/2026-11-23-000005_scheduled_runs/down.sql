DROP INDEX import_runs_by_schedule;
ALTER TABLE import_runs DROP COLUMN scheduled_for;
