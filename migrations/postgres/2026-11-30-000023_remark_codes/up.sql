-- The kinds of what may be wrong with a file, with commas between; none of files from before.
ALTER TABLE import_journal ADD COLUMN remark_codes TEXT;
