//! What tables consist of: amounts that lead to their operations.

use chrono::NaiveDate;

use super::frame::Frame;
use super::links::Link;
use super::operations::behind;
use super::page_query::PageQuery;
use crate::domain::{Currency, Money, Percent};

/// An amount, and the operations behind it.
pub(crate) struct Amount {
    pub(crate) text: String,
    /// Absent where no filter names just these operations.
    pub(crate) href: Option<String>,
}

impl Amount {
    /// An amount with the operations at a link.
    pub(crate) fn at(money: Money, link: Link, p: &Frame) -> Amount {
        Amount {
            text: p.format.amount(money),
            href: Some(link.to_string()),
        }
    }

    /// An amount without a link.
    pub(crate) fn plain(money: Money, p: &Frame) -> Amount {
        Amount {
            text: p.format.amount(money),
            href: None,
        }
    }
}

/// A figure above the tables of a page, and the operations behind it.
pub(crate) struct Tile {
    pub(crate) class: &'static str,
    pub(crate) label: String,
    pub(crate) value: String,
    /// The exact amount, or what the figure is part of.
    pub(crate) exact: String,
    pub(crate) href: String,
}

impl Tile {
    /// A tile of an amount.
    pub(crate) fn of_money(
        class: &'static str,
        label: String,
        money: Money,
        currency: &Currency,
        link: &Link,
        p: &Frame,
    ) -> Tile {
        Tile {
            class,
            label,
            value: p.format.short_money(money, currency),
            exact: p.format.money(money, currency),
            href: link.to_string(),
        }
    }
}

/// The operations behind the figures of a row: of the filter of a page, narrowed to the row.
pub(crate) struct Behind<'q> {
    query: &'q PageQuery,
    narrowed: Vec<(&'static str, String)>,
}

impl<'q> Behind<'q> {
    /// Those of the whole filter.
    pub(crate) fn all(query: &'q PageQuery) -> Behind<'q> {
        Behind {
            query,
            narrowed: Vec::new(),
        }
    }

    /// The same with another value of a filter; an empty one takes the filter away.
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Behind<'q> {
        self.narrowed.push((name, value.to_string()));
        self
    }

    /// The operations behind a flow of the range.
    pub(crate) fn flow(&self, measure: &str) -> Link {
        let narrowed = self.narrowed.iter();
        narrowed.fold(behind(self.query, measure), |link, (name, value)| {
            link.with(name, value)
        })
    }

    /// The operations behind a balance at the end of the range: everything up to it.
    pub(crate) fn balance(&self, measure: &str) -> Link {
        self.flow(measure).without("date_from")
    }

    /// The operations behind the balance before the range; `None` when the range has no first day.
    pub(crate) fn opening(&self) -> Option<Link> {
        let before = self.day_before()?;
        Some(self.balance("balance").with("date_to", before))
    }

    /// The day before the range.
    pub(crate) fn day_before(&self) -> Option<NaiveDate> {
        self.query.filter.dates.from()?.pred_opt()
    }
}

/// Returns a percentage with two decimals, for columns whose heading has the sign.
pub(crate) fn hundredths(percent: Percent, p: &Frame) -> String {
    p.format.amount(Money::from_kopecks(percent.hundredths()))
}
