//! What a user may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A user's role, as the HTTP contract names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Sees every department and administers.
    Admin,
    /// Sees the own department, when it is a finance department.
    Manager,
    /// As a manager.
    Accountant,
    /// Sees what a manager sees, and changes nothing.
    Viewer,
    /// Sees nothing of the credit portfolio.
    User,
}

/// A name that is no role.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no role: choose ADMIN, MANAGER, ACCOUNTANT, VIEWER or USER")]
pub struct UnknownRole(String);

impl Role {
    /// All roles.
    pub const ALL: [Role; 5] = [
        Role::Admin,
        Role::Manager,
        Role::Accountant,
        Role::Viewer,
        Role::User,
    ];

    /// The name in tokens, database and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "ADMIN",
            Role::Manager => "MANAGER",
            Role::Accountant => "ACCOUNTANT",
            Role::Viewer => "VIEWER",
            Role::User => "USER",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Role, UnknownRole> {
        Role::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::Role;

    #[test]
    fn roles_are_read_in_any_letter_case_and_others_are_refused_with_their_names() {
        assert_eq!("manager".parse::<Role>().unwrap(), Role::Manager);
        let refused = "boss".parse::<Role>().unwrap_err();
        assert!(refused.to_string().contains("ACCOUNTANT"));
    }
}
