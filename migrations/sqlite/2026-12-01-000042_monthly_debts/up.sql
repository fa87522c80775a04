-- The generation up to which a department's debts by month were kept. The start of the program makes
-- them: it waits for no import, and processes of the version before go on meanwhile.
ALTER TABLE departments ADD COLUMN debts_generation BIGINT NOT NULL DEFAULT -1;

-- What is owed at the end of each month, as changes from the month before: of all contracts of an
-- organization, a direction and a currency together ('' is the base currency).
CREATE TABLE monthly_debts (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    direction TEXT NOT NULL,
    currency TEXT NOT NULL,
    period_start DATE NOT NULL,
    drawn BIGINT NOT NULL,
    repaid BIGINT NOT NULL,
    adjustments BIGINT NOT NULL,
    debt BIGINT NOT NULL,
    overpaid BIGINT NOT NULL,
    PRIMARY KEY (department_id, organization_id, direction, currency, period_start)
);

-- What the contracts of each organization were when they were counted above.
CREATE TABLE counted_contracts (
    department_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (department_id, organization_id)
);
