//! What the contracts of the table add up to, those on other pages included.

use actix_web::web::Data;

use super::SEARCH;
use crate::analytics::{ContractSearch, ContractsSummary, Figure, Measure, Summary};
use crate::db::FlowMeasure;
use crate::domain::{Money, PortfolioFilter};
use crate::state::AppState;
use crate::web::cells::{Amount, Behind};
use crate::web::error::PageError;
use crate::web::figures::figure;
use crate::web::frame::Frame;
use crate::web::page_query::PageQuery;

/// The sums of the columns.
#[derive(Default)]
pub(in crate::web) struct Sums {
    received: Money,
    principal: Money,
    interest: Money,
    outstanding: Money,
    /// Whether they are those of the filter alone.
    is_of_filter: bool,
}

/// The same, ready to be printed.
pub(super) struct Totals {
    pub(super) received: Amount,
    pub(super) principal: Amount,
    pub(super) interest: Amount,
    pub(super) outstanding: Amount,
    pub(super) is_of_filter: bool,
}

/// Returns the sums over all contracts of a search. Those of a filter alone are the portfolio's.
///
/// # Errors
/// [`PageError`] when they are not cached and the database can't answer.
pub(in crate::web) async fn sums(
    state: &Data<AppState>,
    search: &ContractSearch,
    filter: &PortfolioFilter,
) -> Result<Sums, PageError> {
    if !search.is_narrow() {
        let found = figure::<Summary>(state, Figure::Summary, filter)
            .await?
            .value;
        return Ok(Sums {
            received: found.total_receipts,
            principal: found.total_principal,
            interest: found.total_interest,
            outstanding: found.debt - found.overpaid,
            is_of_filter: true,
        });
    }
    // In one order, whichever the table has: it is one answer for all of them.
    let whole = ContractSearch {
        sort: None,
        ..search.clone().whole()
    };
    let question = Figure::ContractsSummary(whole);
    let found = figure::<ContractsSummary>(state, question, filter).await?;
    let mut sums = Sums::default();
    for row in &found.value.data {
        sums.received += row.received;
        sums.principal += row.principal;
        sums.interest += row.interest;
        sums.outstanding += row.outstanding;
    }
    Ok(sums)
}

impl Sums {
    /// The sum of a measure; `None` of one that the table does not show.
    pub(in crate::web) fn of_measure(&self, measure: Measure) -> Option<Money> {
        match measure {
            Measure::Flow(FlowMeasure::Receipts) => Some(self.received),
            Measure::Flow(FlowMeasure::Principal) => Some(self.principal),
            Measure::Flow(FlowMeasure::Interest) => Some(self.interest),
            Measure::Balance => Some(self.outstanding),
            _ => None,
        }
    }
}

impl Totals {
    /// The sums with the operations behind them.
    pub(super) fn of(sums: &Sums, query: &PageQuery, p: &Frame) -> Totals {
        let mut all = Behind::all(query);
        for name in SEARCH {
            all = all.with(name, query.own(name).unwrap_or_default());
        }
        let total = |money, link| Amount::at(money, link, p);
        Totals {
            received: total(sums.received, all.flow("receipts")),
            principal: total(sums.principal, all.flow("principal")),
            interest: total(sums.interest, all.flow("interest")),
            outstanding: total(sums.outstanding, all.balance("balance")),
            is_of_filter: sums.is_of_filter,
        }
    }
}
