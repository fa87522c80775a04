//! The six tiles.

use std::sync::Arc;

use i18n_embed_fl::fl;

use crate::analytics::{DebtBalance, MonthEfficiency, MonthStats, Summary};
use crate::domain::{Money, Percent};
use crate::web::charts::{Spark, spark};
use crate::web::direction_words::DirectionWords;
use crate::web::frame::Frame;
use crate::web::operations::behind;
use crate::web::page_query::PageQuery;

/// A tile: a figure, its change against the period before, and a line over the months.
pub(super) struct Tile {
    pub(super) class: &'static str,
    pub(super) label: String,
    pub(super) value: String,
    /// The exact amount, or what the figure is part of.
    pub(super) exact: String,
    /// Absent without a period before.
    pub(super) change: Option<String>,
    pub(super) href: String,
    pub(super) spark: Option<Spark>,
}

/// How many contracts there are.
pub(super) struct ContractCounts {
    /// With a debt.
    pub(super) open: i64,
    pub(super) all: i64,
}

/// The figures of the tiles, month by month.
pub(super) struct Sparks {
    debt: Vec<i64>,
    received: Vec<i64>,
    principal: Vec<i64>,
    interest: Vec<i64>,
    share: Vec<i64>,
}

impl Sparks {
    pub(super) fn of(
        debts: &[DebtBalance],
        flows: &[MonthStats],
        months: &[MonthEfficiency],
    ) -> Sparks {
        let by_month = |value: fn(&MonthEfficiency) -> i64| months.iter().map(value).collect();
        Sparks {
            debt: debts.iter().map(|row| row.outstanding.kopecks()).collect(),
            received: flows.iter().map(|row| row.receipts.kopecks()).collect(),
            principal: by_month(|row| row.principal.kopecks()),
            interest: by_month(|row| row.interest.kopecks()),
            share: by_month(|row| row.interest_share.hundredths()),
        }
    }
}

type Totals = (Arc<Summary>, ContractCounts);

/// Returns the tiles in their order.
pub(super) fn tiles(
    now: &Totals,
    before: Option<&Totals>,
    sparks: &Sparks,
    query: &PageQuery,
    p: &Frame,
) -> Vec<Tile> {
    let t = p.texts;
    let amount = |class, label, measure: &str, value: fn(&Summary) -> Money, values: &[i64]| {
        let money = value(&now.0);
        Tile {
            class,
            label,
            value: p.format.short_money(money, &query.filter.currency),
            exact: p.format.money(money, &query.filter.currency),
            change: before.map(|(before, _)| relative_change(money, value(before), p)),
            href: behind(query, measure).to_string(),
            spark: spark(values),
        }
    };
    vec![
        amount(
            "debt",
            DirectionWords::of(query.filter.balance_direction(), t).debt,
            "debt",
            |s| s.debt,
            &sparks.debt,
        ),
        amount(
            "inflow",
            fl!(t, "received"),
            "receipts",
            |s| s.total_receipts,
            &sparks.received,
        ),
        amount(
            "principal",
            fl!(t, "principal-repaid"),
            "principal",
            |s| s.total_principal,
            &sparks.principal,
        ),
        amount(
            "interest",
            fl!(t, "interest-paid"),
            "interest",
            |s| s.total_interest,
            &sparks.interest,
        ),
        interest_share(now, before, &sparks.share, query, p),
        open_contracts(now, before, query, p),
    ]
}

fn interest_share(
    (now, _): &Totals,
    before: Option<&Totals>,
    values: &[i64],
    query: &PageQuery,
    p: &Frame,
) -> Tile {
    let t = p.texts;
    let share = |s: &Summary| Percent::of(s.total_interest, s.total_principal + s.total_interest);
    let change = |(before, _): &Totals| {
        let points = share(now).hundredths() - share(before).hundredths();
        let tenths = (points.abs() + 5) / 10;
        let decimal = p.format.0.of('.', ',');
        let points = format!("{}{decimal}{}", tenths / 10, tenths % 10);
        signed(
            share(now).hundredths().cmp(&share(before).hundredths()),
            &fl!(t, "percentage-points", points = points),
        )
    };
    Tile {
        class: "interest",
        label: fl!(t, "interest-share"),
        value: p.format.percent(share(now)),
        exact: fl!(t, "of-all-payments"),
        change: before.map(change),
        href: behind(query, "paid").to_string(),
        spark: spark(values),
    }
}

fn open_contracts(
    (_, now): &Totals,
    before: Option<&Totals>,
    query: &PageQuery,
    p: &Frame,
) -> Tile {
    let t = p.texts;
    let change = |(_, before): &Totals| {
        let difference = (now.open - before.open).saturating_abs();
        signed(now.open.cmp(&before.open), &p.format.count(difference))
    };
    let list = query.kept().at("/contracts").with("status", "open");
    Tile {
        class: "debt",
        label: fl!(t, "open-contracts"),
        value: p.format.count(now.open),
        exact: fl!(t, "of-contracts", count = p.format.count(now.all)),
        change: before.map(change),
        href: list.to_string(),
        spark: None,
    }
}

/// The change in percent of what was before, or the amount when there was nothing.
fn relative_change(now: Money, before: Money, p: &Frame) -> String {
    let difference = now - before;
    let magnitude = Money::from_kopecks(difference.kopecks().saturating_abs());
    let text = if before == Money::ZERO {
        p.format.axis(magnitude)
    } else {
        let whole = Money::from_kopecks(before.kopecks().saturating_abs());
        p.format.percent(Percent::of(magnitude, whole))
    };
    signed(now.cmp(&before), &text)
}

/// More is neither good nor bad: the mark has no colour.
fn signed(change: std::cmp::Ordering, text: &str) -> String {
    match change {
        std::cmp::Ordering::Greater => format!("▲ {text}"),
        std::cmp::Ordering::Less => format!("▼ {text}"),
        std::cmp::Ordering::Equal => format!("= {text}"),
    }
}
