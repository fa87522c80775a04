//! The database: PostgreSQL or SQLite behind one face.
//!
//! `Db` is the pool, `DbConn` one open connection. A query is written once in Diesel's DSL and
//! expanded for both backends by `on_conn!`; only the bulk upsert, the locks and the migrations
//! differ. All SQL of the program lives below this module. It knows no HTTP and no cache.

mod account_changes;
mod adjustments;
mod aliases;
mod api_keys;
mod audit_log;
mod bank_accounts;
mod connect_faults;
mod connection;
mod contract_conditions;
mod contract_facts;
mod contract_titles;
mod contracts;
mod daily_findings;
mod data_changes;
mod data_quality;
mod database_identity;
mod database_time;
mod departments;
mod error;
mod expense_details;
mod expenses;
mod figures;
mod file_states;
mod filter_names;
mod flow_rules;
mod import_journal;
mod import_runs;
mod imported_files;
mod kept_sums;
mod lenders;
mod locks;
mod merges;
mod migrations;
mod missing_rows;
mod month_spans;
mod monthly_debts;
mod operations;
mod organizations;
mod orphaned_details;
mod paged_list;
mod parts;
mod pool;
mod pool_purpose;
mod postgres;
mod quality_queries;
mod reads;
mod receipts;
mod recognition;
mod reference_lists;
mod retention;
mod rollup_check;
mod rollups;
mod row_versions;
mod schedule_marks;
mod schema;
mod sessions;
mod snapshots;
mod spans;
mod spellings;
mod sql_text;
mod sqlite;
mod start_probe;
mod statistics;
mod text_search;
mod totals;
mod transfer;
mod upsert;
mod users;

pub use crate::domain::utc_now;
pub(crate) use account_changes::{
    AccountRow, ValidKeyRow, account_generation, list_accounts, list_valid_keys,
    raise_account_generation,
};
pub use adjustments::{
    AdjustmentChange, AdjustmentFilter, AdjustmentRow, KnownAdjustment, MANUAL, NewAdjustment,
};
pub(crate) use adjustments::{
    count_adjustments, delete_adjustments, find_adjustment, insert_adjustment, insert_adjustments,
    list_adjustments, list_sources_of_equal_adjustments, list_workbook_adjustments,
    update_adjustment,
};
pub use aliases::{AliasKind, ContractAliasKey, KnownAlias, NewAlias};
pub(crate) use aliases::{
    add_alias_if_free, delete_aliases_of, find_target, insert_alias, insert_aliases, list_aliases,
    list_contract_aliases,
};
pub use api_keys::ApiKeyRow;
pub(crate) use api_keys::{
    NewApiKey, find_api_key, insert_api_key, list_api_keys, revoke_api_key, set_key_last_used,
};
pub use audit_log::AuditRow;
pub(crate) use audit_log::{
    NewAuditEntry, count_audit_entries, insert_audit_entry, list_audit_log,
};
pub use bank_accounts::{BankAccountChange, BankAccountId, BankAccountRow};
pub(crate) use bank_accounts::{fill_bank_name, insert_bank_account};
pub use connection::DbConn;
pub(crate) use connection::{set_savepoint, undo_to_savepoint};
pub(crate) use contract_facts::refresh_contract_facts;
pub use contract_titles::ContractTitle;
pub(crate) use contract_titles::list_contract_titles;
pub use contracts::{
    ContractChange, ContractFilter, ContractRow, KnownContract, NewContract, contract_key,
    find_contract_of, list_contracts, search_contracts,
};
pub(crate) use contracts::{
    find_contract, insert_contract, insert_contracts, is_lender_manual, list_contracts_by_key,
    update_contract,
};
pub use daily_findings::FindingRow;
pub(crate) use daily_findings::{ensure_findings, list_daily_findings};
pub(crate) use data_changes::{
    changes_after, forget_replica, has_other_replicas, record_change, register_replica,
};
pub use data_quality::{QualityFindings, QualityRow};
pub use database_identity::DatabaseIdentity;
pub(crate) use database_identity::{ensure_identity, find_identity, renew_identity};
pub use departments::{DepartmentAge, DepartmentRow, ensure_finance_departments};
pub(crate) use departments::{
    data_versions, data_versions_on, insert_department, list_department_ages, list_departments,
};
pub use error::DbError;
pub use expense_details::{KnownDetail, LinkableDetail, NewExpenseDetail, list_linkable_details};
pub(crate) use expense_details::{
    delete_expense_details, has_details, insert_expense_details, link_details_to_contract,
    list_details_of,
};
pub use expenses::{ExpenseFacts, NewExpense};
pub(crate) use expenses::{list_expense_facts, list_known_expenses, upsert_expenses};
pub use figures::{FlowGroup, other_currencies};
pub(crate) use figures::{
    balance_flows, balance_flows_by_month, balance_moves_by_day, balance_moves_by_month,
    contracts_with_flows, flows_by, flows_by_month, flows_by_year,
};
pub use file_states::{FailingFile, Failure, FileKey, FileOrganization, SourceTimes};
pub(crate) use file_states::{
    count_failing_files, forget_failures, list_failing_files, list_file_organizations,
    list_source_times, record_arrival, record_checked, record_department_check, record_failure,
    record_source_check,
};
pub(crate) use filter_names::find_name;
pub(crate) use import_journal::{
    JournalFilter, complete_journal_entry, count_journal, find_journal_entry, insert_journal_entry,
    insert_rejects, list_journal, list_journal_of_run, list_rejects, was_finding,
};
pub use import_journal::{JournalRow, NewJournalEntry, NewReject, RejectRow, RejectedRows};
pub use import_runs::{
    AbandonedRun, LeaseStatus, NewRun, RunResult, RunRow, insert_run, list_runs,
};
pub(crate) use import_runs::{
    cancel_run, correct_heartbeats, find_run, find_run_at_work, finish_run, has_future_heartbeats,
    keep_run, last_completed_at, list_abandoned_runs, list_sources_run_for, release_run,
    take_over_run,
};
pub use imported_files::ImportedFile;
pub(crate) use imported_files::{list_imported_files, record_offered_files, upsert_imported_file};
pub use lenders::{LenderChange, LenderRow, refresh_intra_group};
pub(crate) use lenders::{insert_lender, lender_of_name, list_lender_inns};
pub(crate) use locks::lock_start_briefly;
pub use locks::{lock_import, lock_import_briefly};
pub use merges::{MergeError, MergeRow};
pub(crate) use merges::{
    find_department_of, find_merge, list_merges, merge_rows, merges_into, split_contract_by_lender,
    split_row, undo_merge,
};
pub use missing_rows::{OperationTable, OwnersOfOperations, StoredOperation};
pub(crate) use missing_rows::{
    deactivate_operations, list_active_operations, list_detailed_expenses, list_merge_targets,
};
pub use monthly_debts::MonthlyDebtRow;
pub(crate) use monthly_debts::monthly_debts;
pub use operations::{
    DetailFilter, DetailRow, Details, ExpenseRow, Expenses, OperationFilter, OperationStats,
    ReceiptRow, Receipts,
};
pub(crate) use operations::{
    expense_stats, find_expense, find_receipt, has_operations, has_operations_in,
    has_operations_of_contract, has_operations_until, receipt_stats,
};
pub use organizations::{OrganizationChange, OrganizationRow, list_organization_ids};
pub(crate) use organizations::{insert_organization, list_organization_names};
pub(crate) use orphaned_details::{forget_orphaned_details, note_orphaned_details};
pub(crate) use paged_list::list_next_keys;
pub use paged_list::{PagedList, RowKey, Sort};
pub use parts::{BalanceMeasure, FlowMeasure, LedgerRow, PartRow, PartTotals, PartValue};
pub(crate) use parts::{list_ledger, list_parts, total_parts};
pub use pool::{DatabaseReadiness, Db};
pub(crate) use pool_purpose::export_connections;
pub use pool_purpose::{PoolPurpose, PoolUsage};
pub(crate) use quality_queries::list_query_findings;
pub use reads::{ReadError, Reads};
pub use receipts::NewReceipt;
pub(crate) use receipts::{list_known_receipts, upsert_receipts};
pub(crate) use recognition::ensure_aliases;
pub use reference_lists::{ReferenceFilter, ReferenceOrder, ReferenceRow};
pub use retention::OutdatedRows;
pub(crate) use retention::{delete_outdated_rows, list_outdated_rows};
pub use rollup_check::{Rollups, TotalRow, compute_rollups, list_rollups};
pub(crate) use rollups::ensure_rollups;
pub use rollups::{FlowRow, rebuild_rollups, refresh_rollups};
pub use row_versions::RowVersion;
pub(crate) use row_versions::{move_details_to_version, move_operations_to_version};
pub(crate) use schedule_marks::{list_schedule_marks, set_schedule_mark};
pub(crate) use sessions::{
    NewSession, SessionRow, delete_ended_sessions, delete_session, find_session, insert_session,
    set_session_seen, update_preferences,
};
pub use snapshots::{NewSnapshot, SnapshotRow, WholeSnapshot};
pub(crate) use snapshots::{
    confirm_snapshots, find_snapshot, has_newer_files, list_organizations_of_newer, list_series,
    list_snapshots, list_whole_snapshots, record_whole_snapshot, repeat_snapshot, upsert_snapshot,
};
pub use spellings::Spelling;
pub(crate) use spellings::with_aliases;
pub(crate) use start_probe::probe;
pub(crate) use statistics::{analyze_outgrown_parties, analyze_outgrown_tables};
pub(crate) use totals::ensure_totals;
pub(crate) use transfer::{
    TABLES, begin_copy, continue_numbers, copied_until, count_rows, end_copy, holds_work,
    last_numbers, list_columns, read_page, source_state, write_page,
};
pub use upsert::KnownOperation;
pub use users::{NewUser, ProfileChange, UserRow, find_user_by_id, insert_user};
pub(crate) use users::{
    RightsChange, change_rights, count_users, find_user, find_user_by_email, list_users,
    set_last_login, update_profile,
};

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
