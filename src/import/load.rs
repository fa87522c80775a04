//! Typed rows into tables, within the transaction of their file.
//!
//! Rows come in batches. A row's fingerprint stands for its content: equal fingerprint, nothing is
//! written. Details wait for the end of their file, because an expense has them as a set.

mod adjustments;
mod details;
mod missing;
mod operations;
mod waiting_details;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::directory::Directory;
use super::workbook::{AdjustmentRow, Kind, Rows, SeenIds};
use crate::db::{
    DbConn, DbError, OperationTable, has_details, has_operations_in, refresh_contract_facts, refresh_intra_group,
};
use crate::domain::TouchedMonths;
pub use adjustments::Workbook;
use missing::deactivate_missing;
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
    /// Details that their expense no longer has, and operations that became inactive because
    /// their file no longer names them.
    pub deleted: usize,
}

impl LoadCounts {
    /// Whether any figure may have changed.
    pub fn changed_anything(&self) -> bool {
        self.inserted + self.updated + self.deleted > 0
    }
}

/// Takes the rows of one file.
pub struct Loader {
    department_id: i64,
    kind: Kind,
    /// Where adjustments come from.
    workbook: Workbook,
    directory: Directory,
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
    /// Documents dated after it are no newest ones.
    today: NaiveDate,
    rows_taken: u64,
    counts: LoadCounts,
    touched: TouchedMonths,
    /// The contracts that operations came to, or left.
    touched_contracts: BTreeSet<i64>,
    remarks: Vec<String>,
}

/// What loading a file did: to its table, and to which figures.
#[derive(Debug)]
pub struct Loaded {
    /// To its table.
    pub counts: LoadCounts,
    /// To the months of which rollups have to be made anew.
    pub touched: TouchedMonths,
    /// Organizations, bank accounts or contracts were made or learnt of.
    pub has_new_parties: bool,
    /// The organizations whose rows the file holds, each with its newest document.
    pub organizations: BTreeMap<i64, Option<NaiveDate>>,
    /// What may be wrong with the file.
    pub remarks: Vec<String>,
    /// The contracts that it made, where only operations should.
    pub made_contracts: Vec<String>,
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
        let has_operations = match kind {
            Kind::Receipts => has_operations_in(conn, OperationTable::Receipts, department_id).await?,
            Kind::Expenses => has_operations_in(conn, OperationTable::Expenses, department_id).await?,
            Kind::Details | Kind::Adjustments => true,
        };
        Ok(Loader {
            has_operations,
            has_details: has_details(conn, department_id).await?,
            department_id,
            kind,
            workbook,
            adjustments: Vec::new(),
            directory: Directory::open(conn, department_id).await?,
            details: WaitingDetails::default(),
            organizations: BTreeMap::new(),
            organization_names: BTreeSet::new(),
            today,
            rows_taken: 0,
            counts: LoadCounts::default(),
            touched: TouchedMonths::default(),
            touched_contracts: BTreeSet::new(),
            remarks: Vec::new(),
        })
    }

    /// Takes some of its rows.
    ///
    /// # Errors
    /// [`LoadError`] when they can't be written.
    pub async fn take(&mut self, conn: &mut DbConn, rows: Rows) -> Result<(), LoadError> {
        self.rows_taken += rows.len() as u64;
        match rows {
            Rows::Receipts(rows) => self.take_receipts(conn, rows).await?,
            Rows::Expenses(rows) => self.take_expenses(conn, rows).await?,
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

    /// Ends it; `has_rejects` says that rows of it were not taken. With `missing`, operations that the file no longer names become inactive, up to that
    /// many percent of them.
    ///
    /// # Errors
    /// [`LoadError`] when rows can't be written, or too many are missing.
    pub async fn finish(
        mut self,
        conn: &mut DbConn,
        has_rejects: bool,
        missing: Option<(&SeenIds, u8)>,
    ) -> Result<Loaded, LoadError> {
        for part in std::mem::take(&mut self.details).into_parts()? {
            self.replace_details(conn, part?).await?;
        }
        if self.kind == Kind::Adjustments {
            let rows = std::mem::take(&mut self.adjustments);
            self.replace_adjustments(conn, rows, has_rejects).await?;
        }
        if let Some((seen, max_percent)) = missing {
            deactivate_missing(conn, &mut self, seen, max_percent).await?;
        }
        let made_contracts = match self.kind {
            Kind::Adjustments => self.directory.take_made_contracts(),
            _ => Vec::new(),
        };
        let contracts: Vec<i64> = self.touched_contracts.into_iter().collect();
        let has_new_facts = refresh_contract_facts(conn, self.department_id, &contracts).await?;
        let has_new_relations =
            self.directory.has_new_parties() && refresh_intra_group(conn, self.department_id).await?;
        Ok(Loaded {
            counts: self.counts,
            touched: self.touched,
            organizations: self.organizations,
            has_new_parties: self.directory.has_changed() || has_new_facts || has_new_relations,
            remarks: self.remarks,
            made_contracts,
        })
    }
}

/// The first eight bytes of the SHA-256 of a row's content.
fn fingerprint(row: &impl Serialize) -> i64 {
    let content = serde_json::to_vec(row).unwrap_or_default();
    let digest = Sha256::digest(&content);
    i64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}
