//! The parts behind a figure, and the ledger of a contract: what an auditor adds up.

use chrono::NaiveDate;

use super::balances::{Balances, Basis, up_to};
use crate::db::{
    self, BalanceMeasure, ContractTitle, DbConn, DbError, FlowMeasure, LedgerRow, Page, PartRow,
    PartValue,
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

/// The parts of a figure.
#[derive(Debug)]
pub struct Parts {
    /// What all parts add up to: the figure.
    pub total: Money,
    /// How many parts there are.
    pub count: i64,
    /// A page of them, newest first.
    pub rows: Vec<PartRow>,
}

/// Returns the parts behind a figure of the filter.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn parts(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    measure: Measure,
    page: Page,
) -> Result<Parts, DbError> {
    let as_of = basis.as_of(filter);
    let to_as_of = DateRange::new(filter.dates.from(), Some(as_of));
    let (dates, value) = match measure {
        Measure::Flow(measure) => (Ok(filter.dates), PartValue::Flow(measure)),
        Measure::Planned if as_of != basis.today => {
            return Ok(Parts {
                total: Money::ZERO,
                count: 0,
                rows: Vec::new(),
            });
        }
        Measure::Planned => (
            DateRange::new(as_of.succ_opt(), None),
            PartValue::Flow(FlowMeasure::Amount),
        ),
        Measure::Moved(moved) => (
            to_as_of,
            PartValue::Balance(moved, shown(conn, filter, basis, |_| true).await?),
        ),
        Measure::DebtUnconfirmed => (
            Ok(up_to(as_of)),
            PartValue::Balance(
                BalanceMeasure::Unconfirmed,
                shown(conn, filter, basis, |_| true).await?,
            ),
        ),
        Measure::Debt | Measure::Overpaid | Measure::Balance => {
            let is_counted = |balance: Money| match measure {
                Measure::Debt => balance > Money::ZERO,
                Measure::Overpaid => balance < Money::ZERO,
                _ => true,
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
    let Ok(dates) = dates else {
        return Ok(Parts {
            total: Money::ZERO,
            count: 0,
            rows: Vec::new(),
        });
    };
    let (rows, totals) = db::list_parts(conn, &filter.over(dates), &value, page).await?;
    Ok(Parts {
        total: Money::from_kopecks(totals.total),
        count: totals.count,
        rows,
    })
}

/// The contracts whose balances a filter shows, by their balance at `as_of`.
async fn shown(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    is_counted: impl Fn(Money) -> bool,
) -> Result<Vec<i64>, DbError> {
    let balances = Balances::load(conn, &filter.over(up_to(basis.as_of(filter))), basis).await?;
    let counted = balances
        .shown(filter, basis)
        .filter(|contract| is_counted(contract.closing()));
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
