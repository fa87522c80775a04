-- A row that was merged into another one is kept, so that the merge can be undone: it is in no list, and nothing
-- refers to it. merged_into is the row that stands for it now.
ALTER TABLE organizations ADD COLUMN merged_into BIGINT;
ALTER TABLE bank_accounts ADD COLUMN merged_into BIGINT;
ALTER TABLE lenders ADD COLUMN merged_into BIGINT;
ALTER TABLE contracts ADD COLUMN merged_into BIGINT;
-- The row that was merged into the target, or that a split made of it.
ALTER TABLE merges ADD COLUMN source_id BIGINT NOT NULL DEFAULT 0;
