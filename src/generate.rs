//! Plausible operations in any number, made by the database itself: for measurements.
//!
//! The statements belong to no use of the program, so they stand apart from those of `db`.
//! Organizations, bank accounts and months are the same whatever the number.

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use crate::db::{self, DbConn, DbError, on_conn};
use crate::domain::{ContractRef, PaymentType};

const ORGANIZATIONS: i64 = 12;
/// Two of five operations are receipts, the others expenses of two details each.
const RECEIPTS_OF_FIVE: i64 = 2;

/// What was made.
#[derive(Clone, Copy, Debug)]
pub struct Generated {
    /// Receipts.
    pub receipts: i64,
    /// Expenses.
    pub expenses: i64,
    /// Expense details.
    pub details: i64,
}

/// Fills an empty department with operations of three years, over at least so many contracts. The
/// rollups are not touched.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn generate_operations(
    conn: &mut DbConn,
    department_id: i64,
    operations: i64,
    contracts: i64,
) -> Result<Generated, DbError> {
    let contracts_each = (contracts + ORGANIZATIONS - 1) / ORGANIZATIONS;
    make_parties(conn, department_id, contracts_each).await?;
    let receipts = operations * RECEIPTS_OF_FIVE / 5;
    let expenses = operations - receipts;
    run(
        conn,
        INSERT_RECEIPTS,
        department_id,
        contracts_each,
        receipts,
    )
    .await?;
    run(
        conn,
        INSERT_EXPENSES,
        department_id,
        contracts_each,
        expenses,
    )
    .await?;
    let details = INSERT_DETAILS
        .replace("{principal}", PaymentType::Principal.as_1c())
        .replace("{interest}", PaymentType::Interest.as_1c());
    run(conn, &details, department_id, contracts_each, expenses).await?;
    let contracts = db::list_contracts(conn, department_id).await?;
    let ids: Vec<i64> = contracts.iter().map(|contract| contract.id).collect();
    db::refresh_contract_facts(conn, department_id, &ids).await?;
    Ok(Generated {
        receipts,
        expenses,
        details: 2 * expenses,
    })
}

async fn make_parties(
    conn: &mut DbConn,
    department_id: i64,
    contracts_each: i64,
) -> Result<(), DbError> {
    for number in 1..=ORGANIZATIONS {
        let organization_id =
            db::insert_organization(conn, department_id, &format!("ООО «Замер {number}»"), None)
                .await?;
        db::insert_bank_account(
            conn,
            department_id,
            &format!("4070281000000000{number:04}"),
            None,
        )
        .await?;
        for contract in 1..=contracts_each {
            let spelling = format!("Договор № {number}-{contract} от 01.12.2021");
            if let Some(reference) = ContractRef::parse(&spelling, None) {
                let lender = format!("ПАО «Банк {}»", contract % 7);
                let lender_id = db::lender_of_name(conn, department_id, &lender).await?;
                let contract = db::NewContract::new(
                    department_id,
                    organization_id,
                    &reference,
                    Some(lender_id),
                );
                let id = db::insert_contract(conn, &contract).await?;
                let lender = db::ContractChange {
                    lender_id: Some(Some(lender_id)),
                    is_lender_manual: Some(true),
                    ..Default::default()
                };
                db::update_contract(conn, id, &lender).await?;
            }
        }
    }
    Ok(())
}

async fn run(
    conn: &mut DbConn,
    sql: &str,
    department_id: i64,
    contracts_each: i64,
    count: i64,
) -> Result<(), DbError> {
    let (series, day, now) = match conn {
        DbConn::Postgres(_) => (
            "generate_series(1, CAST($2 AS BIGINT)) AS s(i)",
            "DATE '2022-01-01' + CAST(i * 37 % 1096 AS INTEGER)",
            "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)",
        ),
        DbConn::Sqlite(_) => (
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) SELECT i FROM n) AS s",
            "date('2022-01-01', '+' || (i * 37 % 1096) || ' days')",
            "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        ),
    };
    let sql = sql
        .replace("{parties}", PARTIES)
        .replace("{series}", series)
        .replace("{day}", day)
        .replace("{now}", now)
        .replace("{organizations}", &ORGANIZATIONS.to_string())
        .replace("{contracts_each}", &contracts_each.to_string());
    on_conn!(conn, |c| {
        diesel::sql_query(sql)
            .bind::<BigInt, _>(department_id)
            .bind::<BigInt, _>(count)
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Organization, bank account and contract of operation i, by their places.
const PARTIES: &str = "
    (SELECT o.id AS organization_id, b.id AS bank_account_id, c.id AS contract_id, c.contract_text,
        (o.n - 1) * {contracts_each} + c.n - 1 AS place
     FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM organizations WHERE department_id = $1) o
     JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM bank_accounts WHERE department_id = $1) b ON b.n = o.n
     JOIN (SELECT id, organization_id, contract_number AS contract_text,
               ROW_NUMBER() OVER (PARTITION BY organization_id ORDER BY id) AS n
           FROM contracts WHERE department_id = $1) c ON c.organization_id = o.id) AS p
    ON p.place = i % ({organizations} * {contracts_each})";

const INSERT_RECEIPTS: &str = "
INSERT INTO receipts (department_id, organization_id, bank_account_id, contract_id, contract_text, operation_id, document_date,
    operation_type, payer, currency, amount, payment_purpose, is_active, fingerprint, created_at, updated_at)
SELECT $1, p.organization_id, p.bank_account_id, p.contract_id, p.contract_text, 'Поступление на расчетный счет Г-' || i, {day},
    'Получение кредита в банке', 'ПАО «Банк»', CASE WHEN i % 50 = 0 THEN 'USD' ELSE 'RUB' END,
    1000000 + i * 7919 % 90000000, 'Предоставление средств по договору', TRUE, i, {now}, {now}
FROM {series} JOIN {parties}";

const INSERT_EXPENSES: &str = "
INSERT INTO expenses (department_id, organization_id, bank_account_id, contract_id, contract_text, operation_id, document_date,
    operation_type, recipient, currency, amount, payment_purpose, is_active, fingerprint, created_at, updated_at)
SELECT $1, p.organization_id, p.bank_account_id, p.contract_id, p.contract_text, 'Списание с расчетного счета Г-' || i, {day},
    'Возврат кредита банку', 'ПАО «Банк»', CASE WHEN i % 50 = 0 THEN 'USD' ELSE 'RUB' END,
    600000 + i * 104729 % 50000000, 'Погашение задолженности по договору', TRUE, i, {now}, {now}
FROM {series} JOIN {parties}";

const INSERT_DETAILS: &str = "
INSERT INTO expense_details (department_id, expense_operation_id, contract_id, contract_text, payment_type, amount, fingerprint,
    occurrence, created_at)
SELECT $1, 'Списание с расчетного счета Г-' || i, p.contract_id, p.contract_text, kinds.payment_type,
    CASE kinds.n WHEN 0 THEN 600000 + i * 104729 % 50000000 - (100000 + i % 400000) ELSE 100000 + i % 400000 END,
    i, kinds.n, {now}
FROM {series} JOIN {parties}
CROSS JOIN (SELECT 0 AS n, '{principal}' AS payment_type UNION ALL SELECT 1, '{interest}') AS kinds";
