//! The adjustments of a contract: what exports do not hold.

use i18n_embed_fl::fl;

use crate::analytics::Ledger;
use crate::db::{AdjustmentRow, MANUAL};
use crate::domain::{AdjustmentKind, Money};
use crate::state::is_removable;
use crate::web::cells::{Amount, Behind};
use crate::web::frame::Frame;
use crate::web::texts::Texts;

/// The adjustments of the range, newest first, and what of them is in the balance.
pub(super) struct Adjustments {
    pub(super) rows: Vec<Row>,
    pub(super) total: Amount,
}

/// An adjustment.
pub(super) struct Row {
    pub(super) day: String,
    pub(super) kind: String,
    pub(super) amount: String,
    /// Whether it is in no balance yet.
    pub(super) is_planned: bool,
    /// Whether it is an opening balance although operations precede it.
    pub(super) follows_operations: bool,
    pub(super) comment: String,
    pub(super) author: String,
    pub(super) source: String,
    /// Where to remove it, unless a workbook would bring it back.
    pub(super) remove: Option<String>,
}

impl Adjustments {
    pub(super) fn of(
        rows: &[AdjustmentRow],
        ledger: &Ledger,
        behind: &Behind<'_>,
        p: &Frame,
    ) -> Adjustments {
        let as_of = ledger.as_of;
        let first_operation = ledger.lines.iter().filter(|line| line.kind != "adjustment");
        let first_operation = first_operation.map(|line| line.day).min();
        let counted = rows.iter().filter(|row| row.effective_date <= as_of);
        let total = counted.map(|row| Money::from_kopecks(row.amount)).sum();
        let row = |row: &AdjustmentRow| Row {
            day: p.format.date(row.effective_date),
            kind: adjustment_kind_name(&row.kind, p.texts),
            amount: p.format.amount(Money::from_kopecks(row.amount)),
            is_planned: row.effective_date > as_of,
            follows_operations: row.kind == AdjustmentKind::OpeningBalance.as_str()
                && first_operation.is_some_and(|first| first < row.effective_date),
            comment: row.comment.clone().unwrap_or_default(),
            author: row.author.clone(),
            remove: is_removable(row).then(|| {
                format!(
                    "/contracts/{}/adjustments/{}/remove",
                    row.contract_id, row.id
                )
            }),
            source: match row.source == MANUAL {
                true => fl!(p.texts, "by-hand"),
                false => row.source.clone(),
            },
        };
        Adjustments {
            rows: rows.iter().map(row).collect(),
            total: Amount::at(total, behind.flow("adjustments"), p),
        }
    }
}

/// Returns the kind of an adjustment in words; a kind that is not known, as it is.
pub(crate) fn adjustment_kind_name(kind: &str, t: &Texts) -> String {
    match AdjustmentKind::of_name(kind) {
        Some(AdjustmentKind::OpeningBalance) => fl!(t, "adjusted-opening-balance"),
        Some(AdjustmentKind::SetOff) => fl!(t, "adjusted-set-off"),
        Some(AdjustmentKind::Assignment) => fl!(t, "adjusted-assignment"),
        Some(AdjustmentKind::CapitalizedInterest) => fl!(t, "adjusted-capitalized-interest"),
        Some(AdjustmentKind::FeeWithheld) => fl!(t, "adjusted-fee-withheld"),
        Some(AdjustmentKind::Correction) => fl!(t, "adjusted-correction"),
        None => kind.to_owned(),
    }
}
