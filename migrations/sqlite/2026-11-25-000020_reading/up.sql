-- code: what is wrong with a rejected row, for programs; sheet: the sheet that it stands on, where a file has several.
ALTER TABLE rejected_rows ADD COLUMN code TEXT;
ALTER TABLE rejected_rows ADD COLUMN sheet TEXT;
-- Characters that nobody sees are no part of what an operation or a contract is recognized by: stored ids and keys
-- are brought to that form, unless another row has it already.
CREATE TEMPORARY TABLE plain_names (kind TEXT NOT NULL, row_id BIGINT NOT NULL, department_id BIGINT NOT NULL, plain TEXT NOT NULL);
INSERT INTO plain_names SELECT 'receipts', id, department_id, plain FROM (
    SELECT id, department_id, operation_id AS name,
        TRIM(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(operation_id, CHAR(173), ''), CHAR(8203), ''), CHAR(8204), ''), CHAR(8205), ''), CHAR(8206), ''), CHAR(8207), ''), CHAR(8288), ''), CHAR(65279), ''), '  ', ' ')) AS plain
    FROM receipts WHERE TRUE
) named WHERE name <> plain;
INSERT INTO plain_names SELECT 'expenses', id, department_id, plain FROM (
    SELECT id, department_id, operation_id AS name,
        TRIM(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(operation_id, CHAR(173), ''), CHAR(8203), ''), CHAR(8204), ''), CHAR(8205), ''), CHAR(8206), ''), CHAR(8207), ''), CHAR(8288), ''), CHAR(65279), ''), '  ', ' ')) AS plain
    FROM expenses WHERE TRUE
) named WHERE name <> plain;
INSERT INTO plain_names SELECT 'expense_details', id, department_id, plain FROM (
    SELECT id, department_id, expense_operation_id AS name,
        TRIM(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(expense_operation_id, CHAR(173), ''), CHAR(8203), ''), CHAR(8204), ''), CHAR(8205), ''), CHAR(8206), ''), CHAR(8207), ''), CHAR(8288), ''), CHAR(65279), ''), '  ', ' ')) AS plain
    FROM expense_details WHERE TRUE
) named WHERE name <> plain;
INSERT INTO plain_names SELECT 'aliases', id, department_id, plain FROM (
    SELECT id, department_id, key AS name,
        TRIM(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(key, CHAR(173), ''), CHAR(8203), ''), CHAR(8204), ''), CHAR(8205), ''), CHAR(8206), ''), CHAR(8207), ''), CHAR(8288), ''), CHAR(65279), ''), '  ', ' ')) AS plain
    FROM aliases WHERE TRUE AND kind = 'contract'
) named WHERE name <> plain;
UPDATE receipts SET operation_id = (SELECT plain FROM plain_names WHERE kind = 'receipts' AND row_id = receipts.id)
WHERE id IN (
    SELECT MIN(row_id) FROM plain_names p
    WHERE kind = 'receipts' AND NOT EXISTS (
        SELECT 1 FROM receipts other WHERE other.department_id = p.department_id AND other.operation_id = p.plain)
    GROUP BY department_id, plain
);
UPDATE expenses SET operation_id = (SELECT plain FROM plain_names WHERE kind = 'expenses' AND row_id = expenses.id)
WHERE id IN (
    SELECT MIN(row_id) FROM plain_names p
    WHERE kind = 'expenses' AND NOT EXISTS (
        SELECT 1 FROM expenses other WHERE other.department_id = p.department_id AND other.operation_id = p.plain)
    GROUP BY department_id, plain
);
UPDATE expense_details SET expense_operation_id =
    (SELECT plain FROM plain_names WHERE kind = 'expense_details' AND row_id = expense_details.id)
WHERE id IN (
    SELECT row_id FROM plain_names p
    WHERE kind = 'expense_details' AND NOT EXISTS (
        SELECT 1 FROM expense_details other
        WHERE other.department_id = p.department_id AND other.expense_operation_id = p.plain)
);
UPDATE aliases SET key = (SELECT plain FROM plain_names WHERE kind = 'aliases' AND row_id = aliases.id)
WHERE id IN (
    SELECT MIN(row_id) FROM plain_names p JOIN aliases a ON a.department_id = p.department_id AND a.id = p.row_id
    WHERE p.kind = 'aliases' AND NOT EXISTS (
        SELECT 1 FROM aliases other
        WHERE other.department_id = a.department_id AND other.kind = a.kind
          AND other.organization_alias_id = a.organization_alias_id
          AND other.lender_alias_id = a.lender_alias_id AND other.key = p.plain)
    GROUP BY a.department_id, a.kind, a.organization_alias_id, a.lender_alias_id, p.plain
);
DROP TABLE plain_names;
DELETE FROM orphaned_details;
INSERT INTO orphaned_details (department_id, expense_operation_id)
SELECT DISTINCT d.department_id, d.expense_operation_id FROM expense_details d
WHERE NOT EXISTS (SELECT 1 FROM expenses e WHERE e.department_id = d.department_id
    AND e.operation_id = d.expense_operation_id AND e.is_active);
