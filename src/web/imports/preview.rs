//! What files that were handed in would change, in rows and in each figure.

use askama::Template;
use i18n_embed_fl::fl;

use super::PATH;
use super::entry::RejectLine;
use crate::import::{ChangedTotal, DryRunError, FileReport, FileStatus};
use crate::state::PendingUpload;
use crate::web::frame::Frame;
use crate::web::import_words::{Reasons, file_kind, file_outlook, reject_reason};
use crate::web::texts::Texts;
use crate::web::visitor::Visitor;

/// So many rejected rows of a file are shown.
const SHOWN_REJECTS: usize = 20;

#[derive(Template)]
#[template(path = "import_upload.html")]
pub(super) struct PreviewPage {
    p: Frame,
    /// Where its forms go.
    path: String,
    /// A run that stands in the way: name and address.
    busy: Option<(String, String)>,
    problem: Option<String>,
    may_confirm: bool,
    files: Vec<FileLine>,
    currencies: Vec<CurrencyLines>,
}

/// The figures of one currency.
struct CurrencyLines {
    currency: String,
    totals: Vec<TotalLine>,
}

struct FileLine {
    name: String,
    kind: String,
    class: &'static str,
    status: String,
    counts: [String; 7],
    reasons: Reasons,
    rejects: Vec<RejectLine>,
    /// How many more were rejected than are shown.
    further: usize,
}

struct TotalLine {
    name: String,
    before: String,
    after: String,
    change: String,
    is_changed: bool,
}

impl PreviewPage {
    /// The page of an upload; `busy` is the run that stands in its way.
    pub(super) fn of(upload: &PendingUpload, visitor: &Visitor, busy: Option<i64>) -> PreviewPage {
        let p = Frame::plain(visitor, PATH, |t| fl!(t, "upload-title"));
        let t = p.texts;
        let problem = match &upload.preview {
            Some(Ok(_)) => None,
            None => Some(fl!(t, "upload-not-tried")),
            Some(Err(err)) => Some(match err.as_ref() {
                DryRunError::Busy => fl!(t, "upload-busy"),
                DryRunError::Source(cause) => cause.clone(),
                DryRunError::Stopped | DryRunError::Database(_) => fl!(t, "upload-try-failed"),
            }),
        };
        let done = upload
            .preview
            .as_ref()
            .and_then(|tried| tried.as_ref().ok());
        let files = done.map(|done| done.files.as_slice()).unwrap_or_default();
        // The base currency, and those in which anything changes.
        let figures = done.map(|done| done.figures.as_slice()).unwrap_or_default();
        let shown = figures.iter().enumerate();
        let shown = shown.filter(|(at, figures)| *at == 0 || figures.has_changes());
        let currencies = shown.map(|(_, figures)| CurrencyLines {
            currency: figures.currency.to_string(),
            totals: std::iter::once(&figures.debt)
                .chain(&figures.totals)
                .map(|total| TotalLine::of(total, &p))
                .collect(),
        });
        let goes_in =
            |file: &FileReport| matches!(file.status, FileStatus::Success | FileStatus::Partial);
        PreviewPage {
            path: format!("{PATH}/uploads/{}", upload.id),
            busy: busy.map(|id| (fl!(t, "run-number", id = id), format!("{PATH}/{id}"))),
            problem,
            may_confirm: files.iter().any(goes_in),
            files: files.iter().map(|file| FileLine::of(file, &p)).collect(),
            currencies: currencies.collect(),
            p,
        }
    }
}

impl FileLine {
    fn of(file: &FileReport, p: &Frame) -> FileLine {
        let (class, status) = file_outlook(p.texts, file.status.as_str());
        let counts = [
            file.counts.inserted,
            file.counts.updated,
            file.counts.unchanged,
            file.counts.deleted,
            file.counts.deactivated,
            file.counts.left_alone,
            file.rejected,
        ];
        let codes = file.remark_codes.iter().map(|code| code.as_str());
        let message = file.message.as_deref().unwrap_or_default();
        let rejects = file.rejects.iter().take(SHOWN_REJECTS);
        let rejects = rejects.map(|reject| RejectLine {
            row: p.format.count(reject.row_number.into()),
            sheet: reject.sheet.as_deref().unwrap_or_default().to_owned(),
            column: reject.column.to_owned(),
            value: reject.value.clone(),
            reason: reject_reason(p.texts, Some(reject.code.as_str()), &reject.reason),
            detail: reject.reason.clone(),
        });
        FileLine {
            name: file.name.clone(),
            kind: file
                .kind
                .map(|kind| file_kind(p.texts, kind.table_name()))
                .unwrap_or_default(),
            class,
            status,
            counts: counts.map(|rows| p.format.count(i64::try_from(rows).unwrap_or(i64::MAX))),
            reasons: Reasons::of(p.texts, codes, message),
            rejects: rejects.collect(),
            further: file.rejected.saturating_sub(SHOWN_REJECTS),
        }
    }
}

impl TotalLine {
    fn of(total: &ChangedTotal, p: &Frame) -> TotalLine {
        TotalLine {
            name: figure_name(p.texts, total.name),
            before: p.format.amount(total.before),
            after: p.format.amount(total.after),
            change: p.format.change(total.change),
            is_changed: total.before != total.after,
        }
    }
}

fn figure_name(t: &Texts, name: &str) -> String {
    match name {
        "debt" => fl!(t, "debt"),
        "total_receipts" => fl!(t, "received"),
        "total_expenses" => fl!(t, "expenses"),
        "net_balance" => fl!(t, "net"),
        "total_principal" => fl!(t, "principal-repaid"),
        "total_interest" => fl!(t, "interest-paid"),
        other => other.to_owned(),
    }
}
