ALTER TABLE merges DROP COLUMN source_id;
ALTER TABLE contracts DROP COLUMN merged_into;
ALTER TABLE lenders DROP COLUMN merged_into;
ALTER TABLE bank_accounts DROP COLUMN merged_into;
ALTER TABLE organizations DROP COLUMN merged_into;
