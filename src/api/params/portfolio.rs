//! The filter of a portfolio: which operations and contracts a figure is over.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::super::caller::Caller;
use super::super::error::ApiError;
use super::choices::ContractSortName;
use super::groups::{
    Confirmation, ContractKind, ContractStanding, Dates, Department, IntraGroupLoans, LenderId,
    LoanDirection, OneCurrency, OrganizationId, Search,
};
use super::openapi::Groups;
use super::value::given;
use super::values::Whole;
use crate::analytics::ContractSearch;
use crate::domain::PortfolioFilter;
use crate::state::AppState;

type PortfolioGroups = (
    Department,
    Dates,
    OneCurrency,
    OrganizationId,
    ContractKind,
    LenderId,
    LoanDirection,
    IntraGroupLoans,
    Confirmation,
);

/// What every figure can be filtered by.
#[derive(Deserialize)]
pub struct PortfolioParams(PortfolioGroups);

impl IntoParams for PortfolioParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        PortfolioGroups::parameters()
    }
}

impl PortfolioParams {
    /// Returns the filter, which is of all bank accounts and contracts.
    ///
    /// # Errors
    /// [`ApiError`] when the caller may not see the department, or the range ends before it begins.
    pub fn filter(self, state: &AppState, caller: &Caller) -> Result<PortfolioFilter, ApiError> {
        let (
            department,
            dates,
            currency,
            organization,
            contract_type,
            lender,
            direction,
            intra_group,
            confirmation,
        ) = self.0;
        Ok(PortfolioFilter {
            department: caller.department(given(department.department_id))?,
            dates: dates.range()?,
            organization_id: given(organization.organization_id),
            bank_account_id: None,
            contract_id: None,
            currency: currency.or_base(&state.base_currency),
            contract_type: given(contract_type.contract_type),
            lender_id: given(lender.lender_id),
            direction: given(direction.direction),
            intra_group: given(intra_group.intra_group).unwrap_or_default(),
            confirmed: given(confirmation.confirmed),
        })
    }
}

/// A page's number.
pub(in crate::api) type PageNumber = Whole<1, { i64::MAX }, 1>;
/// Contracts a page.
pub(in crate::api) type ContractsAPage = Whole<1, 100, 20>;

/// The order of the figures of contracts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContractSummaryOrder {
    /// The order; with `-` in front, largest first. Left out: `-totalPaid`.
    #[param(inline, example = "-outstanding")]
    sort: Option<ContractSortName>,
}

/// A page of the figures of contracts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Pages {
    /// The page.
    #[serde(default)]
    #[param(inline, example = 1)]
    page: PageNumber,
    /// Contracts a page.
    #[serde(default)]
    #[param(inline, example = 20)]
    limit: ContractsAPage,
}

/// Returns the search that finds contracts; `None` when it leaves all of them.
pub fn contracts_found(search: Search, standing: ContractStanding) -> Option<ContractSearch> {
    let search = ContractSearch {
        search: given(search.search).flatten(),
        status: given(standing.status),
        has_debt: given(standing.has_debt),
        ..ContractSearch::first_page(1)
    };
    search.is_narrow().then_some(search)
}

/// Returns which contracts of a summary are asked for.
pub fn contract_search(
    search: Search,
    standing: ContractStanding,
    order: ContractSummaryOrder,
    pages: &Pages,
) -> ContractSearch {
    ContractSearch {
        search: given(search.search).flatten(),
        status: given(standing.status),
        has_debt: given(standing.has_debt),
        sort: given(order.sort),
        page: pages.page.0,
        limit: pages.limit.0,
    }
}
