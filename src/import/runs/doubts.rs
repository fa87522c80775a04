//! What is doubtful about the listing of a source: lines that nobody understands, and no files
//! where some were.
//!
//! Each doubt is reported like a file, so that run, journal, freshness and metrics name it: what a
//! listing leaves out must never look like success.

use crate::db::DbError;
use crate::import::remark::RemarkCode;
use crate::import::runs::journal::FileReport;
use crate::import::runs::pipeline::Run;
use crate::import::runs::skipping::name_skip_reason;
use crate::import::sources::{Listing, Source};
use crate::import::workbook::Kind;

/// The path under which all files of a source are reported at once.
pub(in crate::import) const ALL_FILES: &str = "*";

/// So many lines of a listing are named each.
const NAMED_LINES: usize = 100;

impl Run<'_> {
    /// Writes down what is doubtful about a listing and returns it. `known` is how many files the
    /// source has offered so far.
    pub(crate) async fn record_doubts(
        &self,
        source: &Source,
        listing: &Listing,
        known: usize,
    ) -> Result<Vec<FileReport>, DbError> {
        let doubts = doubts(source, listing, known);
        for doubt in &doubts {
            self.record_failure(source, doubt, None).await?;
        }
        Ok(doubts)
    }
}

/// Returns what is doubtful about a listing.
pub(in crate::import) fn doubts(
    source: &Source,
    listing: &Listing,
    known: usize,
) -> Vec<FileReport> {
    let mut unread: Vec<String> = listing.unread.iter().take(NAMED_LINES).cloned().collect();
    if let Some(further @ 1..) = listing.unread.len().checked_sub(NAMED_LINES) {
        unread.push(format!("{further} further lines"));
    }
    let of_line = |line: &String| {
        let report = FileReport::new(&source.name, line, None);
        report.failed(
            RemarkCode::ListingUnclear,
            "this line of the folder's listing is not understood: a file may be missing".to_owned(),
        )
    };
    let mut doubts: Vec<FileReport> = unread.iter().map(of_line).collect();
    let is_export = |name: &str| name_skip_reason(name, Kind::of_name(name)).is_none();
    let has_exports = listing.files.iter().any(|file| is_export(&file.name));
    if source.policy.warns_of_empty_folder && known > 0 && !has_exports && doubts.is_empty() {
        let message = format!(
            "{} offers no file, although {known} came from it before: check the folder, or set \
             IMPORT_EMPTY_FOLDER=ok if its files are taken away",
            source.describe()
        );
        doubts.push(FileReport::new(&source.name, ALL_FILES, None).missing(message));
    }
    doubts
}
