//! Which operations a figure is asked over.

use std::fmt;

use super::{ContractType, Currency, DateRange, Direction, IntraGroup};

/// The departments that a question covers, after authorization resolved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DepartmentScope {
    /// All departments together (administrators only).
    All,
    /// One department, by its id.
    One(i64),
}

impl DepartmentScope {
    /// The one department's id.
    pub fn id(self) -> Option<i64> {
        match self {
            DepartmentScope::All => None,
            DepartmentScope::One(id) => Some(id),
        }
    }
}

impl fmt::Display for DepartmentScope {
    /// As in a cache key: the id, or `None`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DepartmentScope::All => f.write_str("None"),
            DepartmentScope::One(id) => write!(f, "{id}"),
        }
    }
}

/// In place of a lender's id: contracts whose lender is not known. No lender has it.
pub const WITHOUT_LENDER: i64 = 0;

/// The resolved filter of an analytics question. What is not set does not restrict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortfolioFilter {
    /// The resolved department.
    pub department: DepartmentScope,
    /// Days of the operations' documents.
    pub dates: DateRange,
    /// One organization.
    pub organization_id: Option<i64>,
    /// One bank account.
    pub bank_account_id: Option<i64>,
    /// One contract.
    pub contract_id: Option<i64>,
    /// The one currency whose amounts are added.
    pub currency: Currency,
    /// Contracts of one type.
    pub contract_type: Option<ContractType>,
    /// Contracts of one lender, or [`WITHOUT_LENDER`].
    pub lender_id: Option<i64>,
    /// Contracts of one direction; an unknown one counts as borrowed. `None`: flows of all
    /// contracts, balances of borrowed ones.
    pub direction: Option<Direction>,
    /// Whether contracts with the holding's own organizations count.
    pub intra_group: IntraGroup,
    /// Expenses that the bank has confirmed, or has not.
    pub confirmed: Option<bool>,
}

impl PortfolioFilter {
    /// Whether it restricts contracts by what they are, which later operations may change.
    pub fn restricts_contracts(&self) -> bool {
        self.contract_type.is_some()
            || self.lender_id.is_some()
            || self.direction.is_some()
            || self.intra_group != IntraGroup::Include
    }

    /// The filter of everything in a department that is in one currency.
    pub fn of_department(department: DepartmentScope, currency: Currency) -> PortfolioFilter {
        PortfolioFilter {
            department,
            dates: DateRange::ALL,
            organization_id: None,
            bank_account_id: None,
            contract_id: None,
            currency,
            contract_type: None,
            lender_id: None,
            direction: None,
            intra_group: IntraGroup::Include,
            confirmed: None,
        }
    }

    /// The same over other days.
    pub fn over(&self, dates: DateRange) -> PortfolioFilter {
        PortfolioFilter {
            dates,
            ..self.clone()
        }
    }

    /// The direction whose balances are shown.
    pub fn balance_direction(&self) -> Direction {
        self.direction.unwrap_or(Direction::Borrowed)
    }
}
