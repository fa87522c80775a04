//! The groups of parameters that endpoints share.
//!
//! They have no `deny_unknown_fields`: what no group of a query takes is refused when all are read.

use serde::Deserialize;
use utoipa::IntoParams;

use super::super::error::ApiError;
use super::choices::{
    AdjustmentKindName, ContractOrderName, ContractStatusName, ContractTypeName, DebtGroupName,
    DirectionName, IntraGroupName, MeasureName, RollForwardGroupName,
};
use super::value::given;
use super::values::{Amount, CurrencyCode, Day, Id, LenderChoice, SearchText, Switch, Text};
use crate::domain::{Currency, DateRange};

/// The department.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Department {
    /// The department. Left out: the caller's own; for ADMIN, all together (a new row: the own).
    #[param(inline, example = 8)]
    pub department_id: Option<Id>,
}

/// A run of the import.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RunId {
    /// One run only; left out, all.
    #[param(inline, example = 1)]
    pub run_id: Option<Id>,
}

/// A user.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserId {
    /// One user; left out, all.
    #[param(inline, example = 1)]
    pub user_id: Option<Id>,
}

/// The range of days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Dates {
    /// The first day.
    #[param(inline, example = "2024-01-01")]
    pub date_from: Option<Day>,
    /// The last day, not before `date_from`.
    #[param(inline, example = "2024-12-31")]
    pub date_to: Option<Day>,
}

impl Dates {
    /// Returns the range.
    ///
    /// # Errors
    /// [`ApiError`] when it ends before it begins.
    pub fn range(self) -> Result<DateRange, ApiError> {
        DateRange::new(given(self.date_from), given(self.date_to))
            .map_err(|err| ApiError::invalid("date_from", err.to_string()))
    }
}

/// The currency.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OneCurrency {
    /// The currency of the figures; left out, the base currency. Amounts of others are not added in.
    #[param(inline, example = "RUB")]
    pub currency: Option<CurrencyCode>,
}

impl OneCurrency {
    /// Returns the currency; left out, the base currency.
    pub fn or_base(self, base: &Currency) -> Currency {
        given(self.currency).unwrap_or_else(|| base.clone())
    }
}

/// An organization.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrganizationId {
    /// One organization only.
    #[param(inline, example = 1)]
    pub organization_id: Option<Id>,
}

/// A bank account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BankAccountId {
    /// One bank account only.
    #[param(inline, example = 3)]
    pub bank_account_id: Option<Id>,
}

/// A contract.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContractId {
    /// One contract only.
    #[param(inline, example = 5)]
    pub contract_id: Option<Id>,
}

/// An expense.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExpenseId {
    /// The details of one expense: its operation id.
    #[param(
        inline,
        example = "Списание с расчетного счета 0000-000009 от 25.03.2024 12:00:00"
    )]
    pub expense_operation_id: Option<Text>,
}

/// Whether rows are active.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Activity {
    /// Active or closed ones only.
    #[param(inline, example = true)]
    pub is_active: Option<Switch>,
}

/// The type of contracts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContractKind {
    /// Of a bank, or of another lender.
    #[param(inline, example = "credit")]
    pub contract_type: Option<ContractTypeName>,
}

/// A lender.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LenderId {
    /// Contracts of one lender only; 0: those whose lender is not known.
    #[param(inline, example = 2)]
    pub lender_id: Option<LenderChoice>,
}

/// Which side of a loan the holding is on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LoanDirection {
    /// `borrowed`: owed by us, unknown directions included; `lent`: loans given, with what is owed
    /// to us as the balance. Left out: flows of all contracts, balances of borrowed ones.
    #[param(inline, example = "borrowed")]
    pub direction: Option<DirectionName>,
}

/// Contracts within the holding.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IntraGroupLoans {
    /// Contracts whose other party is one of the holding's own organizations: counted, left out, or
    /// only they.
    #[param(inline, example = "exclude")]
    pub intra_group: Option<IntraGroupName>,
}

/// Whether expenses are confirmed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Confirmation {
    /// `true` leaves expenses out that the bank has not confirmed, `false` counts only them.
    #[param(inline, example = true)]
    pub confirmed: Option<Switch>,
}

/// What became of contracts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContractStanding {
    /// Contracts of one status at the end of the range.
    #[param(inline, example = "open")]
    pub status: Option<ContractStatusName>,
    /// Contracts with a positive balance, or without one.
    #[param(inline, example = true)]
    pub has_debt: Option<Switch>,
}

/// The order of the list of contracts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContractListOrder {
    /// The order; with `-` in front, largest first. Left out: by id.
    #[param(inline, example = "-outstanding")]
    pub sort: Option<ContractOrderName>,
}

/// A part of a contract's names.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// A part of number, organization or counterparty, in any letter case.
    #[param(inline, example = "банк")]
    pub search: Option<SearchText>,
}

/// What operations are searched by.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AmountsAndSearch {
    /// The smallest amount, in the operation's currency.
    #[param(inline, example = "1000")]
    pub amount_from: Option<Amount>,
    /// The largest amount, in the operation's currency.
    #[param(inline, example = "1250000.50")]
    pub amount_to: Option<Amount>,
    /// A part of purpose, other party, operation id, contract or document number, in any letter
    /// case.
    #[param(inline, example = "банк")]
    pub search: Option<SearchText>,
}

/// The kind of adjustments.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdjustmentKindFilter {
    /// Adjustments of one kind.
    #[param(inline, example = "opening_balance")]
    pub kind: Option<AdjustmentKindName>,
}

/// Which figure.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FigureMeasure {
    /// Which figure: a flow of the range (receipts … net), what moved balances in it (drawn …
    /// contract_other), or a balance at `as_of`. Left out: `amount`, receipts and expenses alike.
    #[param(inline, example = "principal")]
    pub measure: Option<MeasureName>,
}

/// The rows of balances.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Grouping {
    /// What the balance is kept apart by; `counterparty` is the older name of `lender`.
    #[param(inline, example = "lender")]
    pub group_by: Option<DebtGroupName>,
}

/// The rows of a roll-forward.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RollForwardGrouping {
    /// What the rows are; left out, contracts.
    #[param(inline, example = "lender")]
    pub group_by: Option<RollForwardGroupName>,
}

/// Whether an import is waited for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Waiting {
    /// `false`: answer 202 at once.
    #[param(inline, example = true)]
    pub wait: Option<Switch>,
}

impl Waiting {
    /// Returns whether the answer is the end of the import.
    pub fn waits(self) -> bool {
        given(self.wait).unwrap_or(true)
    }
}

/// How an import is done.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportOptions {
    /// `true`: tell what a run would do, and do nothing.
    #[param(inline, example = false)]
    pub dry_run: Option<Switch>,
    /// `true`: import files again that are unchanged, or were left alone after failures.
    #[param(inline, example = false)]
    pub force: Option<Switch>,
}
