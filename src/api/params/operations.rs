//! The filter of receipts and expenses.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::super::caller::Caller;
use super::super::error::ApiError;
use super::groups::{
    AmountsAndSearch, BankAccountId, ContractId, ContractKind, Dates, Department, LenderId,
    OrganizationId,
};
use super::openapi::Groups;
use super::value::given;
use crate::db::OperationFilter;

type OperationGroups = (
    Department,
    Dates,
    OrganizationId,
    BankAccountId,
    ContractId,
    LenderId,
    ContractKind,
    AmountsAndSearch,
);

/// What lists of receipts and expenses, and their totals, can be filtered by.
#[derive(Deserialize)]
pub struct OperationParams(OperationGroups);

impl IntoParams for OperationParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        OperationGroups::parameters()
    }
}

impl OperationParams {
    /// Returns the filter.
    ///
    /// # Errors
    /// [`ApiError`] when the caller may not see the department, or a range ends before it begins.
    pub fn filter(self, caller: &Caller) -> Result<OperationFilter, ApiError> {
        let (department, dates, organization, account, contract, lender, kind, rest) = self.0;
        let filter = OperationFilter {
            dates: dates.range()?,
            organization_id: given(organization.organization_id),
            bank_account_id: given(account.bank_account_id),
            contract_id: given(contract.contract_id),
            lender_id: given(lender.lender_id),
            contract_type: given(kind.contract_type),
            amount_from: given(rest.amount_from),
            amount_to: given(rest.amount_to),
            search: given(rest.search).flatten(),
            ..OperationFilter::all(caller.department(given(department.department_id))?)
        };
        if let (Some(from), Some(to)) = (filter.amount_from, filter.amount_to)
            && from > to
        {
            return Err(ApiError::invalid(
                "amount_from",
                format!("{from} is more than amount_to {to}"),
            ));
        }
        Ok(filter)
    }
}
