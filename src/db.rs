//! The database: PostgreSQL or SQLite behind one face.
//!
//! `Db` is the pool, `DbConn` one open connection. A query is written once in Diesel's DSL and
//! expanded for both backends by `on_conn!`; only the bulk upsert, the locks and the migrations
//! differ. All SQL of the program lives below this module. It knows no HTTP and no cache.

mod adjustments;
mod aliases;
mod bank_accounts;
mod contract_conditions;
mod contract_facts;
mod contract_titles;
mod contracts;
mod daily_findings;
mod data_changes;
mod data_quality;
mod database_time;
mod departments;
mod expense_details;
mod expenses;
mod figures;
mod file_states;
mod filter_names;
mod flow_rules;
mod import_journal;
mod import_runs;
mod imported_files;
mod lenders;
mod locks;
mod merges;
mod migrations;
mod missing_rows;
mod operations;
mod organizations;
mod orphaned_details;
mod paged_list;
mod parts;
mod pool;
mod quality_queries;
mod receipts;
mod recognition;
mod reference_lists;
mod retention;
mod rollup_check;
mod rollups;
mod row_versions;
mod schedule_marks;
mod schema;
mod snapshots;
mod spans;
mod spellings;
mod text_search;
mod upsert;
mod users;

pub use adjustments::{
    AdjustmentChange, AdjustmentFilter, AdjustmentRow, KnownAdjustment, MANUAL, NewAdjustment,
    count_adjustments, delete_adjustments, find_adjustment, insert_adjustment, insert_adjustments,
    list_adjustments, list_sources_of_equal_adjustments, list_workbook_adjustments,
    update_adjustment,
};
pub use aliases::{
    AliasKind, ContractAliasKey, KnownAlias, NewAlias, add_alias_if_free, delete_aliases_of,
    find_target, insert_alias, insert_aliases, list_aliases, list_contract_aliases,
};
pub use bank_accounts::{
    BankAccountChange, BankAccountId, BankAccountRow, fill_bank_name, insert_bank_account,
};
pub use contract_facts::refresh_contract_facts;
pub use contract_titles::{ContractTitle, list_contract_titles};
pub use contracts::{
    ContractChange, ContractFilter, ContractRow, KnownContract, NewContract, contract_key,
    find_contract, find_contract_of, insert_contract, insert_contracts, is_lender_manual,
    list_contracts, list_contracts_by_key, search_contracts, update_contract,
};
pub use daily_findings::{FindingRow, ensure_findings, list_daily_findings};
pub use data_changes::{
    changes_after, forget_replica, has_other_replicas, record_change, register_replica,
};
pub use data_quality::{QualityFindings, QualityRow};
pub use departments::{
    DepartmentAge, DepartmentRow, data_versions, data_versions_on, ensure_finance_departments,
    insert_department, list_department_ages, list_departments,
};
pub use expense_details::{
    KnownDetail, LinkableDetail, NewExpenseDetail, delete_expense_details, has_details,
    insert_expense_details, link_details_to_contract, list_details_of, list_linkable_details,
};
pub use expenses::list_known_expenses;
pub use expenses::{ExpenseFacts, NewExpense, list_expense_facts, upsert_expenses};
pub use figures::{
    FlowGroup, balance_flows, balance_flows_by_month, contracts_with_flows, flows_by,
    flows_by_month, flows_by_year, other_currencies,
};
pub use file_states::{
    FailingFile, FileKey, FileOrganization, SourceTimes, count_failing_files, forget_failures,
    list_failing_files, list_file_organizations, list_source_times, record_arrival, record_checked,
    record_department_check, record_failure, record_source_check,
};
pub use filter_names::find_name;
pub use import_journal::{
    JournalRow, NewJournalEntry, NewReject, RejectRow, RejectedRows, complete_journal_entry,
    count_journal, insert_journal_entry, insert_rejects, list_journal, list_journal_of_run,
    list_rejects, was_finding,
};
pub use import_runs::{
    AbandonedRun, LeaseStatus, NewRun, RunResult, RunRow, cancel_run, find_run, find_run_at_work,
    finish_run, insert_run, keep_run, last_completed_at, list_abandoned_runs, list_runs,
    list_sources_run_for, take_over_run,
};
pub use imported_files::{
    ImportedFile, list_imported_files, record_offered_files, upsert_imported_file,
};
pub use lenders::{
    LenderChange, LenderRow, insert_lender, lender_of_name, list_lender_inns, refresh_intra_group,
};
pub use locks::{lock_import, lock_import_briefly, lock_start, lock_start_briefly};
pub use merges::{
    MergeError, MergeRow, find_department_of, find_merge, list_merges, merge_rows,
    split_contract_by_lender, split_row, undo_merge,
};
pub use missing_rows::{
    OperationTable, OwnersOfOperations, StoredOperation, deactivate_operations,
    list_active_operations, list_detailed_expenses, list_merge_targets,
};
pub use operations::{
    DetailFilter, DetailRow, Details, ExpenseRow, Expenses, OperationFilter, OperationStats,
    ReceiptRow, Receipts, expense_stats, find_expense, find_receipt, has_operations,
    has_operations_in, has_operations_of_contract, has_operations_until, receipt_stats,
};
pub use organizations::{
    OrganizationChange, OrganizationRow, insert_organization, list_organization_ids,
    list_organization_names,
};
pub use orphaned_details::{forget_orphaned_details, note_orphaned_details};
pub use paged_list::{PagedList, RowKey, Sort, list_next_keys};
pub use parts::{
    BalanceMeasure, FlowMeasure, LedgerRow, PartRow, PartTotals, PartValue, list_ledger, list_parts,
};
pub use pool::{Db, DbConn, DbError, set_savepoint, undo_to_savepoint};
pub use quality_queries::list_query_findings;
pub use receipts::{NewReceipt, list_known_receipts, upsert_receipts};
pub use recognition::ensure_aliases;
pub use reference_lists::{ReferenceFilter, ReferenceOrder, ReferenceRow};
pub use retention::{OutdatedRows, delete_outdated_rows, list_outdated_rows};
pub use rollup_check::{Rollups, compute_rollups, list_rollups};
pub use rollups::{FlowRow, ensure_rollups, rebuild_rollups, refresh_rollups};
pub use row_versions::{RowVersion, move_details_to_version, move_operations_to_version};
pub use schedule_marks::{list_schedule_marks, set_schedule_mark};
pub use snapshots::{
    NewSnapshot, SnapshotRow, WholeSnapshot, confirm_snapshots, find_snapshot, has_newer_files,
    list_organizations_of_newer, list_series, list_snapshots, list_whole_snapshots,
    record_whole_snapshot, repeat_snapshot, upsert_snapshot,
};
pub use spellings::{Spelling, with_aliases};
pub use upsert::KnownOperation;
pub use users::{
    NewUser, ProfileChange, UserRow, count_users, find_user, find_user_by_email, find_user_by_id,
    insert_user, set_last_login, set_password_hash, update_profile,
};

pub use crate::domain::utc_now;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How many rows are passed over.
    pub skip: i64,
    /// How many rows are given at most.
    pub limit: i64,
}

impl Page {
    /// The whole list.
    pub const ALL: Page = Page {
        skip: 0,
        limit: i64::MAX,
    };
}

/// How many rows or ids one statement takes: well under both databases' limits on parameters.
const CHUNK: usize = 1000;

/// How many rows one statement takes when a column is one parameter.
const ARRAY_ROWS: usize = 4000;

/// How many ids one statement takes: in PostgreSQL they are one parameter.
fn id_chunk(conn: &DbConn) -> usize {
    match conn {
        DbConn::Postgres(_) => ARRAY_ROWS,
        DbConn::Sqlite(_) => CHUNK,
    }
}

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
pub(crate) use on_conn;

/// An SQL expression of a date as `2024-01-31`, whatever date style the server has.
fn day_text(conn: &DbConn, day: &str) -> String {
    match conn {
        DbConn::Postgres(_) => format!("TO_CHAR({day}, 'YYYY-MM-DD')"),
        DbConn::Sqlite(_) => format!("CAST({day} AS TEXT)"),
    }
}
