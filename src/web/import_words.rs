//! Words for what the import keeps as codes: states of runs and files, kinds of files, remarks.

use i18n_embed_fl::fl;

use super::texts::Texts;

/// Returns class and words of a run's state.
pub(crate) fn run_state(t: &Texts, state: &str) -> (&'static str, String) {
    match state {
        "completed" => ("ok", fl!(t, "run-completed")),
        "running" => ("ok", fl!(t, "run-running")),
        "partial" => ("part", fl!(t, "run-partial")),
        "interrupted" => ("part", fl!(t, "run-interrupted")),
        "cancelled" => ("part", fl!(t, "run-cancelled")),
        _ => ("bad", fl!(t, "run-failed")),
    }
}

/// Returns class and words of what became of a file.
pub(crate) fn file_status(t: &Texts, status: &str) -> (&'static str, String) {
    match status {
        "success" => ("ok", fl!(t, "run-completed")),
        "partial" => ("part", fl!(t, "run-partial")),
        "skipped" => ("idle", fl!(t, "file-skipped")),
        _ => ("bad", fl!(t, "run-failed")),
    }
}

/// Returns class and words of what would become of a file.
pub(crate) fn file_outlook(t: &Texts, status: &str) -> (&'static str, String) {
    match status {
        "success" => ("ok", fl!(t, "would-go-in")),
        "partial" => ("part", fl!(t, "would-go-in-partly")),
        "skipped" => ("idle", fl!(t, "would-be-skipped")),
        _ => ("bad", fl!(t, "would-fail")),
    }
}

/// Returns the words for a kind of file, by the table that its rows go to.
pub(crate) fn file_kind(t: &Texts, kind: &str) -> String {
    match kind {
        "receipts" => fl!(t, "file-receipts"),
        "expenses" => fl!(t, "expenses"),
        "expense_details" => fl!(t, "file-details"),
        "adjustments" => fl!(t, "adjustments"),
        other => other.to_owned(),
    }
}

/// Whose words say all that there is to say: nothing in the file is named beside them.
const SAYS_ALL: [&str; 6] = [
    "file_empty",
    "file_protected",
    "temporary_file",
    "no_export",
    "still_written",
    "unchanged",
];

/// Why a file is in doubt, or did not go in.
#[derive(Default)]
pub(crate) struct Reasons {
    /// Each in the visitor's language.
    pub(crate) words: Vec<String>,
    /// What is to be said beside them, in English; empty where the words say it all.
    pub(crate) detail: String,
}

impl Reasons {
    /// The reasons behind codes, and the message that belongs to them.
    pub(crate) fn of<'c>(
        t: &Texts,
        codes: impl Iterator<Item = &'c str> + Clone,
        message: &str,
    ) -> Reasons {
        let says_all =
            codes.clone().count() > 0 && codes.clone().all(|code| SAYS_ALL.contains(&code));
        Reasons {
            words: codes.map(|code| remark(t, code)).collect(),
            detail: if says_all { "" } else { message }.to_owned(),
        }
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.detail.is_empty()
    }
}

/// Returns what is to be said of a run's end beside its state, if anything is.
pub(crate) fn run_note(t: &Texts, state: &str) -> String {
    match state {
        "cancelled" => fl!(t, "run-note-cancelled"),
        "interrupted" => fl!(t, "run-note-interrupted"),
        _ => String::new(),
    }
}

/// Returns the words for a kind of remark.
fn remark(t: &Texts, code: &str) -> String {
    match code {
        "rows_rejected" => fl!(t, "remark-rows-rejected"),
        "rejected_still_stored" => fl!(t, "remark-rejected-still-stored"),
        "incomplete_details" => fl!(t, "remark-incomplete-details"),
        "total_differs" => fl!(t, "remark-total-differs"),
        "rows_below_total" => fl!(t, "remark-rows-below-total"),
        "unreadable_total" => fl!(t, "remark-unreadable-total"),
        "sheet_not_read" => fl!(t, "remark-sheet-not-read"),
        "missing_not_removed" => fl!(t, "remark-missing-not-removed"),
        "newer_file" => fl!(t, "remark-newer-file"),
        "other_values_in_run" => fl!(t, "remark-other-values-in-run"),
        "late_opening_balance" => fl!(t, "remark-late-opening-balance"),
        "equal_adjustments" => fl!(t, "remark-equal-adjustments"),
        "files_missing" => fl!(t, "remark-files-missing"),
        "file_empty" => fl!(t, "remark-file-empty"),
        "file_protected" => fl!(t, "remark-file-protected"),
        "other_format" => fl!(t, "remark-other-format"),
        "file_cut_off" => fl!(t, "remark-file-cut-off"),
        "file_too_large" => fl!(t, "remark-file-too-large"),
        "file_damaged" => fl!(t, "remark-file-damaged"),
        "rejected_adjustments" => fl!(t, "remark-rejected-adjustments"),
        "no_header" => fl!(t, "remark-no-header"),
        "missing_columns" => fl!(t, "remark-missing-columns"),
        "unknown_kind" => fl!(t, "remark-unknown-kind"),
        "no_header_on_sheet" => fl!(t, "remark-no-header-on-sheet"),
        "ambiguous_column" => fl!(t, "remark-ambiguous-column"),
        "hidden_sheets" => fl!(t, "remark-hidden-sheets"),
        "refused" => fl!(t, "remark-refused"),
        "not_fetched" => fl!(t, "remark-not-fetched"),
        "listing_unclear" => fl!(t, "remark-listing-unclear"),
        "not_written" => fl!(t, "remark-not-written"),
        "temporary_file" => fl!(t, "remark-temporary-file"),
        "no_export" => fl!(t, "remark-no-export"),
        "still_written" => fl!(t, "remark-still-written"),
        "unchanged" => fl!(t, "remark-unchanged"),
        "left_alone" => fl!(t, "remark-left-alone"),
        other => other.to_owned(),
    }
}

/// Returns what kind of fault a row was rejected for; its text where no kind is known.
pub(crate) fn reject_reason(t: &Texts, code: Option<&str>, reason: &str) -> String {
    match code.unwrap_or_default() {
        "empty" => fl!(t, "reject-empty"),
        "not_an_amount" => fl!(t, "reject-not-an-amount"),
        "ambiguous_amount" => fl!(t, "reject-ambiguous-amount"),
        "too_many_decimals" => fl!(t, "reject-too-many-decimals"),
        "out_of_range" => fl!(t, "reject-out-of-range"),
        "not_a_rate" => fl!(t, "reject-not-a-rate"),
        "not_a_date" => fl!(t, "reject-not-a-date"),
        "ambiguous_date" => fl!(t, "reject-ambiguous-date"),
        "date_out_of_range" => fl!(t, "reject-date-out-of-range"),
        "unknown_currency" => fl!(t, "reject-unknown-currency"),
        "unknown_value" => fl!(t, "reject-unknown-value"),
        "lost_digits" => fl!(t, "reject-lost-digits"),
        "cell_error" => fl!(t, "reject-cell-error"),
        "no_result" => fl!(t, "reject-no-result"),
        "unreadable" => fl!(t, "reject-unreadable"),
        "duplicate" => fl!(t, "reject-duplicate"),
        _ => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Reasons, remark};
    use crate::domain::Language;
    use crate::import::RemarkCode;
    use crate::web::texts::texts;

    #[test]
    fn every_remark_and_failure_has_words_in_both_languages() {
        for code in RemarkCode::ALL {
            let words = |language| remark(texts(language), code.as_str());
            let (english, russian) = (words(Language::English), words(Language::Russian));
            assert!(english.ends_with('.'), "{code}: {english}");
            assert!(
                russian.ends_with('.') && russian != english,
                "{code}: {russian}"
            );
        }
    }

    #[test]
    fn a_detail_is_left_out_where_the_words_say_it_all() {
        let t = texts(Language::Russian);
        let detail = |codes: &[&str]| Reasons::of(t, codes.iter().copied(), "why").detail;
        assert_eq!(detail(&["temporary_file"]), "");
        assert_eq!(detail(&["missing_columns"]), "why");
        assert_eq!(detail(&["file_empty", "rows_rejected"]), "why");
        assert_eq!(detail(&[]), "why");
        assert!(Reasons::of(t, [].into_iter(), "").is_empty());
    }
}
