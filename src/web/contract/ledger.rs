//! The ledger of a contract: everything that moved its balance, line by line, and what turns it into
//! a reconciliation statement on paper.

use chrono::NaiveDate;
use i18n_embed_fl::fl;

use super::adjustment_kind_name;
use crate::analytics::Ledger;
use crate::db::LedgerRow;
use crate::domain::{Direction, Money};
use crate::web::cells::{Amount, Behind};
use crate::web::frame::Frame;
use crate::web::operations::{kind_name, number_of};
use crate::web::page_query::PageQuery;

/// So many lines are shown, the last ones: a browser chokes on more.
const MOST_LINES: usize = 2000;

/// Opening, lines, sums and closing.
pub(super) struct LedgerTable {
    /// The day before the range; empty without a first day.
    pub(super) opening_day: String,
    pub(super) opening: Amount,
    /// That earlier lines are in the file only, and the balance after them.
    pub(super) carried_forward: Option<(String, String)>,
    pub(super) lines: Vec<Line>,
    pub(super) drawn: Amount,
    pub(super) repaid: Amount,
    pub(super) adjustments: Amount,
    pub(super) interest: Amount,
    pub(super) other: Amount,
    pub(super) closing_day: String,
    pub(super) closing: Amount,
}

/// A line; amounts of zero are left blank.
pub(super) struct Line {
    pub(super) day: String,
    pub(super) document: String,
    /// The operation's id as 1C has it.
    pub(super) id: String,
    pub(super) what: String,
    pub(super) is_confirmed: bool,
    pub(super) drawn: String,
    pub(super) repaid: String,
    pub(super) adjustment: String,
    pub(super) interest: String,
    pub(super) other: String,
    /// What is owed after the line.
    pub(super) balance: String,
}

/// Both parties and what one owes the other, for the printed statement.
pub(super) struct Act {
    pub(super) organization: String,
    pub(super) lender: String,
    /// Between whom, and under which contract.
    pub(super) heading: String,
    pub(super) conclusion: String,
}

impl LedgerTable {
    pub(super) fn of(ledger: &Ledger, behind: &Behind<'_>, p: &Frame) -> LedgerTable {
        let sum = |value: fn(&LedgerRow) -> i64| -> Money {
            let values = ledger.lines.iter().map(value);
            values.map(Money::from_kopecks).sum()
        };
        let total = |value, measure| Amount::at(sum(value), behind.flow(measure), p);
        let day = |day: NaiveDate| p.format.date(day);
        let earlier = ledger.lines.len().saturating_sub(MOST_LINES);
        let (left_out, shown) = ledger.lines.split_at(earlier);
        let mut balance = ledger.opening + left_out.iter().map(LedgerRow::change).sum();
        let carried_forward = (earlier > 0).then(|| {
            let count = p.format.count(i64::try_from(earlier).unwrap_or(i64::MAX));
            (
                fl!(p.texts, "carried-forward", count = count),
                p.format.amount(balance),
            )
        });
        let lines = shown.iter().map(|row| {
            balance += row.change();
            Line::of(row, balance, p)
        });
        LedgerTable {
            lines: lines.collect(),
            carried_forward,
            opening_day: behind.day_before().map(day).unwrap_or_default(),
            opening: match behind.opening() {
                Some(link) => Amount::at(ledger.opening, link, p),
                None => Amount::plain(ledger.opening, p),
            },
            drawn: total(|row| row.drawn, "drawn"),
            repaid: total(|row| row.repaid, "repaid"),
            adjustments: total(|row| row.adjustments, "adjustments"),
            interest: total(|row| row.interest, "contract_interest"),
            other: total(|row| row.other, "contract_other"),
            closing_day: day(ledger.as_of),
            closing: Amount::at(ledger.closing, behind.balance("balance"), p),
        }
    }
}

impl Line {
    fn of(row: &LedgerRow, balance: Money, p: &Frame) -> Line {
        let amount = |kopecks: i64| match kopecks {
            0 => String::new(),
            _ => p.format.amount(Money::from_kopecks(kopecks)),
        };
        let stated = row.operation_type.as_deref().unwrap_or_default();
        let is_adjustment = row.kind == "adjustment";
        Line {
            day: p.format.date(row.day),
            document: match is_adjustment {
                true => kind_name(p.texts, &row.kind),
                false => number_of(&row.operation_id).to_owned(),
            },
            id: row.operation_id.clone(),
            what: match is_adjustment {
                true => adjustment_kind_name(stated, p.texts),
                false => stated.to_owned(),
            },
            is_confirmed: row.is_confirmed,
            drawn: amount(row.drawn),
            repaid: amount(row.repaid),
            adjustment: amount(row.adjustments),
            interest: amount(row.interest),
            other: amount(row.other),
            balance: p.format.amount(balance),
        }
    }
}

impl Act {
    pub(super) fn of(ledger: &Ledger, query: &PageQuery, p: &Frame) -> Act {
        let (t, title) = (p.texts, &ledger.contract);
        let organization = title.organization.clone();
        let lender = title
            .lender
            .clone()
            .unwrap_or_else(|| fl!(t, "other-party"));
        let is_ours =
            (title.counted_direction() == Direction::Borrowed) == (ledger.closing > Money::ZERO);
        let (debtor, creditor) = match is_ours {
            true => (organization.clone(), lender.clone()),
            false => (lender.clone(), organization.clone()),
        };
        let magnitude = Money::from_kopecks(ledger.closing.kopecks().saturating_abs());
        let day = p.format.date(ledger.as_of);
        let conclusion = match ledger.closing == Money::ZERO {
            true => fl!(t, "act-even", day = day),
            false => fl!(
                t,
                "act-owes",
                day = day,
                debtor = debtor,
                creditor = creditor,
                amount = p.format.money(magnitude, &query.filter.currency)
            ),
        };
        let range = p.filters.as_ref().map(|bar| bar.range.clone());
        Act {
            heading: fl!(
                t,
                "act-between",
                organization = organization.clone(),
                lender = lender.clone(),
                contract = title.contract_number.clone(),
                range = range.unwrap_or_default()
            ),
            organization,
            lender,
            conclusion,
        }
    }
}
