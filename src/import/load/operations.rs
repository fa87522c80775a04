//! Receipts and expenses: upserted on their operation id, both in the same way.

mod expenses;
mod receipts;

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;

use super::{Loader, fingerprint};
use crate::db::{
    DbConn, DbError, KnownOperation, OperationTable, RowVersion, analyze_outgrown_parties,
    move_operations_to_version, utc_now,
};
use crate::domain::ContractRef;
use crate::import::load::parties::{PartyIds, PartyNames};

/// A row that stands for an operation, and the table that it is stored in.
pub(super) trait OperationRow: Serialize {
    const TABLE: OperationTable;
    /// Whether details are of its operation, and may be stored before it.
    const HAS_DETAILS: bool;
    /// What is stored of it.
    type Stored;

    fn operation_id(&self) -> &str;

    fn document_date(&self) -> Option<NaiveDate>;

    fn party_names(&self) -> PartyNames<'_>;

    fn into_stored(self, origin: Origin) -> Self::Stored;

    /// Returns what is stored of the operations among `ids`, by operation id.
    async fn list_known(
        conn: &mut DbConn,
        department_id: i64,
        ids: &[&str],
    ) -> Result<HashMap<String, KnownOperation>, DbError>;

    /// Stores operations: ones that are all new, or ones of which those with a known operation id
    /// are overwritten.
    async fn upsert(
        conn: &mut DbConn,
        rows: Vec<Self::Stored>,
        are_new: bool,
    ) -> Result<(), DbError>;
}

/// What a row is stored with that does not stand in it.
pub(super) struct Origin {
    department_id: i64,
    parties: PartyIds,
    fingerprint: i64,
    version: RowVersion,
    stored_at: NaiveDateTime,
}

/// A row that has to be written.
struct PendingWrite<R> {
    row: R,
    fingerprint: i64,
    /// Whether its operation id is not known yet.
    is_new: bool,
}

impl Loader {
    /// Upserts rows of an export of operations. Details that waited for them get their contracts.
    pub(super) async fn upsert_operations<R: OperationRow>(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<R>,
    ) -> Result<(), DbError> {
        let department_id = self.department_id;
        let ids: Vec<&str> = rows.iter().map(R::operation_id).collect();
        let known = match self.has_operations {
            true => R::list_known(conn, department_id, &ids).await?,
            false => HashMap::new(),
        };
        let pending = self.pending_writes(conn, rows, &known).await?;
        let names: Vec<PartyNames<'_>> = pending
            .iter()
            .map(|write| write.row.party_names())
            .collect();
        let parties = self.directory.parties(conn, &names).await?;
        analyze_outgrown_parties(conn).await?;
        let written_ids = match R::HAS_DETAILS && self.has_details {
            true => operation_ids(&pending),
            false => Vec::new(),
        };
        let (version, stored_at) = (self.snapshot.version(), utc_now());
        let (mut inserted, mut updated) = (Vec::new(), Vec::new());
        for (write, parties) in pending.into_iter().zip(parties) {
            let organization_id = parties.organization.target_id;
            let document_date = write.row.document_date();
            self.note_organization(organization_id, document_date);
            self.touched.touch(organization_id, document_date);
            self.touched_contracts.insert(parties.contract.target_id);
            let origin = Origin {
                department_id,
                parties,
                fingerprint: write.fingerprint,
                version,
                stored_at,
            };
            let rows = match write.is_new {
                true => &mut inserted,
                false => &mut updated,
            };
            rows.push(write.row.into_stored(origin));
        }
        R::upsert(conn, inserted, true).await?;
        R::upsert(conn, updated, false).await?;
        self.link_stored_details(conn, &written_ids).await
    }

    /// Returns the rows that have to be written. Those that are stored as they are may get the
    /// file's version.
    async fn pending_writes<R: OperationRow>(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<R>,
        known: &HashMap<String, KnownOperation>,
    ) -> Result<Vec<PendingWrite<R>>, DbError> {
        self.snapshot
            .meet(conn, known.values().map(|stored| stored.version))
            .await?;
        let (mut pending, mut confirmed) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            if !self
                .organization_names
                .contains(row.party_names().organization)
            {
                self.organization_names
                    .insert(row.party_names().organization.to_owned());
            }
            let fingerprint = fingerprint(&row);
            let stored = known.get(row.operation_id());
            let is_stored =
                stored.is_some_and(|stored| stored.is_active && stored.fingerprint == fingerprint);
            if self.needs_write(stored, is_stored, row.party_names().organization) {
                pending.push(PendingWrite {
                    row,
                    fingerprint,
                    is_new: stored.is_none(),
                });
            } else if is_stored
                && stored.is_some_and(|stored| self.snapshot.takes_over(stored.version))
            {
                confirmed.push(row.operation_id().to_owned());
            }
        }
        move_operations_to_version(
            conn,
            R::TABLE,
            self.department_id,
            &confirmed,
            self.snapshot.version(),
        )
        .await?;
        Ok(pending)
    }

    /// Counts a row against what is stored under its id and says whether it has to be written: not
    /// if that is the same, or newer. The month that a changed row leaves is touched.
    fn needs_write(
        &mut self,
        known: Option<&KnownOperation>,
        is_stored: bool,
        organization: &str,
    ) -> bool {
        match known {
            None => match self
                .directory
                .organization_id(organization)
                .filter(|id| self.snapshot.lacks(*id))
            {
                Some(organization_id) => {
                    self.counts.left_alone += 1;
                    self.snapshot.leave_out(organization_id, 1);
                    return false;
                }
                None => self.counts.inserted += 1,
            },
            Some(stored) if is_stored => {
                self.counts.unchanged += 1;
                self.note_organization(stored.organization_id, stored.document_date);
                return false;
            }
            Some(stored) if self.snapshot.is_older_than(stored.version) => {
                self.counts.left_alone += 1;
                self.snapshot.leave_alone(stored.version, 1);
                self.note_organization(stored.organization_id, stored.document_date);
                return false;
            }
            Some(stored) => {
                self.counts.updated += 1;
                self.snapshot.overwrite(stored.version);
                self.touched
                    .touch(stored.organization_id, stored.document_date);
                self.touched_contracts.extend(stored.contract_id);
            }
        }
        true
    }
}

/// Returns the operation ids of rows to be written, new ones first.
fn operation_ids<R: OperationRow>(pending: &[PendingWrite<R>]) -> Vec<String> {
    let (inserted, updated): (Vec<_>, Vec<_>) = pending.iter().partition(|write| write.is_new);
    inserted
        .into_iter()
        .chain(updated)
        .map(|write| write.row.operation_id().to_owned())
        .collect()
}

/// Returns the date of a contract: the one in its text, or that of the column.
fn contract_date(contract: Option<&ContractRef>, column: Option<NaiveDate>) -> Option<NaiveDate> {
    contract.and_then(|contract| contract.date).or(column)
}
