//! Who holds how much of the debt.

use i18n_embed_fl::fl;

use crate::analytics::Concentration;
use crate::domain::{Money, WITHOUT_LENDER};
use crate::web::charts::Pct;
use crate::web::direction_words::DirectionWords;
use crate::web::frame::Frame;
use crate::web::operations::behind;
use crate::web::page_query::PageQuery;

/// So many lenders are shown.
const SHOWN: usize = 6;
/// Below it a debt is spread, from [`HIGH`] on it is concentrated (horizontal merger guidelines).
const MODERATE: i64 = 1_500;
const HIGH: i64 = 2_500;

/// The largest lenders, and how concentrated the debt is.
pub(super) struct OwedTo {
    pub(super) title: String,
    pub(super) lenders: Vec<Lender>,
    /// How many are not shown.
    pub(super) further: usize,
    pub(super) hhi: String,
    pub(super) level: String,
}

/// A lender.
pub(super) struct Lender {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) owed: String,
    pub(super) share: String,
    /// Against the largest.
    pub(super) width: Pct,
}

impl OwedTo {
    pub(super) fn of(concentration: &Concentration, query: &PageQuery, p: &Frame) -> OwedTo {
        let shares = &concentration.by_counterparty;
        let largest = shares
            .data
            .first()
            .map_or(Money::ZERO, |row| row.outstanding);
        let lender = shares.data.iter().take(SHOWN).map(|row| Lender {
            name: row.name.clone(),
            href: behind(query, "debt")
                .without("date_from")
                .with("lender_id", row.lender_id.unwrap_or(WITHOUT_LENDER))
                .to_string(),
            owed: p
                .format
                .short_money(row.outstanding, &query.filter.currency),
            share: p.format.exact_percent(row.share),
            width: Pct::of(row.outstanding.kopecks().into(), largest.kopecks().into()),
        });
        let t = p.texts;
        OwedTo {
            title: DirectionWords::of(query.filter.balance_direction(), t).parties,
            lenders: lender.collect(),
            further: shares.data.len().saturating_sub(SHOWN),
            hhi: p.format.count(shares.hhi),
            level: match shares.hhi {
                HIGH.. => fl!(t, "hhi-high", limit = p.format.count(HIGH)),
                MODERATE.. => fl!(t, "hhi-moderate", limit = p.format.count(HIGH)),
                _ => fl!(t, "hhi-low", limit = p.format.count(MODERATE)),
            },
        }
    }
}
