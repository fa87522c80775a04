DROP TABLE counted_contracts;
DROP TABLE monthly_debts;
