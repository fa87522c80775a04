//! Which operations a figure is asked over.

use std::fmt;

use super::{Currency, DateRange};

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
}
