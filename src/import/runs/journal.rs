//! What became of a file, as the journal keeps it.

use std::time::Duration;

use crate::db::{NewJournalEntry, NewReject, utc_now};
use crate::domain::Money;
use crate::import::load::LoadCounts;
use crate::import::remark::{Remark, RemarkCode};
use crate::import::runs::skipping::Skip;
use crate::import::workbook::{Kind, Reject, WorkbookTotals};
use crate::metrics;

/// How a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileStatus {
    /// All of it went in.
    Success,
    /// It went in, with rejected rows or another total than its own.
    Partial,
    /// Nothing of it went in.
    Failed,
    /// It is none of ours.
    Skipped,
}

impl FileStatus {
    /// As the journal names it.
    pub fn as_str(self) -> &'static str {
        match self {
            FileStatus::Success => "success",
            FileStatus::Partial => "partial",
            FileStatus::Failed => "failed",
            FileStatus::Skipped => "skipped",
        }
    }
}

/// Where the tables stand to a file after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They hold it as it is: it went in, or it is unchanged since it did.
    Current,
    /// It can't be imported, now or when it was last tried.
    Failing,
    /// It is still being written: what it will hold is not in them yet.
    Pending,
    /// Its source offered it and others, and now offers none.
    Missing,
    /// Nothing is known of it: it is none of ours.
    Unknown,
}

/// So many rejected rows are kept of a file that is refused as a whole. Of one that goes in, all
/// are.
const KEPT_REJECTS: usize = 10_000;

/// What became of one file.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Its name in the source.
    pub name: String,
    /// The source's name.
    pub source: String,
    /// What it holds, as far as that became known.
    pub kind: Option<Kind>,
    /// Its header row.
    pub titles: Vec<String>,
    /// How it ended.
    pub status: FileStatus,
    /// Where the tables stand to it.
    pub standing: Standing,
    /// What is to be said about it.
    pub message: Option<String>,
    /// What of that may be wrong, each kind once.
    pub remark_codes: Vec<RemarkCode>,
    /// What its rows did to the tables.
    pub counts: LoadCounts,
    /// How many rows were not taken.
    pub rejected: usize,
    /// The first of them.
    pub rejects: Vec<Reject>,
    /// How many of them are of operations that are stored as they were read earlier.
    pub rejected_still_stored: usize,
    /// The file's own total.
    pub control_total: Option<Money>,
    /// The sum of its rows.
    pub rows_total: Option<Money>,
    /// Whether its own total, or that of one of its sheets, is not the sum of its rows.
    pub total_differs: bool,
    /// How long it took in all.
    pub time: Duration,
    /// How long reading its rows took.
    pub parse_time: Duration,
    /// How long writing them took, rollups included; at the same time as the reading.
    pub load_time: Duration,
    /// How long refreshing the rollups took of that.
    pub rollup_time: Duration,
}

impl FileReport {
    /// A file of which nothing is known yet.
    pub(in crate::import) fn new(source: &str, name: &str, kind: Option<Kind>) -> FileReport {
        FileReport {
            name: name.to_owned(),
            source: source.to_owned(),
            kind,
            titles: Vec::new(),
            status: FileStatus::Success,
            standing: Standing::Current,
            message: None,
            remark_codes: Vec::new(),
            counts: LoadCounts::default(),
            rejected: 0,
            rejects: Vec::new(),
            rejected_still_stored: 0,
            control_total: None,
            rows_total: None,
            total_differs: false,
            time: Duration::ZERO,
            parse_time: Duration::ZERO,
            load_time: Duration::ZERO,
            rollup_time: Duration::ZERO,
        }
    }

    /// Nothing of it goes in, because it can't.
    pub(in crate::import) fn failed(self, code: RemarkCode, message: String) -> FileReport {
        FileReport {
            remark_codes: vec![code],
            ..self.untouched(FileStatus::Failed, Standing::Failing, message)
        }
    }

    /// Nothing of it goes in, because it is gone.
    pub(in crate::import) fn missing(self, message: String) -> FileReport {
        let code = vec![RemarkCode::FilesMissing];
        FileReport {
            remark_codes: code,
            ..self.untouched(FileStatus::Partial, Standing::Missing, message)
        }
    }

    /// It is passed over.
    pub(in crate::import) fn skipped(self, skip: Skip) -> FileReport {
        FileReport {
            remark_codes: vec![skip.code],
            ..self.untouched(FileStatus::Skipped, skip.standing, skip.message)
        }
    }

    fn untouched(mut self, status: FileStatus, standing: Standing, message: String) -> FileReport {
        (self.status, self.standing, self.message) = (status, standing, Some(message));
        self.counts = LoadCounts::default();
        self.remark_codes.clear();
        self
    }

    /// Notes rows that are not taken.
    pub(in crate::import) fn reject(&mut self, rejects: &[Reject]) {
        self.rejected += rejects.len();
        let room = KEPT_REJECTS.saturating_sub(self.rejects.len());
        self.rejects.extend(rejects.iter().take(room).cloned());
    }

    /// Whether it is a finding of the data's quality: its own total is not the sum of its rows, or
    /// rejected rows are of operations that are stored.
    pub(in crate::import) fn is_finding(&self) -> bool {
        self.total_differs || self.rejected_still_stored > 0
    }

    /// How many of its rows were read.
    pub fn rows_read(&self) -> usize {
        let counts = self.counts;
        counts.inserted + counts.updated + counts.unchanged + counts.left_alone + self.rejected
    }

    /// Notes what it adds up to, and what is to be said about that.
    pub(in crate::import) fn add_up(&mut self, totals: &WorkbookTotals) {
        self.control_total = totals.control_total;
        self.rows_total = Some(totals.rows_total);
        self.status = FileStatus::Success;
        self.total_differs = totals.differs();
        let rejected = self
            .first_reject()
            .map(|text| Remark::new(RemarkCode::RowsRejected, text));
        rejected
            .iter()
            .chain(&totals.remarks)
            .for_each(|remark| self.remark(remark));
        totals.notes.iter().for_each(|note| self.note(note));
    }

    /// Adds what may be wrong with it: it is no success.
    pub(in crate::import) fn remark(&mut self, remark: &Remark) {
        self.status = FileStatus::Partial;
        if !self.remark_codes.contains(&remark.code) {
            self.remark_codes.push(remark.code);
        }
        self.note(&remark.text);
    }

    /// Adds to what is to be said about it.
    pub(in crate::import) fn note(&mut self, note: &str) {
        self.message = Some(match self.message.take() {
            Some(message) => format!("{message}; {note}"),
            None => note.to_owned(),
        });
    }

    /// How many rows were rejected, and why the first was.
    pub(in crate::import) fn first_reject(&self) -> Option<String> {
        let first = self.rejects.first()?;
        Some(format!(
            "{} of {} rows rejected, the first: {}row {}, column «{}»: {:?} {}",
            self.rejected,
            self.rows_read(),
            first
                .sheet
                .as_ref()
                .map(|sheet| format!("sheet «{sheet}», "))
                .unwrap_or_default(),
            first.row_number,
            first.column,
            first.value,
            first.reason
        ))
    }

    /// Every count of rows, with the word for it.
    fn all_counts(&self) -> [(&'static str, usize); 7] {
        let counts = self.counts;
        [
            ("inserted", counts.inserted),
            ("updated", counts.updated),
            ("unchanged", counts.unchanged),
            ("deleted", counts.deleted),
            ("deactivated", counts.deactivated),
            ("left alone", counts.left_alone),
            ("rejected", self.rejected),
        ]
    }

    /// Names every count of rows that is not zero: `3 inserted, 1 rejected`.
    pub fn counts_line(&self) -> String {
        let named = self.all_counts().into_iter().filter(|(_, rows)| *rows > 0);
        let named: Vec<String> = named.map(|(name, rows)| format!("{rows} {name}")).collect();
        if named.is_empty() {
            "no rows".to_owned()
        } else {
            named.join(", ")
        }
    }

    /// Writes to log and metrics how it ended.
    pub(in crate::import) fn log(&self, run_id: i64) {
        for (result, rows) in self.all_counts() {
            metrics::IMPORT_ROWS
                .with_label_values(&[result.replace(' ', "_").as_str()])
                .inc_by(rows as u64);
        }
        let line = format!(
            "Import run {run_id}, {:?}: {}, {}{}",
            self.name,
            self.status.as_str(),
            self.counts_line(),
            self.message
                .as_ref()
                .map(|message| format!(": {message}"))
                .unwrap_or_default()
        );
        match self.status {
            FileStatus::Success | FileStatus::Skipped => log::info!("{line}"),
            FileStatus::Partial | FileStatus::Failed => log::warn!("{line}"),
        }
    }

    /// The journal entry of this file.
    pub(in crate::import) fn entry(
        &self,
        department_id: i64,
        run_id: i64,
        processed_by: &str,
    ) -> NewJournalEntry {
        let codes: Vec<&str> = self.remark_codes.iter().map(|code| code.as_str()).collect();
        NewJournalEntry {
            department_id,
            run_id,
            import_date: utc_now(),
            source_file: self.name.clone(),
            table_name: self.kind.map(|kind| kind.table_name().to_owned()),
            rows_inserted: count(self.counts.inserted),
            rows_updated: count(self.counts.updated),
            rows_unchanged: count(self.counts.unchanged),
            rows_deleted: count(self.counts.deleted),
            rows_failed: count(self.rejected),
            status: self.status.as_str().to_owned(),
            error_message: self.message.clone(),
            remark_codes: (!codes.is_empty()).then(|| codes.join(",")),
            processed_by: processed_by.to_owned(),
            processing_time_ms: i64::try_from(self.time.as_millis()).unwrap_or(i64::MAX),
            control_total: self.control_total.map(Money::kopecks),
            rows_total: self.rows_total.map(Money::kopecks),
            source: Some(self.source.clone()),
            titles: serde_json::to_string(&self.titles)
                .ok()
                .filter(|_| self.rejected > 0),
            rows_deactivated: count(self.counts.deactivated),
            rows_left_alone: count(self.counts.left_alone),
            rejected_still_stored: count(self.rejected_still_stored),
        }
    }
}

/// Rejected rows as they are stored with the journal entry of that id.
pub(in crate::import) fn stored_rejects(
    rejects: &[Reject],
    department_id: i64,
    journal_id: i64,
) -> Vec<NewReject> {
    let row = |reject: &Reject| NewReject {
        department_id,
        journal_id,
        row_number: i32::try_from(reject.row_number).unwrap_or(i32::MAX),
        column_name: reject.column.to_owned(),
        value: reject.value.clone(),
        reason: reject.reason.clone(),
        cells: serde_json::to_string(&reject.cells).ok(),
        code: Some(reject.code.as_str()),
        sheet: reject.sheet.as_deref().map(str::to_owned),
    };
    rejects.iter().map(row).collect()
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}
