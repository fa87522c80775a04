-- An organization that its file no longer names keeps its times; one that never arrived whole has none.
ALTER TABLE file_organizations ADD COLUMN is_named BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE file_organizations ALTER COLUMN arrived_at DROP NOT NULL;
