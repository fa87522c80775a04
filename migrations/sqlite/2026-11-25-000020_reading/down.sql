ALTER TABLE rejected_rows DROP COLUMN sheet;
ALTER TABLE rejected_rows DROP COLUMN code;
