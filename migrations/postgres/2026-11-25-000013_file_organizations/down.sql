DELETE FROM file_organizations WHERE NOT is_named OR arrived_at IS NULL;
ALTER TABLE file_organizations ALTER COLUMN arrived_at SET NOT NULL;
ALTER TABLE file_organizations DROP COLUMN is_named;
