-- The other parties of contracts: lenders, and borrowers of loans given. is_intra_group: it is one of
-- the holding's own organizations, derived from INN and name unless set by hand.
CREATE TABLE lenders (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    name TEXT NOT NULL,
    inn TEXT,
    group_name TEXT,
    is_intra_group BOOLEAN NOT NULL DEFAULT FALSE,
    is_intra_group_manual BOOLEAN NOT NULL DEFAULT FALSE,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- The names that exports recognize a row by, apart from the name that it is shown with. kind:
-- organization, bank_account, lender or contract; target_id is the row of that kind. A contract's
-- alias belongs to the alias of its organization, and, where the reference alone does not identify it
-- (no date and no digit), to that of its lender; 0 elsewhere. key is the folded spelling.
CREATE TABLE aliases (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    kind TEXT NOT NULL,
    organization_alias_id BIGINT NOT NULL DEFAULT 0,
    lender_alias_id BIGINT NOT NULL DEFAULT 0,
    key TEXT NOT NULL,
    spelling TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, kind, organization_alias_id, lender_alias_id, key)
);
CREATE INDEX aliases_by_target ON aliases (department_id, kind, target_id);

-- Merges and splits, each with what it takes to undo it (JSON).
CREATE TABLE merges (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    record TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP
);

-- What a contract is, derived from its operations unless set by hand (is_…_manual). direction:
-- borrowed or lent; NULL: unknown. currency: of what is owed; NULL: no operation yet.
ALTER TABLE contracts ADD COLUMN lender_id BIGINT;
ALTER TABLE contracts ADD COLUMN direction TEXT;
ALTER TABLE contracts ADD COLUMN currency TEXT;
ALTER TABLE contracts ADD COLUMN is_type_manual BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE contracts ADD COLUMN is_lender_manual BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE contracts ADD COLUMN is_direction_manual BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE contracts ADD COLUMN is_currency_manual BOOLEAN NOT NULL DEFAULT FALSE;
-- What was entered by hand, or stored before its origin was kept, stays. The texts of counterparties become
-- lenders when the program starts: it alone folds Russian names.
UPDATE contracts SET
    is_type_manual = contract_type IS NOT NULL AND type_from IS NULL,
    is_lender_manual = counterparty IS NOT NULL AND counterparty_from IS NULL;
ALTER TABLE contracts DROP COLUMN type_from;
ALTER TABLE contracts DROP COLUMN counterparty_from;
CREATE INDEX contracts_by_lender ON contracts (department_id, lender_id);

-- The aliases that an operation was recognized by: a merge, a split or its undoing places it by them.
ALTER TABLE receipts ADD COLUMN organization_alias_id BIGINT;
ALTER TABLE receipts ADD COLUMN bank_account_alias_id BIGINT;
ALTER TABLE receipts ADD COLUMN contract_alias_id BIGINT;
ALTER TABLE receipts ADD COLUMN lender_alias_id BIGINT;
ALTER TABLE expenses ADD COLUMN organization_alias_id BIGINT;
ALTER TABLE expenses ADD COLUMN bank_account_alias_id BIGINT;
ALTER TABLE expenses ADD COLUMN contract_alias_id BIGINT;
ALTER TABLE expenses ADD COLUMN lender_alias_id BIGINT;
ALTER TABLE expense_details ADD COLUMN contract_alias_id BIGINT;
CREATE INDEX receipts_by_contract ON receipts (department_id, contract_id);
CREATE INDEX expenses_by_contract ON expenses (department_id, contract_id);
