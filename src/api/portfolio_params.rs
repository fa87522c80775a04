//! The filter of a portfolio in a query string: which operations and contracts a figure is over.

use super::caller::Caller;
use super::error::ApiError;
use super::params::Params;
use crate::analytics::{ContractSearch, ContractSort};
use crate::domain::{ContractStatus, ContractType, Direction, IntraGroup, PortfolioFilter};
use crate::state::AppState;

/// What some questions can be narrowed to, beside what all can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Narrowed {
    /// `bank_account_id`: of flows only, since a balance belongs to no account.
    BankAccount,
    /// `contract_id`.
    Contract,
}

/// Contracts a page, when the query does not say.
const USUAL_PAGE: i64 = 20;
/// Contracts a page at most.
const LARGEST_PAGE: i64 = 100;

/// Reads what every figure can be filtered by, and what this one is narrowed to.
///
/// # Errors
/// [`ApiError`] names the parameter that is wrong, or says that the caller may not see the department.
pub(super) fn portfolio_filter(
    state: &AppState,
    caller: &Caller,
    params: &mut Params,
    narrowed: &[Narrowed],
) -> Result<PortfolioFilter, ApiError> {
    let requested = params.id("department_id")?;
    let currency = params.currency(&state.base_currency)?;
    let mut id = |what: Narrowed, name: &str| {
        if narrowed.contains(&what) {
            params.id(name)
        } else {
            Ok(None)
        }
    };
    let bank_account_id = id(Narrowed::BankAccount, "bank_account_id")?;
    let contract_id = id(Narrowed::Contract, "contract_id")?;
    Ok(PortfolioFilter {
        department: caller.department(requested)?,
        dates: params.dates()?,
        organization_id: params.id("organization_id")?,
        bank_account_id,
        contract_id,
        currency,
        contract_type: params.choice(
            "contract_type",
            "credit (Кредит) and loan (Заем)",
            ContractType::of_name,
        )?,
        lender_id: params.id("lender_id")?,
        direction: params.choice("direction", "borrowed and lent", Direction::of_name)?,
        intra_group: params
            .choice(
                "intra_group",
                "include, exclude and only",
                IntraGroup::of_name,
            )?
            .unwrap_or_default(),
        confirmed: params.switch("confirmed")?,
    })
}

/// Reads which contracts of a summary are asked for.
///
/// # Errors
/// [`ApiError`] names the parameter that is wrong.
pub(super) fn contract_search(params: &mut Params) -> Result<ContractSearch, ApiError> {
    let columns = ContractSort::COLUMNS.map(|(name, _)| name).join(", ");
    Ok(ContractSearch {
        search: params.search()?,
        status: params.choice(
            "status",
            "undrawn, open, repaid and overpaid",
            ContractStatus::of_name,
        )?,
        has_debt: params.switch("has_debt")?,
        sort: params.choice(
            "sort",
            &format!("{columns}, each also with - in front"),
            ContractSort::parse,
        )?,
        page: params.number("page", 1, i64::MAX)?.unwrap_or(1),
        limit: params
            .number("limit", 1, LARGEST_PAGE)?
            .unwrap_or(USUAL_PAGE),
    })
}
