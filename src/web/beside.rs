//! What stands beside the figures: amounts that are not in them and that nobody should overlook.

use i18n_embed_fl::fl;

use super::frame::Frame;
use super::operations::behind;
use super::page_query::PageQuery;
use crate::analytics::Summary;
use crate::domain::Money;

/// An amount beside the figures, and where it leads.
pub(crate) struct Beside {
    pub(crate) name: String,
    pub(crate) amount: String,
    pub(crate) href: String,
}

/// Returns what was overpaid, is planned or not confirmed, and what was paid for anything but
/// principal and interest; nothing of what is zero.
pub(crate) fn beside(summary: &Summary, query: &PageQuery, p: &Frame) -> Vec<Beside> {
    let t = p.texts;
    let planned = summary.planned.unwrap_or_default();
    let amounts = [
        (fl!(t, "overpaid"), -summary.overpaid, "overpaid"),
        (fl!(t, "given"), summary.given, "given"),
        (fl!(t, "other"), summary.other, "other"),
        (fl!(t, "commission"), summary.commission, "commission"),
        (fl!(t, "unconfirmed"), summary.unconfirmed, "unconfirmed"),
        (fl!(t, "planned"), planned, "planned"),
    ];
    let known = amounts
        .into_iter()
        .filter(|(_, amount, _)| *amount != Money::ZERO);
    known
        .map(|(name, amount, measure)| Beside {
            name,
            amount: p.format.money(amount, &query.filter.currency),
            href: behind(query, measure).to_string(),
        })
        .collect()
}
