-- The same tables as for PostgreSQL, with SQLite's integer primary keys.
-- AUTOINCREMENT: an id is never given twice.
CREATE TABLE departments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    code TEXT NOT NULL UNIQUE,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    generation BIGINT NOT NULL DEFAULT 0,
    data_as_of TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    username TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    full_name TEXT NOT NULL,
    role TEXT NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE organizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    name TEXT NOT NULL,
    inn TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, name)
);

CREATE TABLE bank_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    account_number TEXT NOT NULL,
    bank_name TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, account_number)
);

-- contract_number is the spelling first seen; contract_key is number and date without the
-- leading words, the tail and white space, so that two spellings meet in one contract.
CREATE TABLE contracts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    contract_key TEXT NOT NULL,
    contract_number TEXT NOT NULL,
    contract_date DATE,
    contract_type TEXT,
    counterparty TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, organization_id, contract_key),
    FOREIGN KEY (organization_id) REFERENCES organizations (id)
);

CREATE TABLE receipts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT,
    contract_id BIGINT,
    operation_id TEXT NOT NULL,
    document_date DATE,
    operation_type TEXT,
    account TEXT,
    document_number TEXT,
    payer TEXT,
    payer_account TEXT,
    settlement_account TEXT,
    contract_text TEXT,
    contract_date DATE,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    commission BIGINT,
    income_item TEXT,
    payment_purpose TEXT,
    responsible TEXT,
    comment TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    fingerprint BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, operation_id),
    FOREIGN KEY (organization_id) REFERENCES organizations (id),
    FOREIGN KEY (bank_account_id) REFERENCES bank_accounts (id),
    FOREIGN KEY (contract_id) REFERENCES contracts (id)
);
CREATE INDEX receipts_by_date ON receipts (department_id, document_date);

CREATE TABLE expenses (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT,
    contract_id BIGINT,
    operation_id TEXT NOT NULL,
    document_date DATE,
    operation_type TEXT,
    account TEXT,
    document_number TEXT,
    recipient TEXT,
    recipient_account TEXT,
    debit_account TEXT,
    contract_text TEXT,
    contract_date DATE,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    expense_item TEXT,
    payment_purpose TEXT,
    responsible TEXT,
    comment TEXT,
    tax_period TEXT,
    unconfirmed_by_bank BOOLEAN,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    fingerprint BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, operation_id),
    FOREIGN KEY (organization_id) REFERENCES organizations (id),
    FOREIGN KEY (bank_account_id) REFERENCES bank_accounts (id),
    FOREIGN KEY (contract_id) REFERENCES contracts (id)
);
CREATE INDEX expenses_by_date ON expenses (department_id, document_date);

-- A detail meets its expense by the operation id, so one that comes first simply waits.
-- occurrence counts equal details of one expense: two equal payments are two rows.
CREATE TABLE expense_details (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    expense_operation_id TEXT NOT NULL,
    contract_id BIGINT,
    contract_text TEXT,
    repayment_type TEXT,
    settlement_account TEXT,
    advance_account TEXT,
    payment_type TEXT,
    amount BIGINT NOT NULL,
    settlement_rate TEXT,
    settlement_amount BIGINT,
    vat_amount BIGINT,
    expense_amount BIGINT,
    included_vat BIGINT,
    expense_item TEXT,
    fingerprint BIGINT NOT NULL,
    occurrence INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, expense_operation_id, fingerprint, occurrence),
    FOREIGN KEY (contract_id) REFERENCES contracts (id)
);

CREATE TABLE import_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    state TEXT NOT NULL,
    started_by TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    total_files INTEGER NOT NULL DEFAULT 0,
    files_processed INTEGER NOT NULL DEFAULT 0,
    files_failed INTEGER NOT NULL DEFAULT 0,
    files_skipped INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT ''
);

CREATE TABLE import_journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    run_id BIGINT NOT NULL,
    import_date TIMESTAMP NOT NULL,
    source_file TEXT NOT NULL,
    table_name TEXT,
    rows_inserted INTEGER NOT NULL,
    rows_updated INTEGER NOT NULL,
    rows_unchanged INTEGER NOT NULL,
    rows_deleted INTEGER NOT NULL,
    rows_failed INTEGER NOT NULL,
    status TEXT NOT NULL,
    error_message TEXT,
    processed_by TEXT NOT NULL,
    processing_time_ms BIGINT NOT NULL,
    control_total BIGINT,
    rows_total BIGINT,
    FOREIGN KEY (run_id) REFERENCES import_runs (id)
);

CREATE TABLE rejected_rows (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    journal_id BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    FOREIGN KEY (journal_id) REFERENCES import_journal (id)
);
CREATE INDEX rejected_rows_by_journal ON rejected_rows (department_id, journal_id);
