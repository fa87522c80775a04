//! What answers hold: the types of the HTTP contract, each made of a row of the database.
//!
//! A column that is renamed changes no answer, and a field that clients read stands here alone. The
//! comments of the fields are the descriptions in the OpenAPI document.

mod adjustment;
mod alias;
mod api_key;
mod audit_entry;
mod bank_account;
mod contract;
mod department;
mod expense;
mod expense_detail;
mod import_progress;
mod import_run;
mod lender;
mod merge;
mod organization;
mod receipt;
mod rejected_row;
mod user;

pub use adjustment::Adjustment;
pub use alias::Alias;
pub use api_key::ApiKey;
pub use audit_entry::AuditEntry;
pub use bank_account::BankAccount;
pub use contract::StoredContract;
pub use department::Department;
pub use expense::Expense;
pub use expense_detail::ExpenseDetail;
pub use import_progress::{ChangedTotal, Progress};
pub use import_run::ImportRun;
pub use lender::Lender;
pub use merge::Merge;
pub use organization::Organization;
pub use receipt::Receipt;
pub use rejected_row::RejectedRow;
pub use user::User;

/// Turns rows into what is answered of them.
pub(super) fn answers<R, T: From<R>>(rows: Vec<R>) -> Vec<T> {
    rows.into_iter().map(T::from).collect()
}
