DROP INDEX adjustments_by_source;
ALTER TABLE adjustments DROP COLUMN import_source;
ALTER TABLE adjustments DROP COLUMN lender_alias_id;
