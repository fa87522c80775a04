-- The kind of failure, beside its words: pages say it in the user's language.
ALTER TABLE failing_files ADD COLUMN code TEXT;
