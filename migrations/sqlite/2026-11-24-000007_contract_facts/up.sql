-- Which operation told a contract's type and counterparty (`2024-03-05 operation id`): the earliest
-- decides, whatever the order of the files. NULL: entered by hand, or before this was kept; it stays.
ALTER TABLE contracts ADD COLUMN type_from TEXT;
ALTER TABLE contracts ADD COLUMN counterparty_from TEXT;
