//! The database: PostgreSQL or SQLite behind one face.
//!
//! `Db` is the pool, `DbConn` one open connection. A query is written once in Diesel's DSL and
//! expanded for both backends by `on_conn!`; only the bulk upsert, the locks and the migrations
//! differ. All SQL of the program lives below this module. It knows no HTTP and no cache.

mod bank_accounts;
mod contracts;
mod departments;
mod expense_details;
mod expenses;
mod figures;
mod import_journal;
mod import_runs;
mod locks;
mod migrations;
mod organizations;
mod pool;
mod receipts;
mod schema;
mod upsert;
mod users;

pub use bank_accounts::{BankAccountId, insert_bank_account, list_bank_account_ids};
pub use contracts::{ContractFacts, KnownContract, fill_contract_facts, insert_contract, list_contracts};
pub use departments::{advance_generation, data_versions, ensure_finance_departments};
pub use expense_details::{
    KnownDetail, LinkableDetail, NewExpenseDetail, delete_expense_details, insert_expense_details,
    link_details_to_contract, list_details_of, list_linkable_details,
};
pub use expenses::list_expense_fingerprints;
pub use expenses::{ExpenseFacts, NewExpense, list_expense_facts, upsert_expenses};
pub use figures::{DayFigures, active_contracts, other_currencies, payments_by_day, receipts_and_expenses_by_day};
pub use import_journal::{
    JournalFilter, JournalRow, NewJournalEntry, NewReject, RejectRow, count_journal, insert_journal_entry,
    list_journal, list_rejects,
};
pub use import_runs::{NewRun, RunResult, RunRow, find_run, finish_run, insert_run, interrupt_running};
pub use locks::lock_import;
pub use organizations::{insert_organization, list_organization_ids};
pub use pool::{Db, DbConn, DbError};
pub use receipts::{NewReceipt, list_receipt_fingerprints, upsert_receipts};
pub use users::{NewUser, UserRow, count_users, find_user, find_user_by_id, insert_user, set_password_hash};

/// How many rows or ids one statement takes: well under both databases' limits on parameters.
const CHUNK: usize = 1000;

/// Expands the same body for each connection type.
macro_rules! on_conn {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::db::DbConn::Postgres(pooled) => {
                let $c = &mut **pooled;
                $body
            }
            $crate::db::DbConn::Sqlite(pooled) => {
                let $c = &mut **pooled;
                $body
            }
        }
    };
}
use on_conn;

/// Now, as it is stored: UTC, whole microseconds (PostgreSQL keeps no more).
pub fn utc_now() -> chrono::NaiveDateTime {
    use chrono::SubsecRound;
    chrono::Utc::now().naive_utc().trunc_subsecs(6)
}
