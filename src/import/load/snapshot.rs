//! The version of the file that is loaded, and which stored rows are newer than it.
//!
//! What a newer version brought, or holds unchanged, an older one leaves alone, whatever the order
//! of arrival. A whole file confirms the earlier versions of the same workbook that it meets; of
//! other files, and if it is a part, it confirms only the rows that it holds: they become its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};

use crate::db::{
    DbConn, DbError, NewSnapshot, RowVersion, SnapshotRow, WholeSnapshot, confirm_snapshots,
    find_snapshot, has_newer_files, list_merge_targets, list_organizations_of_newer, list_series,
    list_snapshots, list_whole_snapshots, record_whole_snapshot, repeat_snapshot, upsert_snapshot,
    utc_now,
};
use crate::import::load::dated_name::version_name;
use crate::import::load::versions::{WrittenAt, between};
use crate::import::remark::{Remark, RemarkCode};
use crate::import::sources::Source;
use crate::import::workbook::Kind;

/// The workbook that rows come from.
#[derive(Clone, Debug)]
pub struct Workbook {
    /// Its name.
    name: String,
    /// Its name without a date: names that differ only in it are versions of one workbook.
    pub(super) series: String,
    /// The date in its name.
    name_date: Option<NaiveDate>,
    /// The source that offers it.
    pub(super) source: String,
    /// Whether the source offers the whole workbook each time, so that what it lacks is gone.
    pub(super) is_whole: bool,
    /// Whether what it lacks is removed, and at most which percentage of what is stored.
    pub(super) max_missing_percent: Option<u8>,
    written_at: WrittenAt,
    run_id: i64,
}

impl Workbook {
    /// The workbook of that name at a source, which a run loads.
    pub fn at(source: &Source, name: &str, written_at: WrittenAt, run_id: i64) -> Workbook {
        let (series, name_date) = version_name(name, utc_now());
        Workbook {
            name: name.to_owned(),
            series,
            name_date,
            source: source.name.clone(),
            is_whole: source.has_ledger(),
            max_missing_percent: source.policy.missing_rows_max_percent,
            written_at,
            run_id,
        }
    }

    /// Returns the time of the version, by those that are known of its series and of itself.
    fn version_at(&self, series: &[SnapshotRow]) -> NaiveDateTime {
        let own = series
            .iter()
            .find(|row| row.source == self.source && row.name == self.name);
        let dated: Vec<_> = series
            .iter()
            .filter_map(|row| Some((row.name_date?, row.version_at)))
            .collect();
        match (
            own.filter(|own| self.written_at.repeats(own.version_at)),
            self.name_date,
        ) {
            (Some(own), _) => own.version_at,
            (None, Some(date)) => between(self.written_at.latest, date, &dated),
            (None, None) => self.written_at.latest,
        }
    }

    /// Notes that the content of the workbook is that of the version before. Returns whether it
    /// need not be loaded: no newer file may have changed its rows meanwhile.
    pub(in crate::import) async fn repeat(
        &self,
        conn: &mut DbConn,
        department_id: i64,
    ) -> Result<bool, DbError> {
        let Some(own) = find_snapshot(conn, department_id, &self.source, &self.name).await? else {
            return Ok(true);
        };
        let version_at =
            self.version_at(&list_series(conn, department_id, &own.kind, &self.series).await?);
        if version_at <= own.version_at {
            return Ok(true);
        }
        // What is stored may be newer than what was loaded last: of a newer version of this file,
        // or of another file.
        if own.confirmed_at > own.version_at || has_newer_files(conn, department_id, &own).await? {
            return Ok(false);
        }
        repeat_snapshot(conn, department_id, &own, version_at).await?;
        Ok(true)
    }
}

/// The snapshot that is being loaded.
pub(super) struct Snapshot {
    department_id: i64,
    pub workbook: Workbook,
    id: i64,
    version_at: NaiveDateTime,
    known: HashMap<i64, SnapshotRow>,
    /// The snapshots of the stored rows that the file names.
    met: BTreeSet<i64>,
    /// The newest version that went in whole and names an organization, where missing rows are
    /// removed.
    newest_whole: HashMap<i64, WholeSnapshot>,
    /// How many rows were left alone, by the file that brought what is stored.
    newer_files: BTreeMap<i64, usize>,
    /// How many operations another file of the same run holds with other values.
    doubles: BTreeMap<i64, usize>,
    /// How many rows are not stored, because a newer file no longer names them,
    vanished: usize,
    /// and whether that is in doubt for any of them.
    is_vanishing_in_doubt: bool,
}

impl Snapshot {
    pub(super) async fn open(
        conn: &mut DbConn,
        department_id: i64,
        kind: Kind,
        workbook: Workbook,
    ) -> Result<Snapshot, DbError> {
        let series = list_series(conn, department_id, kind.table_name(), &workbook.series).await?;
        let version_at = workbook.version_at(&series);
        let row = NewSnapshot {
            department_id,
            source: workbook.source.clone(),
            kind: kind.table_name().to_owned(),
            name: workbook.name.clone(),
            series: workbook.series.clone(),
            name_date: workbook.name_date,
            version_at,
            confirmed_at: version_at,
            run_id: workbook.run_id,
        };
        let id = upsert_snapshot(conn, &row).await?;
        let mut newest_whole = HashMap::new();
        if workbook.max_missing_percent.is_some() {
            newest_whole = list_whole_snapshots(conn, department_id, kind.table_name()).await?;
            // Organizations that were merged have files of their own still, which do not name each
            // other's operations.
            let merged: HashSet<i64> = list_merge_targets(conn, department_id)
                .await?
                .into_iter()
                .collect();
            newest_whole.retain(|organization_id, _| !merged.contains(organization_id));
        }
        Ok(Snapshot {
            department_id,
            workbook,
            id,
            version_at,
            known: series.into_iter().map(|row| (row.id, row)).collect(),
            met: BTreeSet::new(),
            newest_whole,
            newer_files: BTreeMap::new(),
            doubles: BTreeMap::new(),
            vanished: 0,
            is_vanishing_in_doubt: false,
        })
    }

    /// Returns the version of the rows that are written.
    pub(super) fn version(&self) -> RowVersion {
        RowVersion {
            snapshot_id: Some(self.id),
            version_at: Some(self.version_at),
        }
    }

    /// Notes the versions of stored rows that the file names.
    pub(super) async fn meet(
        &mut self,
        conn: &mut DbConn,
        stored: impl Iterator<Item = RowVersion>,
    ) -> Result<(), DbError> {
        let ids = self.learn(conn, stored).await?;
        self.met.extend(ids);
        Ok(())
    }

    /// Reads what is known of the snapshots of stored rows; returns their ids.
    pub(super) async fn learn(
        &mut self,
        conn: &mut DbConn,
        stored: impl Iterator<Item = RowVersion>,
    ) -> Result<BTreeSet<i64>, DbError> {
        let ids: BTreeSet<i64> = stored.filter_map(|version| version.snapshot_id).collect();
        let unknown: Vec<i64> = ids
            .iter()
            .copied()
            .filter(|id| !self.known.contains_key(id))
            .collect();
        if !unknown.is_empty() {
            let rows = list_snapshots(conn, self.department_id, &unknown).await?;
            self.known.extend(rows.into_iter().map(|row| (row.id, row)));
        }
        Ok(ids)
    }

    /// Returns whether stored rows of that version are newer than the file. Their snapshot is
    /// known.
    pub(super) fn is_older_than(&self, stored: RowVersion) -> bool {
        let confirmed_at = stored
            .snapshot_id
            .and_then(|id| self.known.get(&id))
            .map(|row| row.confirmed_at);
        stored.version_at.max(confirmed_at) > Some(self.version_at)
    }

    /// Returns whether the file is newer than a stored row that it holds unchanged, and says
    /// nothing of the others that came with it: then that row alone becomes the file's.
    pub(super) fn takes_over(&self, stored: RowVersion) -> bool {
        let brought_by = stored.snapshot_id.and_then(|id| self.known.get(&id));
        let is_newer = stored
            .version_at
            .max(brought_by.map(|row| row.confirmed_at))
            < Some(self.version_at);
        is_newer
            && !(self.workbook.is_whole && brought_by.is_some_and(|row| self.is_of_series(row)))
    }

    /// Returns whether a snapshot is another version of the same workbook.
    fn is_of_series(&self, other: &SnapshotRow) -> bool {
        other.series == self.workbook.series
    }

    /// Returns whether a newer file of the organization that went in whole lacks an operation that
    /// is not stored.
    pub(super) fn lacks(&self, organization_id: i64) -> bool {
        self.newest_whole
            .get(&organization_id)
            .is_some_and(|newest| newest.whole_at > self.version_at)
    }

    /// Returns whether a source has given a newer version of the workbook, under any date.
    pub(super) fn is_older_than_source(&self, source: &str) -> bool {
        let versions = self.known.values().filter(|row| row.source == source);
        versions
            .map(|row| row.version_at.max(row.confirmed_at))
            .max()
            > Some(self.version_at)
    }

    /// Returns the organizations that newer versions of the workbook name, from any source.
    pub(super) async fn organizations_of_newer(
        &self,
        conn: &mut DbConn,
    ) -> Result<Vec<i64>, DbError> {
        let kind = Kind::Adjustments.table_name();
        list_organizations_of_newer(
            conn,
            self.department_id,
            kind,
            &self.workbook.series,
            self.version_at,
        )
        .await
    }

    /// Counts rows that differ from stored ones, which are newer.
    pub(super) fn leave_alone(&mut self, stored: RowVersion, rows: usize) {
        *self
            .newer_files
            .entry(stored.snapshot_id.unwrap_or_default())
            .or_default() += rows;
    }

    /// Counts rows of an organization that are not stored because a newer file no longer names
    /// them.
    pub(super) fn leave_out(&mut self, organization_id: i64, rows: usize) {
        self.vanished += rows;
        let newest = self.newest_whole.get(&organization_id);
        self.is_vanishing_in_doubt |=
            newest.is_none_or(|newest| !self.is_dated_apart(&newest.series, newest.name_date));
    }

    /// Returns whether the dates in the names do not say that the newer versions of the workbook
    /// are newer.
    pub(super) fn is_age_in_doubt(&self) -> bool {
        let is_newer = |row: &&SnapshotRow| row.version_at.max(row.confirmed_at) > self.version_at;
        let mut newer = self
            .known
            .values()
            .filter(|row| self.is_of_series(row))
            .filter(is_newer);
        newer.any(|row| !self.is_dated_apart(&row.series, row.name_date))
    }

    /// Returns whether a name is that of another version of the workbook, of another day.
    fn is_dated_apart(&self, series: &str, name_date: Option<NaiveDate>) -> bool {
        let own = &self.workbook;
        own.series == series
            && own.name_date.is_some()
            && name_date.is_some()
            && own.name_date != name_date
    }

    /// Counts an operation that is overwritten, if another file of this run brought it.
    pub(super) fn overwrite(&mut self, stored: RowVersion) {
        let other = stored.snapshot_id.and_then(|id| self.known.get(&id));
        let is_double = |row: &&SnapshotRow| {
            row.id != self.id
                && row.run_id == self.workbook.run_id
                && stored.version_at == Some(row.version_at)
        };
        if let Some(other) = other.filter(is_double) {
            *self.doubles.entry(other.id).or_default() += 1;
        }
    }

    /// Writes down which rows the version confirms, and whether it is complete: none of its rows
    /// was rejected, and its total is theirs.
    pub(super) async fn close(
        &mut self,
        conn: &mut DbConn,
        is_complete: bool,
    ) -> Result<(), DbError> {
        if !self.workbook.is_whole {
            return Ok(());
        }
        self.met.retain(|id| {
            self.known
                .get(id)
                .is_some_and(|row| self.workbook.series == row.series)
        });
        self.met.insert(self.id);
        confirm_snapshots(conn, self.department_id, &self.met, self.version_at).await?;
        match is_complete {
            true => record_whole_snapshot(conn, self.department_id, self.id, self.version_at).await,
            false => Ok(()),
        }
    }

    /// Returns what the file and stored rows disagree on, each with whether it is in doubt: which
    /// of two files is newer is beyond doubt where the dates in their names say it.
    pub(super) fn notes(&self) -> Vec<(Remark, bool)> {
        let mut notes = Vec::new();
        for (id, rows) in &self.newer_files {
            let (file, is_in_doubt) = self.other(*id);
            let text =
                format!("{rows} of its rows were left alone, because {file} is newer and differs");
            notes.push((Remark::new(RemarkCode::NewerFile, text), is_in_doubt));
        }
        for (id, rows) in &self.doubles {
            let (file, is_in_doubt) = self.other(*id);
            let text = format!(
                "{rows} of its operations are in {file} of the same run with other values; those of {:?}, which is \
                 newer, count",
                self.workbook.name
            );
            notes.push((Remark::new(RemarkCode::OtherValuesInRun, text), is_in_doubt));
        }
        if self.vanished > 0 {
            let text = format!(
                "{} of its rows were left alone, because a newer file no longer names them",
                self.vanished
            );
            notes.push((
                Remark::new(RemarkCode::NewerFile, text),
                self.is_vanishing_in_doubt,
            ));
        }
        notes
    }

    fn other(&self, id: i64) -> (String, bool) {
        let Some(other) = self.known.get(&id) else {
            return ("what is stored".to_owned(), true);
        };
        (
            format!("{:?}", other.name),
            !self.is_dated_apart(&other.series, other.name_date),
        )
    }
}
