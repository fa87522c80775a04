//! What the contracts of the table add up to, those on other pages included.

use actix_web::web::Data;

use crate::analytics::{ContractSearch, ContractsSummary, Figure, Summary};
use crate::domain::{Money, PortfolioFilter};
use crate::state::AppState;
use crate::web::cells::{Amount, Behind};
use crate::web::error::PageError;
use crate::web::figures::figure;
use crate::web::frame::Frame;
use crate::web::page_query::PageQuery;

/// The sums of the columns.
#[derive(Default)]
pub(super) struct Sums {
    received: Money,
    principal: Money,
    interest: Money,
    outstanding: Money,
    /// Whether they are those of the filter alone, whose operations can be shown.
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
pub(super) async fn sums(
    state: &Data<AppState>,
    search: &ContractSearch,
    filter: &PortfolioFilter,
) -> Result<Sums, PageError> {
    if search.search.is_none() && search.status.is_none() {
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
    let question = Figure::ContractsSummary(search.clone().whole());
    let found = figure::<ContractsSummary>(state, question, filter).await?;
    let mut sums = Sums::default();
    for row in found.value.data {
        sums.received += row.received;
        sums.principal += row.principal;
        sums.interest += row.interest;
        sums.outstanding += row.outstanding;
    }
    Ok(sums)
}

impl Totals {
    /// The sums with the operations behind them; a search has no filter of its own.
    pub(super) fn of(sums: &Sums, query: &PageQuery, p: &Frame) -> Totals {
        let all = Behind::all(query);
        let total = |money, link| match sums.is_of_filter {
            true => Amount::at(money, link, p),
            false => Amount::plain(money, p),
        };
        Totals {
            received: total(sums.received, all.flow("receipts")),
            principal: total(sums.principal, all.flow("principal")),
            interest: total(sums.interest, all.flow("interest")),
            outstanding: total(sums.outstanding, all.balance("balance")),
            is_of_filter: sums.is_of_filter,
        }
    }
}
