ALTER TABLE import_journal DROP COLUMN remark_codes;
