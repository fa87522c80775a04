//! Words for accounts: roles, actions of the audit log, and why a change is refused.

use i18n_embed_fl::fl;

use super::error::PageError;
use super::texts::Texts;
use crate::accounts::{AccountConflict, AccountError, PasswordError};
use crate::domain::Role;

/// Returns the words for a role.
pub(crate) fn role_name(t: &Texts, role: Role) -> String {
    match role {
        Role::Admin => fl!(t, "role-admin"),
        Role::Manager => fl!(t, "role-manager"),
        Role::Accountant => fl!(t, "role-accountant"),
        Role::Viewer => fl!(t, "role-viewer"),
        Role::User => fl!(t, "role-user"),
    }
}

/// Returns the words for an action of the audit log.
pub(crate) fn action_name(t: &Texts, action: &str) -> String {
    match action {
        "user.created" => fl!(t, "action-user-created"),
        "user.changed" => fl!(t, "action-user-changed"),
        "user.password_set" => fl!(t, "action-password-set"),
        "user.logged_out" => fl!(t, "action-logged-out"),
        "key.created" => fl!(t, "action-key-created"),
        "key.revoked" => fl!(t, "action-key-revoked"),
        other => other.to_owned(),
    }
}

/// Returns what a form is answered with whose change is refused.
///
/// # Errors
/// [`PageError`] for what the form can't help.
pub(crate) fn why_refused(t: &Texts, err: AccountError) -> Result<String, PageError> {
    Ok(match err {
        AccountError::Invalid { field, .. } => match field {
            "username" => fl!(t, "refused-username"),
            "email" => fl!(t, "refused-email"),
            "department_id" => fl!(t, "refused-department"),
            other => return Err(PageError::Address(other.to_owned())),
        },
        AccountError::Conflict(conflict) => match conflict {
            AccountConflict::LooksLike(other) => fl!(t, "refused-looks-like", other = other),
            AccountConflict::Taken => fl!(t, "refused-taken"),
            AccountConflict::SwitchedOff(name) => fl!(t, "refused-switched-off", name = name),
            AccountConflict::TooManyKeys(name) => fl!(t, "refused-too-many-keys", name = name),
            AccountConflict::TooManyToday(name) => fl!(t, "refused-too-many-today", name = name),
            AccountConflict::LastAdmin => fl!(t, "refused-last-admin"),
        },
        AccountError::Password(PasswordError::Length) => fl!(t, "new-password-length"),
        other => return Err(other.into()),
    })
}
