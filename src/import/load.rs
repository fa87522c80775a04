//! Typed rows into tables, within the transaction of their file.
//!
//! Rows come in batches. A row's fingerprint stands for its content: equal fingerprint, nothing is
//! written. Details wait for the end of their file, because an expense has them as a set.

mod adjustments;
pub(in crate::import) mod dated_name;
mod detail_contracts;
mod details;
mod missing;
mod operations;
pub(in crate::import) mod parties;
mod rejects;
mod snapshot;
pub(in crate::import) mod versions;
mod waiting_details;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::db::{
    DbConn, DbError, OperationTable, analyze_outgrown_tables, has_details, has_operations_in,
    refresh_contract_facts, refresh_intra_group,
};
use crate::domain::TouchedMonths;
use crate::import::remark::{Remark, RemarkCode};
use crate::import::workbook::{AdjustmentRow, Kind, Rows, SeenIds, WorkbookTotals};
use missing::{deactivate_missing, remove_missing_details};
use parties::PartyResolver;
use rejects::RejectedRows;
use snapshot::Snapshot;
pub use snapshot::Workbook;
use waiting_details::WaitingDetails;

/// What the rows of a file did to their table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadCounts {
    /// Rows that are new.
    pub inserted: usize,
    /// Rows whose content is another.
    pub updated: usize,
    /// Rows that were there already.
    pub unchanged: usize,
    /// Details that their expense no longer has, and adjustments that their workbook no longer
    /// holds.
    pub deleted: usize,
    /// Operations that became inactive because their file no longer names them.
    pub deactivated: usize,
    /// Rows that were not written because what is stored stays: it is newer, or another detail of
    /// the same expense was rejected.
    pub left_alone: usize,
}

impl LoadCounts {
    /// Whether any figure may have changed.
    pub fn changed_anything(&self) -> bool {
        self.changed_rows() > 0
    }

    /// How many rows were written or removed.
    pub fn changed_rows(&self) -> usize {
        self.inserted + self.updated + self.deleted + self.deactivated
    }
}

/// Takes the rows of one file.
pub struct Loader {
    department_id: i64,
    kind: Kind,
    snapshot: Snapshot,
    directory: PartyResolver,
    details: WaitingDetails,
    adjustments: Vec<AdjustmentRow>,
    /// Whether there were operations of the kind, and details, before: without, there is nothing to
    /// compare with.
    has_operations: bool,
    has_details: bool,
    /// The organizations whose operations came, each with its newest document.
    organizations: BTreeMap<i64, Option<NaiveDate>>,
    /// The names of organizations in the file.
    organization_names: BTreeSet<String>,
    /// The expenses that the details are of, where missing details are removed, and the aliases of
    /// their organizations.
    detailed_expenses: SeenIds,
    detail_alias_ids: BTreeSet<i64>,
    rejected: RejectedRows,
    /// The expenses whose stored details stay because the set in the file is not whole.
    incomplete_sets: usize,
    /// Documents dated after it are no newest ones.
    today: NaiveDate,
    rows_taken: u64,
    counts: LoadCounts,
    touched: TouchedMonths,
    /// The contracts that operations came to, or left.
    touched_contracts: BTreeSet<i64>,
    remarks: Vec<Remark>,
    notes: Vec<String>,
}

/// What loading a file did: to its table, and to which figures.
#[derive(Debug)]
pub struct Loaded {
    /// To its table.
    pub counts: LoadCounts,
    /// To the months of which rollups have to be rebuilt.
    pub touched: TouchedMonths,
    /// Organizations, bank accounts or contracts were made or learnt of.
    pub has_new_parties: bool,
    /// The organizations whose rows the file holds, each with its newest document.
    pub organizations: BTreeMap<i64, Option<NaiveDate>>,
    /// What may be wrong with the file.
    pub remarks: Vec<Remark>,
    /// What else is to be said about it.
    pub notes: Vec<String>,
    /// How many rejected rows are of operations that are stored as they were read earlier.
    pub rejected_still_stored: usize,
}

/// Why a file can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It breaks a rule that was set for it.
    #[error("{0}")]
    Refused(String),
    /// Details could not be kept until the end of their file.
    #[error("no room for temporary files: {0}")]
    Waiting(#[from] std::io::Error),
    /// The database can't be written to.
    #[error("the rows could not be written: {0}")]
    Database(#[from] DbError),
}

impl Loader {
    /// Begins a file of that kind, within a transaction that is open. Documents dated after `today`
    /// are not the newest of their organization.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn open(
        conn: &mut DbConn,
        department_id: i64,
        kind: Kind,
        workbook: Workbook,
        today: NaiveDate,
    ) -> Result<Loader, DbError> {
        let has_operations = match operation_table(kind) {
            Some(table) => has_operations_in(conn, table, department_id).await?,
            None => true,
        };
        Ok(Loader {
            has_operations,
            has_details: has_details(conn, department_id).await?,
            department_id,
            kind,
            snapshot: Snapshot::open(conn, department_id, kind, workbook).await?,
            adjustments: Vec::new(),
            directory: PartyResolver::open(conn, department_id).await?,
            details: WaitingDetails::default(),
            organizations: BTreeMap::new(),
            organization_names: BTreeSet::new(),
            detailed_expenses: SeenIds::default(),
            detail_alias_ids: BTreeSet::new(),
            rejected: RejectedRows::default(),
            incomplete_sets: 0,
            today,
            rows_taken: 0,
            counts: LoadCounts::default(),
            touched: TouchedMonths::default(),
            touched_contracts: BTreeSet::new(),
            remarks: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// Takes some of its rows.
    ///
    /// # Errors
    /// [`LoadError`] when they can't be written.
    pub async fn take(&mut self, conn: &mut DbConn, rows: Rows) -> Result<(), LoadError> {
        self.rows_taken += rows.len() as u64;
        match rows {
            Rows::Receipts(rows) => self.upsert_operations(conn, rows).await?,
            Rows::Expenses(rows) => self.upsert_operations(conn, rows).await?,
            Rows::Details(rows) => self.details.add(rows)?,
            Rows::Adjustments(rows) => self.adjustments.extend(rows),
        }
        Ok(())
    }

    /// Notes that the file holds a row of an organization.
    fn note_organization(&mut self, organization_id: i64, document_date: Option<NaiveDate>) {
        let newest = self.organizations.entry(organization_id).or_default();
        *newest = (*newest).max(document_date.filter(|date| *date <= self.today));
    }

    /// How many rows it has taken.
    pub fn rows_taken(&self) -> u64 {
        self.rows_taken
    }

    /// Ends it. Where the source's policy says so, operations and details that the file lacks are
    /// removed.
    ///
    /// # Errors
    /// [`LoadError`] when rows can't be written, or too many are missing.
    pub async fn finish(
        mut self,
        conn: &mut DbConn,
        totals: &WorkbookTotals,
    ) -> Result<Loaded, LoadError> {
        let is_complete = !self.rejected.any && totals.remarks.is_empty();
        for part in std::mem::take(&mut self.details).into_parts()? {
            analyze_outgrown_tables(conn).await?;
            self.replace_details(conn, part?).await?;
        }
        if self.kind == Kind::Adjustments {
            let rows = std::mem::take(&mut self.adjustments);
            self.replace_adjustments(conn, rows).await?;
        }
        if let Some(max_percent) = self.snapshot.workbook.max_missing_percent {
            self.remove_missing(conn, totals, is_complete, max_percent)
                .await?;
        }
        let rejected_still_stored = self.remark_on_rejects(totals);
        self.snapshot.close(conn, is_complete).await?;
        for (remark, is_in_doubt) in self.snapshot.notes() {
            match is_in_doubt {
                true => self.remarks.push(remark),
                false => self.notes.push(remark.text),
            }
        }
        // What follows, the rollups too, joins what has just been written.
        analyze_outgrown_tables(conn).await?;
        let contracts: Vec<i64> = self.touched_contracts.into_iter().collect();
        let has_new_facts = refresh_contract_facts(conn, self.department_id, &contracts).await?;
        let has_new_relations = self.directory.has_new_parties()
            && refresh_intra_group(conn, self.department_id).await?;
        Ok(Loaded {
            counts: self.counts,
            touched: self.touched,
            organizations: self.organizations,
            has_new_parties: self.directory.has_changed() || has_new_facts || has_new_relations,
            remarks: self.remarks,
            notes: self.notes,
            rejected_still_stored,
        })
    }

    /// Removes what the file lacks, as far as it is known to lack it.
    async fn remove_missing(
        &mut self,
        conn: &mut DbConn,
        totals: &WorkbookTotals,
        is_complete: bool,
        max_percent: u8,
    ) -> Result<(), LoadError> {
        let remark = match (self.kind, operation_table(self.kind)) {
            (_, Some(_)) if totals.has_nameless_rows => {
                "no operation became inactive, because some rows do not tell which operation they are"
            }
            (_, Some(table)) => {
                return deactivate_missing(conn, self, table, &totals.seen, max_percent).await;
            }
            (Kind::Details, None) if is_complete => {
                return remove_missing_details(conn, self, max_percent).await;
            }
            (Kind::Details, None) => {
                "no details of expenses that it does not name were removed, because rows were rejected or its total \
                 differs"
            }
            (_, None) => return Ok(()),
        };
        self.remarks
            .push(Remark::new(RemarkCode::MissingNotRemoved, remark));
        Ok(())
    }

    /// Says what stays stored although rows were rejected; returns how many operations do.
    fn remark_on_rejects(&mut self, totals: &WorkbookTotals) -> usize {
        let (still_stored, first) = self.rejected.still_stored(&totals.seen);
        if let Some(first) = first {
            let text = format!(
                "{still_stored} of the operations whose rows were rejected are stored as they were read earlier, the \
                 first: {first:?}"
            );
            self.remarks
                .push(Remark::new(RemarkCode::RejectedStillStored, text));
        }
        if self.incomplete_sets > 0 {
            let text = format!(
                "the stored details of {} expenses were left alone, because details of theirs were rejected",
                self.incomplete_sets
            );
            self.remarks
                .push(Remark::new(RemarkCode::IncompleteDetails, text));
        }
        still_stored
    }
}

/// Returns where the operations of a kind are stored, if its rows are operations.
fn operation_table(kind: Kind) -> Option<OperationTable> {
    match kind {
        Kind::Receipts => Some(OperationTable::Receipts),
        Kind::Expenses => Some(OperationTable::Expenses),
        Kind::Details | Kind::Adjustments => None,
    }
}

/// The first eight bytes of the SHA-256 of a row's content.
fn fingerprint(row: &impl Serialize) -> i64 {
    let content = serde_json::to_vec(row).unwrap_or_default();
    let digest = Sha256::digest(&content);
    i64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}
