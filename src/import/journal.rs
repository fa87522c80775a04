//! What became of a file, as the journal keeps it.

use std::time::Duration;

use super::load::LoadCounts;
use super::workbook::{Kind, Reject, SheetContent};
use crate::db::{NewJournalEntry, NewReject, utc_now};
use crate::domain::Money;

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

/// What became of one file.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Its name in the source.
    pub name: String,
    /// What it holds, as far as that became known.
    pub kind: Option<Kind>,
    /// How it ended.
    pub status: FileStatus,
    /// What is to be said about it.
    pub message: Option<String>,
    /// What its rows did to the tables.
    pub counts: LoadCounts,
    /// The rows that were not taken.
    pub rejects: Vec<Reject>,
    /// The file's own total.
    pub control_total: Option<Money>,
    /// The sum of its rows.
    pub rows_total: Option<Money>,
    /// How long reading its rows took.
    pub parse_time: Duration,
    /// How long writing them took, rollups included.
    pub load_time: Duration,
    /// How long refreshing the rollups took of that.
    pub rollup_time: Duration,
}

impl FileReport {
    /// A file of which nothing was taken.
    pub(super) fn untouched(name: &str, kind: Option<Kind>, status: FileStatus, message: String) -> FileReport {
        FileReport {
            name: name.to_owned(),
            kind,
            status,
            message: Some(message),
            counts: LoadCounts::default(),
            rejects: Vec::new(),
            control_total: None,
            rows_total: None,
            parse_time: Duration::ZERO,
            load_time: Duration::ZERO,
            rollup_time: Duration::ZERO,
        }
    }

    /// A file that was read; its counts are filled in after loading.
    pub(super) fn read<R>(name: &str, kind: Kind, content: &SheetContent<R>, parse_time: Duration) -> FileReport {
        let mut remarks = Vec::new();
        if let Some(first) = content.rejects.first() {
            remarks.push(format!(
                "{} of {} rows rejected, the first: row {}, column «{}»: {:?} {}",
                content.rejects.len(),
                content.rejects.len() + content.rows.len(),
                first.row_number,
                first.column,
                first.value,
                first.reason
            ));
        }
        if let Some(total) = content.control_total.filter(|total| *total != content.rows_total) {
            remarks.push(format!(
                "the file's own total (Итого) is {total}, but its rows add up to {}: a difference of {}",
                content.rows_total,
                total - content.rows_total
            ));
        }
        FileReport {
            name: name.to_owned(),
            kind: Some(kind),
            status: if remarks.is_empty() { FileStatus::Success } else { FileStatus::Partial },
            message: (!remarks.is_empty()).then(|| remarks.join("; ")),
            counts: LoadCounts::default(),
            rejects: content.rejects.clone(),
            control_total: content.control_total,
            rows_total: Some(content.rows_total),
            parse_time,
            load_time: Duration::ZERO,
            rollup_time: Duration::ZERO,
        }
    }

    /// The journal entry of this file.
    pub(super) fn entry(&self, department_id: i64, run_id: i64, processed_by: &str) -> NewJournalEntry {
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
            rows_failed: count(self.rejects.len()),
            status: self.status.as_str().to_owned(),
            error_message: self.message.clone(),
            processed_by: processed_by.to_owned(),
            processing_time_ms: i64::try_from((self.parse_time + self.load_time).as_millis()).unwrap_or(i64::MAX),
            control_total: self.control_total.map(Money::kopecks),
            rows_total: self.rows_total.map(Money::kopecks),
        }
    }

    /// The rejected rows for the journal entry of that id.
    pub(super) fn rejected_rows(&self, department_id: i64, journal_id: i64) -> Vec<NewReject> {
        let row = |reject: &Reject| NewReject {
            department_id,
            journal_id,
            row_number: i32::try_from(reject.row_number).unwrap_or(i32::MAX),
            column_name: reject.column.clone(),
            value: reject.value.clone(),
            reason: reject.reason.clone(),
        };
        self.rejects.iter().map(row).collect()
    }
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}
