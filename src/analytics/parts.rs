//! The parts behind a figure, and the ledger of a contract: what an auditor adds up.

use chrono::{Days, NaiveDate};

use super::balances::{Balances, Basis, ContractBalance, up_to};
use super::contracts::{ContractSearch, found_contracts};
use crate::db::{
    self, BalanceMeasure, ContractTitle, DbConn, DbError, FlowMeasure, LedgerRow, Page, PartRow,
    PartTotals, PartValue,
};
use crate::domain::{DateRange, Money, PortfolioFilter};

/// A figure whose parts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A sum of flows in the range.
    Flow(FlowMeasure),
    /// A sum of what moved balances in the range, up to `as_of`.
    Moved(BalanceMeasure),
    /// The sum of the positive balances: everything up to `as_of` on their contracts.
    Debt,
    /// The sum of the negative balances, below zero.
    Overpaid,
    /// The balance of all contracts: debt − overpaid.
    Balance,
    /// The unconfirmed principal up to `as_of`.
    DebtUnconfirmed,
    /// Operations dated after today.
    Planned,
}

impl Measure {
    /// The names of all measures, as the parameter `measure` takes them.
    pub const NAMES: [(&'static str, Measure); 22] = [
        ("receipts", Measure::Flow(FlowMeasure::Receipts)),
        ("expenses", Measure::Flow(FlowMeasure::Expenses)),
        ("principal", Measure::Flow(FlowMeasure::Principal)),
        ("interest", Measure::Flow(FlowMeasure::Interest)),
        ("given", Measure::Flow(FlowMeasure::Given)),
        ("returned", Measure::Flow(FlowMeasure::Returned)),
        ("other", Measure::Flow(FlowMeasure::Other)),
        ("commission", Measure::Flow(FlowMeasure::Commission)),
        ("unconfirmed", Measure::Flow(FlowMeasure::Unconfirmed)),
        ("amount", Measure::Flow(FlowMeasure::Amount)),
        ("paid", Measure::Flow(FlowMeasure::Paid)),
        ("net", Measure::Flow(FlowMeasure::Net)),
        ("drawn", Measure::Moved(BalanceMeasure::Drawn)),
        ("repaid", Measure::Moved(BalanceMeasure::Repaid)),
        ("adjustments", Measure::Moved(BalanceMeasure::Adjustments)),
        (
            "contract_interest",
            Measure::Moved(BalanceMeasure::Interest),
        ),
        ("contract_other", Measure::Moved(BalanceMeasure::Other)),
        ("debt", Measure::Debt),
        ("overpaid", Measure::Overpaid),
        ("balance", Measure::Balance),
        ("debt_unconfirmed", Measure::DebtUnconfirmed),
        ("planned", Measure::Planned),
    ];

    /// The measure of that name.
    pub fn of_name(name: &str) -> Option<Measure> {
        Measure::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, measure)| *measure)
    }
}

/// So many rows are read at once for a file, or a few more on days with many.
const ROWS_AT_A_TIME: i64 = 4000;

/// The parts behind a figure, to be read.
#[derive(Debug)]
pub struct Parts {
    /// With the range that the figure covers.
    filter: PortfolioFilter,
    value: PartValue,
}

/// All parts, newest first, some days at a time: a page of them costs the same wherever it lies.
#[derive(Debug)]
pub struct PartsByDays {
    parts: Parts,
    /// The days that are read at once.
    window: u64,
    first_day: NaiveDate,
    /// The newest day that was not read; `None` at the end.
    next_day: Option<NaiveDate>,
    /// How many rows of the window were read.
    skip: i64,
}

impl Parts {
    /// Prepares the parts behind a figure of the filter, of the contracts that a search finds if
    /// there is one; `None` when there can't be any.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn of(
        conn: &mut DbConn,
        filter: &PortfolioFilter,
        basis: &Basis,
        measure: Measure,
        search: Option<&ContractSearch>,
    ) -> Result<Option<Parts>, DbError> {
        let found = match search {
            Some(search) => Some(found_contracts(conn, filter, basis, search).await?),
            None => None,
        };
        let is_found = |id: i64| {
            let ids = found.as_ref();
            ids.is_none_or(|ids| ids.binary_search(&id).is_ok())
        };
        let as_of = basis.as_of(filter);
        let to_as_of = DateRange::new(filter.dates.from(), Some(as_of));
        let (dates, value) = match measure {
            Measure::Flow(measure) => (Ok(filter.dates), PartValue::Flow(measure, found)),
            Measure::Planned if as_of != basis.today => return Ok(None),
            Measure::Planned => (
                DateRange::new(as_of.succ_opt(), None),
                PartValue::Flow(FlowMeasure::Amount, found),
            ),
            Measure::Moved(moved) => (
                to_as_of,
                PartValue::Balance(
                    moved,
                    shown(conn, filter, basis, |contract| is_found(contract.title.id)).await?,
                ),
            ),
            Measure::DebtUnconfirmed => (
                Ok(up_to(as_of)),
                PartValue::Balance(
                    BalanceMeasure::Unconfirmed,
                    shown(conn, filter, basis, |contract| is_found(contract.title.id)).await?,
                ),
            ),
            Measure::Debt | Measure::Overpaid | Measure::Balance => {
                let is_counted = |contract: &ContractBalance| {
                    let balance = contract.closing();
                    let is_of_measure = match measure {
                        Measure::Debt => balance > Money::ZERO,
                        Measure::Overpaid => balance < Money::ZERO,
                        _ => true,
                    };
                    is_of_measure && is_found(contract.title.id)
                };
                (
                    Ok(up_to(as_of)),
                    PartValue::Balance(
                        BalanceMeasure::Change,
                        shown(conn, filter, basis, is_counted).await?,
                    ),
                )
            }
        };
        // A range that begins after today holds nothing that moved a balance.
        Ok(dates.ok().map(|dates| Parts {
            filter: filter.over(dates),
            value,
        }))
    }

    /// Returns what all parts add up to: the figure.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn totals(&self, conn: &mut DbConn) -> Result<PartTotals, DbError> {
        db::total_parts(conn, &self.filter, &self.value).await
    }

    /// Returns a page of the parts, newest first; `totals` are those of all. Only so many of the
    /// newest days are read as hold the page: the first pages cost little, however many parts there
    /// are.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn page(
        &self,
        conn: &mut DbConn,
        totals: &PartTotals,
        page: Page,
    ) -> Result<Vec<PartRow>, DbError> {
        let (Some(first_day), Some(last_day)) = (totals.first_day, totals.last_day) else {
            return Ok(Vec::new());
        };
        let end = page.skip.saturating_add(page.limit).min(totals.count);
        let expected = end.saturating_sub(page.skip);
        let days = (last_day - first_day).num_days() + 1;
        // Twice as many days as an even spread needs.
        let mut window = (days.saturating_mul(2).saturating_mul(end) / totals.count.max(1)).max(1);
        loop {
            let from = last_day.checked_sub_days(Days::new(window.unsigned_abs() - 1));
            let from = from.map_or(first_day, |from| from.max(first_day));
            let Ok(newest) = DateRange::new(Some(from), Some(last_day)) else {
                return Ok(Vec::new());
            };
            let rows = db::list_parts(conn, &self.filter.over(newest), &self.value, page).await?;
            if rows.len() as i64 >= expected || from == first_day {
                return Ok(rows);
            }
            window = window.saturating_mul(4);
        }
    }

    /// Begins to read all of them; `None` when there are none.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn by_days(self, conn: &mut DbConn) -> Result<Option<PartsByDays>, DbError> {
        let totals = self.totals(conn).await?;
        let (Some(first_day), Some(last_day)) = (totals.first_day, totals.last_day) else {
            return Ok(None);
        };
        let days = (last_day - first_day).num_days() + 1;
        let window = (days * ROWS_AT_A_TIME / totals.count.max(1)).max(1);
        Ok(Some(PartsByDays {
            parts: self,
            window: window.unsigned_abs(),
            first_day,
            next_day: Some(last_day),
            skip: 0,
        }))
    }
}

impl PartsByDays {
    /// Returns the next parts; none at the end.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn next(&mut self, conn: &mut DbConn) -> Result<Vec<PartRow>, DbError> {
        while let Some(to) = self.next_day {
            let from = to
                .checked_sub_days(Days::new(self.window - 1))
                .map_or(self.first_day, |from| from.max(self.first_day));
            let Ok(window) = DateRange::new(Some(from), Some(to)) else {
                break;
            };
            let page = Page {
                skip: self.skip,
                limit: ROWS_AT_A_TIME,
            };
            let filter = self.parts.filter.over(window);
            let rows = db::list_parts(conn, &filter, &self.parts.value, page).await?;
            if rows.len() as i64 == ROWS_AT_A_TIME {
                self.skip += ROWS_AT_A_TIME;
            } else {
                self.skip = 0;
                self.next_day = from.pred_opt().filter(|day| *day >= self.first_day);
            }
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        Ok(Vec::new())
    }
}

/// The contracts that count of those whose balances a filter shows.
async fn shown(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    is_counted: impl Fn(&ContractBalance) -> bool,
) -> Result<Vec<i64>, DbError> {
    let balances = Balances::load(conn, &filter.over(up_to(basis.as_of(filter))), basis).await?;
    let counted = balances
        .shown(filter, basis)
        .filter(|contract| is_counted(contract));
    Ok(counted.map(|contract| contract.title.id).collect())
}

/// Everything that moved the balance of a contract in a range, in the contract's currency.
#[derive(Debug)]
pub struct Ledger {
    /// Whose it is.
    pub contract: ContractTitle,
    /// The balance at the end of the day before the range.
    pub opening: Money,
    /// Oldest first.
    pub lines: Vec<LedgerRow>,
    /// The balance at `as_of`.
    pub closing: Money,
    /// The day whose end the closing belongs to.
    pub as_of: NaiveDate,
}

/// Returns the ledger of the one contract that the filter names; `None` when it leaves no contract.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn ledger(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
) -> Result<Option<Ledger>, DbError> {
    let Balances { as_of, contracts } = Balances::load(conn, filter, basis).await?;
    let Some((_, contract)) = contracts.into_iter().next() else {
        return Ok(None);
    };
    let lines = match DateRange::new(filter.dates.from(), Some(as_of)) {
        Ok(days) => db::list_ledger(conn, &filter.over(days)).await?,
        Err(_) => Vec::new(),
    };
    let (opening, closing) = (contract.opening, contract.closing());
    Ok(Some(Ledger {
        contract: contract.title,
        opening,
        lines,
        closing,
        as_of,
    }))
}
