//! How what is owed is spread over lenders and contracts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Balances, Basis, debt};
use super::debt::DebtGroup;
use crate::db::{DbConn, DbError};
use crate::domain::{DateRange, Money, Percent, PortfolioFilter, shares};

/// How what is owed is spread over lenders and contracts.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Concentration {
    /// The debt at `as_of`: the sum of the positive balances.
    pub(crate) total_outstanding: Money,
    /// What more was repaid than drawn, as a positive amount; it has no share.
    pub(crate) overpaid: Money,
    /// The day whose end the balances belong to.
    pub(crate) as_of: NaiveDate,
    /// The currency of the balances.
    pub(crate) currency: String,
    /// Currencies of operations and contracts that are not in the balances.
    pub(crate) other_currencies: Vec<String>,
    pub(crate) by_counterparty: Shares,
    pub(crate) by_contract: Shares,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Shares {
    /// The Herfindahl–Hirschman index: the sum of the squared shares in percent, from 0 to 10,000.
    pub(crate) hhi: i64,
    pub(crate) data: Vec<Share>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Share {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contract_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lender_id: Option<i64>,
    pub(crate) name: String,
    pub(crate) outstanding: Money,
    /// Of the debt, in percent; the shares add up to 100.00.
    pub(crate) share: Percent,
}

/// Returns who holds how much of the debt at `as_of`, largest first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn concentration(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    other_currencies: Vec<String>,
) -> Result<Concentration, DbError> {
    let until = filter.over(DateRange::new(None, filter.dates.to()).unwrap_or_default());
    let balances = Balances::load(conn, &until, basis).await?;
    let owed = debt(balances.shown(filter, basis));
    let shares_by = |group: DebtGroup| {
        let mut groups: BTreeMap<i64, (String, Money)> = BTreeMap::new();
        for contract in balances
            .shown(filter, basis)
            .filter(|contract| contract.closing() > Money::ZERO)
        {
            let entry = groups.entry(group.id_of(&contract.title));
            entry
                .or_insert_with(|| (group.name_of(&contract.title), Money::ZERO))
                .1 += contract.closing();
        }
        Shares::of(
            groups
                .into_iter()
                .map(|(id, (name, owed))| (id, name, owed))
                .collect(),
            group,
        )
    };
    Ok(Concentration {
        total_outstanding: owed.debt,
        overpaid: owed.overpaid,
        as_of: balances.as_of,
        currency: filter.currency.to_string(),
        other_currencies,
        by_counterparty: shares_by(DebtGroup::Lender),
        by_contract: shares_by(DebtGroup::Contract),
    })
}

impl Shares {
    fn of(mut balances: Vec<(i64, String, Money)>, group: DebtGroup) -> Shares {
        balances.sort_by(|(_, name, outstanding), (_, other_name, other)| {
            other.cmp(outstanding).then_with(|| name.cmp(other_name))
        });
        let parts: Vec<Money> = balances
            .iter()
            .map(|(_, _, outstanding)| *outstanding)
            .collect();
        let part = |outstanding: Money| i128::from(outstanding.kopecks());
        // Σ (100 · part / total)², rounded half-up, in integers.
        let squares: i128 = parts
            .iter()
            .map(|outstanding| part(*outstanding) * part(*outstanding))
            .sum();
        let total: i128 = parts.iter().map(|outstanding| part(*outstanding)).sum();
        let whole = total * total;
        let hhi = if whole == 0 { 0 } else { hhi(squares, whole) };
        let is_contract = group == DebtGroup::Contract;
        let share = |((id, name, outstanding), share): ((i64, String, Money), Percent)| Share {
            contract_id: Some(id).filter(|_| is_contract),
            lender_id: Some(id).filter(|id| !is_contract && *id != 0),
            name,
            outstanding,
            share,
        };
        Shares {
            hhi,
            data: balances
                .into_iter()
                .zip(shares(&parts))
                .map(share)
                .collect(),
        }
    }
}

/// `squares / whole · 10,000`, rounded half-up, without leaving the range of the integers.
fn hhi(squares: i128, whole: i128) -> i64 {
    let scale = (whole / (i128::MAX / 20_001)).max(0) + 1;
    let (squares, whole) = (squares / scale, whole / scale);
    i64::try_from((squares * 20_000 + whole) / (whole * 2)).unwrap_or(0)
}
