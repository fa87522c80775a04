-- What exports do not hold: opening balances, set-offs, assignments and the like. amount: kopecks of the
-- contract's currency; + raises what is owed. source: `manual`, or the workbook that it came from, whose
-- rows are told apart by fingerprint and occurrence.
CREATE TABLE adjustments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    contract_id BIGINT NOT NULL,
    contract_alias_id BIGINT,
    effective_date DATE NOT NULL,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL,
    comment TEXT,
    author TEXT NOT NULL,
    source TEXT NOT NULL,
    fingerprint BIGINT NOT NULL,
    occurrence INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    FOREIGN KEY (contract_id) REFERENCES contracts (id)
);
CREATE INDEX adjustments_by_contract ON adjustments (department_id, contract_id, effective_date);
