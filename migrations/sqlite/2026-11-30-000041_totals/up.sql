-- The generation up to which a department's totals were kept. The start of the program makes them:
-- it waits for no import, and processes of the version before go on meanwhile.
ALTER TABLE departments ADD COLUMN totals_generation BIGINT NOT NULL DEFAULT -1;

-- The sums of all contracts together, which questions are answered from that name none: by day,
-- month and year.
CREATE TABLE daily_totals (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    given BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed)
);

CREATE TABLE monthly_totals (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    given BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed)
);

CREATE TABLE yearly_totals (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    given BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed)
);
