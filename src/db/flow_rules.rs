//! The rules by which an operation counts, as SQL: shared by the rollups and by the list of the
//! parts behind a figure, so that both always follow the same rule. Sources: `docs/figures.md`,
//! 1C's chart of accounts.
//!
//! The texts refer to a receipt as `r`, an expense as `e` and an expense detail as `d`.

use super::sql_text::quoted;
use crate::domain::{Currency, Direction, PaymentType, WITHOUT_CONTRACT};

/// Accounts of loans and credits received: 66 short-term, 67 long-term.
const PRINCIPAL_ACCOUNTS: &str =
    "('66.01', '66.03', '66.21', '66.23', '67.01', '67.03', '67.21', '67.23')";
/// Accounts of their interest.
const INTEREST_ACCOUNTS: &str =
    "('66.02', '66.04', '66.22', '66.24', '67.02', '67.04', '67.22', '67.24')";
/// What a payment is called that gives a loan.
const GIVEN: &str = "Выдача займа";
/// Types of operation of loans given.
const LENT_TYPES: [&str; 3] = [
    GIVEN,
    "Возврат займа контрагентом",
    "Возврат займа работником",
];
/// Types of operation of loans and credits received.
const BORROWED_TYPES: [&str; 6] = [
    "Получение кредита",
    "Получение займа",
    "Возврат кредита",
    "Погашение кредита",
    "Погашение займа",
    "Возврат займа контрагенту",
];

/// How the types of receipts that return a loan given begin.
const RETURNED_TYPES: [&str; 1] = ["Возврат займа "];

/// What a rollup keeps sums of, in the order of its columns.
pub(super) const MEASURES: [&str; 18] = [
    "receipts",
    "commission",
    "drawn",
    "drawn_settled",
    "returned",
    "returned_settled",
    "expenses",
    "expenses_settled",
    "principal",
    "principal_settled",
    "interest",
    "interest_settled",
    "given",
    "given_settled",
    "adjustments",
    "receipt_count",
    "expense_count",
    "payment_count",
];

/// The sums of some measures under their own names, as a select list.
pub(super) fn sums(measures: &[&str]) -> String {
    measures
        .iter()
        .map(|measure| format!("CAST(SUM({measure}) AS BIGINT) AS {measure}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Fills the rules in where a statement names them in braces.
pub(super) fn with_rules(sql: &str) -> String {
    sql.replace(
        "{is_confirmed}",
        "CASE WHEN e.unconfirmed_by_bank THEN FALSE ELSE TRUE END",
    )
    .replace("{draws}", &draws())
    .replace("{returns}", &returns())
    .replace("{says_lent}", &begins_with("operation_type", &LENT_TYPES))
    .replace(
        "{says_borrowed}",
        &begins_with("operation_type", &BORROWED_TYPES),
    )
    .replace("{says_kind}", &says_kind())
    .replace("{receipt_names_no_contract}", &names_no_contract("r"))
    .replace("{expense_names_no_contract}", &names_no_contract("e"))
    .replace("{detail_names_no_contract}", &names_no_contract("d"))
    .replace("{detail_kind}", &detail_kind("d", "e"))
    .replace("{expense_kind}", &expense_kind("e"))
    .replace(
        "{is_derived}",
        &is_derived("e.payment_type", "e.payment_kind"),
    )
    .replace("{measures}", &MEASURES.join(", "))
    .replace("{sums}", &sums(&MEASURES))
}

/// Whether a receipt draws on a loan: unless its account is one of interest, or lies outside 66 and
/// 67.
fn draws() -> String {
    format!(
        "(COALESCE(r.settlement_account, '') = '' OR SUBSTR(r.settlement_account, 1, 2) IN ('66', '67') \
          AND SUBSTR(r.settlement_account, 1, 5) NOT IN {INTEREST_ACCOUNTS})"
    )
}

/// Whether a receipt returns a loan given.
fn returns() -> String {
    let says_so = begins_with("r.operation_type", &RETURNED_TYPES);
    format!(
        "(SUBSTR(COALESCE(r.settlement_account, ''), 1, 2) = '58' OR COALESCE({says_so}, FALSE))"
    )
}

/// Whether the column `operation_type` says by itself that money was borrowed, lent or returned.
fn says_kind() -> String {
    let words = [&LENT_TYPES[..], &BORROWED_TYPES, &RETURNED_TYPES].concat();
    format!("COALESCE({}, FALSE)", begins_with("operation_type", &words))
}

/// Whether the text of an operation or detail (a row of the table or alias `row`) names no
/// contract: it was recognized as of none, whatever the contract it belongs to is called now.
fn names_no_contract(row: &str) -> String {
    format!("COALESCE({row}.contract_text, '') IN ('', '{WITHOUT_CONTRACT}')")
}

/// Whether a text begins with one of some words, in the letter cases that exports use: SQLite folds
/// no Russian letters. NULL for NULL.
fn begins_with(column: &str, words: &[&str]) -> String {
    let spellings = words
        .iter()
        .flat_map(|word| [(*word).to_owned(), word.to_lowercase(), word.to_uppercase()]);
    let conditions: Vec<String> = spellings
        .map(|spelling| format!("{column} LIKE '{spelling}%'"))
        .collect();
    format!("({})", conditions.join(" OR "))
}

/// What a detail (a row of the table or alias `detail`) pays: what it says, else what its account
/// says, else what its expense says.
pub(super) fn detail_kind(detail: &str, expense: &str) -> String {
    let (principal, interest) = (
        PaymentType::Principal.as_1c(),
        PaymentType::Interest.as_1c(),
    );
    let (of_detail, of_expense) = (
        kind_of_account(&format!("{detail}.settlement_account")),
        expense_kind(expense),
    );
    format!(
        "CASE WHEN {detail}.payment_type = '{principal}' THEN 'principal' \
           WHEN {detail}.payment_type = '{interest}' THEN 'interest' \
           WHEN SUBSTR(COALESCE({detail}.settlement_account, ''), 1, 2) = '58' THEN 'given' \
           WHEN COALESCE({detail}.payment_type, '') <> '' THEN 'other' \
           WHEN COALESCE({detail}.settlement_account, '') = '' THEN {of_expense} ELSE {of_detail} END"
    )
}

/// What a payment of a kind is called, in the words of 1C; `other` is the SQL of what any other one
/// is called.
pub(super) fn payment_type(kind: &str, other: &str) -> String {
    let (principal, interest) = (
        PaymentType::Principal.as_1c(),
        PaymentType::Interest.as_1c(),
    );
    format!(
        "CASE {kind} WHEN 'principal' THEN '{principal}' WHEN 'interest' THEN '{interest}' \
           WHEN 'given' THEN '{GIVEN}' ELSE {other} END"
    )
}

/// Whether the kind of a detail follows from an account or the expense, and not from what the
/// detail says itself.
pub(super) fn is_derived(payment_type: &str, kind: &str) -> String {
    let (principal, interest) = (
        PaymentType::Principal.as_1c(),
        PaymentType::Interest.as_1c(),
    );
    format!(
        "CASE WHEN COALESCE({payment_type}, '') IN ('{principal}', '{interest}', '{GIVEN}') THEN FALSE \
           WHEN {kind} = 'other' THEN FALSE ELSE TRUE END"
    )
}

/// What an expense without details pays: a loan given if its type says so, else what its debit
/// account says.
pub(super) fn expense_kind(expense: &str) -> String {
    let says_given = begins_with(&format!("{expense}.operation_type"), &["Выдача"]);
    format!(
        "CASE WHEN {says_given} THEN 'given' ELSE {} END",
        kind_of_account(&format!("{expense}.debit_account"))
    )
}

/// What is paid on an account.
fn kind_of_account(account: &str) -> String {
    format!(
        "CASE WHEN SUBSTR({account}, 1, 2) = '58' THEN 'given' \
           WHEN SUBSTR({account}, 1, 5) IN {PRINCIPAL_ACCOUNTS} THEN 'principal' \
           WHEN SUBSTR({account}, 1, 5) IN {INTEREST_ACCOUNTS} THEN 'interest' ELSE 'other' END"
    )
}

/// An amount of the rollup row or part `table` in the currency of its contract, where that is
/// known.
fn settled(table: &str, measure: &str) -> String {
    format!(
        "CASE WHEN COALESCE(contracts.currency, {table}.currency) = {table}.currency THEN {table}.{measure} \
         ELSE {table}.{measure}_settled END"
    )
}

/// What moves the balances of the contracts that a filter shows, which are of one direction and one
/// currency, of a row of `table` alone: drawn, repaid, adjustments. It says nothing of other contracts.
pub(super) fn moves_of_shown(
    table: &str,
    direction: Direction,
    currency: &Currency,
) -> [String; 3] {
    let currency = quoted(currency.as_str());
    let settled = |measure: &str| {
        format!(
            "CASE WHEN {table}.currency = {currency} THEN {table}.{measure} ELSE {table}.{measure}_settled END"
        )
    };
    let (drawn, repaid) = match direction {
        Direction::Borrowed => ("drawn", "principal"),
        Direction::Lent => ("given", "returned"),
    };
    [
        settled(drawn),
        settled(repaid),
        format!("{table}.adjustments"),
    ]
}

/// What moves the balance of a contract, of a row of `table` that is joined with `contracts`: the
/// fields of `BalanceFlows`, in their order.
pub(super) fn balance_measures(table: &str) -> [String; 6] {
    let by_direction = |borrowed: &str, lent: &str| {
        let (borrowed, lent) = (settled(table, borrowed), settled(table, lent));
        format!("CASE WHEN contracts.direction = 'lent' THEN {lent} ELSE {borrowed} END")
    };
    let repaid = by_direction("principal", "returned");
    let [expenses, principal, interest, given] =
        ["expenses", "principal", "interest", "given"].map(|measure| settled(table, measure));
    [
        by_direction("drawn", "given"),
        repaid.clone(),
        format!("{table}.adjustments"),
        interest.clone(),
        format!("({expenses}) - ({principal}) - ({interest}) - ({given})"),
        format!("CASE WHEN {table}.is_confirmed THEN 0 ELSE {repaid} END"),
    ]
}
