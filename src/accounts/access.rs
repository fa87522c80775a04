//! Which department's portfolio an account may see.

use super::directory::Account;
use crate::domain::{DepartmentScope, Role};

/// Why an account may not see what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The role.
    #[error("the role USER sees no credit portfolio")]
    Role,
    /// The department.
    #[error("only members of a finance department see the credit portfolio")]
    NotInFinance,
    /// Another department than the account's own.
    #[error("department {0} is not yours")]
    OtherDepartment(i64),
}

impl Account {
    /// Resolves the department that is asked for (`None`: left out) to what the account may see.
    ///
    /// # Errors
    /// [`AccessError`] when it may see no credit portfolio, or not that department's.
    pub fn scope(
        &self,
        requested: Option<i64>,
        finance_departments: &[i64],
    ) -> Result<DepartmentScope, AccessError> {
        match (self.role, requested) {
            (Role::Admin, None) => Ok(DepartmentScope::All),
            (Role::Admin, Some(id)) => Ok(DepartmentScope::One(id)),
            (Role::User, _) => Err(AccessError::Role),
            (Role::Manager | Role::Accountant | Role::Viewer, _)
                if !finance_departments.contains(&self.department_id) =>
            {
                Err(AccessError::NotInFinance)
            }
            (Role::Manager | Role::Accountant | Role::Viewer, Some(id))
                if id != self.department_id =>
            {
                Err(AccessError::OtherDepartment(id))
            }
            (Role::Manager | Role::Accountant | Role::Viewer, _) => {
                Ok(DepartmentScope::One(self.department_id))
            }
        }
    }
}
