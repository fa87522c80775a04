//! Changes of accounts: each in one transaction with its line in the audit log and the number that
//! processes look at.
//!
//! The last active ADMIN can't be switched off or given another role: nobody could undo it from
//! outside.

use std::net::IpAddr;

use chrono::{NaiveDateTime, TimeDelta};

use super::api_key::ApiKey;
use super::names::{check_email, check_username, look_alike};
use super::password::{PasswordError, hash_password};
use crate::db::{
    self, ApiKeyRow, Db, DbConn, DbError, NewApiKey, NewAuditEntry, NewUser, ProfileChange,
    RightsChange, UserRow, utc_now,
};
use crate::domain::Role;

/// A user has so many keys that are not revoked at most.
const MOST_KEYS: usize = 20;
/// So many keys are made for a user within a day at most, and so many other e-mail addresses taken:
/// their rows and their lines in the audit log stay.
const MOST_A_DAY: i64 = 50;

/// Who changes an account.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user's id; none for the command line.
    pub user_id: Option<i64>,
    /// The login name, or what stands for it.
    pub name: String,
    /// Where the request came from.
    pub address: Option<IpAddr>,
}

/// A user to be made.
pub struct NewAccount {
    /// The login name.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The full name.
    pub full_name: String,
    /// The password as the user will type it.
    pub password: String,
    /// The role.
    pub role: Role,
    /// The department.
    pub department_id: i64,
}

/// What is to be changed of a user's rights; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// Another role.
    pub role: Option<Role>,
    /// Another department.
    pub department_id: Option<i64>,
    /// Whether the user may log in.
    pub is_active: Option<bool>,
}

/// Why an account can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(String),
    /// There is no such key that is not revoked.
    #[error("there is no API key {0}")]
    NoSuchKey(i64),
    /// A field can't be what it is to be.
    #[error("{field}: {detail}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// What exists does not allow it.
    #[error(transparent)]
    Conflict(#[from] AccountConflict),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// What in the accounts as they are stands against a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountConflict {
    /// The login name can be taken for that of another user.
    #[error("the name can be taken for {0:?}, which exists already")]
    LooksLike(String),
    /// Login name or e-mail address are another user's.
    #[error("a user of that name or e-mail address exists already")]
    Taken,
    /// That user is switched off.
    #[error("user {0} is switched off")]
    SwitchedOff(String),
    /// That user has as many keys as a user may have.
    #[error("{0} has {MOST_KEYS} API keys: revoke one first")]
    TooManyKeys(String),
    /// The same was done so often that it has to wait.
    #[error(
        "there were {MOST_A_DAY} changes of this kind of {0}'s account within a day: try again tomorrow"
    )]
    TooManyToday(String),
    /// Nobody could administer any more.
    #[error("this is the last active ADMIN: make another one first")]
    LastAdmin,
}

impl Actor {
    /// The person at the command line.
    pub fn command_line() -> Actor {
        Actor {
            user_id: None,
            name: "command line".to_owned(),
            address: None,
        }
    }

    fn entry(&self, action: &str, user_id: i64, username: &str, details: String) -> NewAuditEntry {
        NewAuditEntry {
            at: utc_now(),
            actor_id: self.user_id,
            actor: self.name.clone(),
            address: self.address.map(|address| address.to_string()),
            action: action.to_owned(),
            user_id: Some(user_id),
            username: username.to_owned(),
            details: (!details.is_empty()).then_some(details),
        }
    }
}

/// Makes a user and returns its id.
///
/// # Errors
/// [`AccountError`]; a conflict also when a name looks like the one of another user.
pub async fn create_account(
    db: &Db,
    actor: &Actor,
    account: NewAccount,
) -> Result<i64, AccountError> {
    let invalid = |field| move |detail| AccountError::Invalid { field, detail };
    check_username(&account.username).map_err(invalid("username"))?;
    check_email(&account.email).map_err(invalid("email"))?;
    let now = utc_now();
    let department_id = account.department_id;
    let user = NewUser {
        department_id,
        username: account.username,
        email: account.email,
        password_hash: hash_password(account.password).await?,
        full_name: account.full_name,
        role: account.role.to_string(),
        created_at: now,
        updated_at: now,
    };
    db.write(async |conn| {
        // Nobody makes a user meanwhile.
        db::raise_account_generation(conn).await?;
        let names = db::list_accounts(conn).await?;
        if let Some(other) = names
            .iter()
            .find(|row| row.username != user.username && look_alike(&row.username, &user.username))
        {
            return Err(AccountConflict::LooksLike(other.username.clone()).into());
        }
        let (name, role) = (user.username.clone(), user.role.clone());
        let id = db::insert_user(conn, user).await.map_err(|err| match err {
            DbError::Duplicate => AccountConflict::Taken.into(),
            DbError::NoSuchReference => AccountError::Invalid {
                field: "department_id",
                detail: format!("there is no department {department_id}"),
            },
            other => other.into(),
        })?;
        let details = format!("role {role}, department {department_id}");
        let entry = actor.entry("user.created", id, &name, details);
        Ok(db::insert_audit_entry(conn, entry).await.map(|()| id)?)
    })
    .await
}

/// Changes a user's rights. Tokens that were issued before are refused from then on.
///
/// # Errors
/// [`AccountError`]; a conflict when the last active ADMIN would be lost.
pub async fn change_account(
    db: &Db,
    actor: &Actor,
    user_id: i64,
    change: AccountChange,
) -> Result<(), AccountError> {
    db.write(async |conn| {
        db::raise_account_generation(conn).await?;
        let user = existing(conn, user_id).await?;
        let mut details = Vec::new();
        if let Some(role) = change.role.filter(|role| role.as_str() != user.role) {
            details.push(format!("role {} to {role}", user.role));
        }
        let moved = change
            .department_id
            .filter(|department| *department != user.department_id);
        if let Some(department) = moved {
            details.push(format!("department {} to {department}", user.department_id));
        }
        match change
            .is_active
            .filter(|is_active| *is_active != user.is_active)
        {
            Some(true) => details.push("activated".to_owned()),
            Some(false) => details.push("deactivated".to_owned()),
            None => {}
        }
        if details.is_empty() {
            return Ok(());
        }
        let stays_admin = change.role.is_none_or(|role| role == Role::Admin)
            && change.is_active.unwrap_or(user.is_active);
        if is_active_admin(&user.role, user.is_active) && !stays_admin {
            keep_an_admin(conn, user_id).await?;
        }
        let rights = RightsChange {
            role: change.role.map(|role| role.to_string()),
            department_id: change.department_id,
            is_active: change.is_active,
            password_hash: None,
        };
        db::change_rights(conn, user_id, &rights)
            .await
            .map_err(|err| match (err, change.department_id) {
                (DbError::NoSuchReference, Some(id)) => AccountError::Invalid {
                    field: "department_id",
                    detail: format!("there is no department {id}"),
                },
                (other, _) => other.into(),
            })?;
        let entry = actor.entry("user.changed", user_id, &user.username, details.join(", "));
        Ok(db::insert_audit_entry(conn, entry).await?)
    })
    .await
}

/// Changes a user's own profile. Another e-mail address, by which the user may log in, stands in the
/// audit log.
///
/// # Errors
/// [`AccountError`]; a conflict when another user has the e-mail address.
pub async fn change_profile(
    db: &Db,
    actor: &Actor,
    user_id: i64,
    change: &ProfileChange,
) -> Result<(), AccountError> {
    db.write(async |conn| {
        if change.email.is_some() {
            // Nobody takes the same address meanwhile.
            db::raise_account_generation(conn).await?;
        }
        let user = existing(conn, user_id).await?;
        db::update_profile(conn, user_id, change)
            .await
            .map_err(|err| match err {
                DbError::Duplicate => AccountConflict::Taken.into(),
                other => AccountError::from(other),
            })?;
        let Some(email) = change.email.as_ref().filter(|new| **new != user.email) else {
            return Ok(());
        };
        check_number_today(conn, &user, "user.changed").await?;
        let details = format!("e-mail address {} to {email}", user.email);
        let entry = actor.entry("user.changed", user_id, &user.username, details);
        Ok(db::insert_audit_entry(conn, entry).await?)
    })
    .await
}

/// Sets another password. Tokens that were issued before are refused from then on.
///
/// # Errors
/// [`AccountError`].
pub async fn set_password(
    db: &Db,
    actor: &Actor,
    user_id: i64,
    password: String,
) -> Result<(), AccountError> {
    let hash = hash_password(password).await?;
    let change = RightsChange {
        password_hash: Some(hash),
        ..RightsChange::default()
    };
    raise_version(db, actor, user_id, "user.password_set", change).await
}

/// Logs a user out everywhere: tokens that were issued before are refused from then on. API keys
/// stay.
///
/// # Errors
/// [`AccountError`].
pub async fn log_out(db: &Db, actor: &Actor, user_id: i64) -> Result<(), AccountError> {
    let change = RightsChange::default();
    raise_version(db, actor, user_id, "user.logged_out", change).await
}

async fn raise_version(
    db: &Db,
    actor: &Actor,
    user_id: i64,
    action: &str,
    change: RightsChange,
) -> Result<(), AccountError> {
    db.write(async |conn| {
        db::raise_account_generation(conn).await?;
        let user = existing(conn, user_id).await?;
        db::change_rights(conn, user_id, &change).await?;
        let entry = actor.entry(action, user_id, &user.username, String::new());
        Ok(db::insert_audit_entry(conn, entry).await?)
    })
    .await
}

/// Makes an API key for a user; returns its row and the key, which is shown once.
///
/// # Errors
/// [`AccountError`]; a conflict when the user has too many keys or is switched off.
pub async fn create_api_key(
    db: &Db,
    actor: &Actor,
    user_id: i64,
    name: String,
    expires_at: Option<NaiveDateTime>,
) -> Result<(ApiKeyRow, ApiKey), AccountError> {
    let key = ApiKey::generate();
    let new = NewApiKey {
        user_id,
        name,
        key_hash: key.hash().as_str().to_owned(),
        hint: key.hint(),
        created_at: utc_now(),
        expires_at,
    };
    let row = db
        .write(async |conn| {
            db::raise_account_generation(conn).await?;
            let owner = existing(conn, user_id).await?;
            if !owner.is_active {
                return Err(AccountConflict::SwitchedOff(owner.username).into());
            }
            check_number_today(conn, &owner, "key.created").await?;
            let valid = db::list_valid_keys(conn).await?;
            if valid.iter().filter(|key| key.user_id == user_id).count() >= MOST_KEYS {
                return Err(AccountConflict::TooManyKeys(owner.username).into());
            }
            let details = format!("{} ({})", new.name, new.hint);
            let id = db::insert_api_key(conn, new).await?;
            let entry = actor.entry("key.created", user_id, &owner.username, details);
            db::insert_audit_entry(conn, entry).await?;
            let row = db::find_api_key(conn, id).await?;
            row.ok_or(AccountError::NoSuchKey(id))
        })
        .await?;
    Ok((row, key))
}

/// Revokes an API key.
///
/// # Errors
/// [`AccountError`].
pub async fn revoke_api_key(db: &Db, actor: &Actor, key: &ApiKeyRow) -> Result<(), AccountError> {
    db.write(async |conn| {
        db::raise_account_generation(conn).await?;
        if !db::revoke_api_key(conn, key.id).await? {
            return Err(AccountError::NoSuchKey(key.id));
        }
        let details = format!("{} ({})", key.name, key.hint);
        let entry = actor.entry("key.revoked", key.user_id, &key.username, details);
        Ok(db::insert_audit_entry(conn, entry).await?)
    })
    .await
}

async fn existing(conn: &mut DbConn, user_id: i64) -> Result<UserRow, AccountError> {
    let user = db::find_user_by_id(conn, user_id).await?;
    user.ok_or_else(|| AccountError::NoSuchUser(user_id.to_string()))
}

/// Refuses an action that is done again and again.
async fn check_number_today(
    conn: &mut DbConn,
    user: &UserRow,
    action: &str,
) -> Result<(), AccountError> {
    let since = utc_now() - TimeDelta::days(1);
    match db::count_audit_entries(conn, user.id, action, since).await? {
        MOST_A_DAY.. => Err(AccountConflict::TooManyToday(user.username.clone()).into()),
        _ => Ok(()),
    }
}

fn is_active_admin(role: &str, is_active: bool) -> bool {
    is_active && role == Role::Admin.as_str()
}

async fn keep_an_admin(conn: &mut DbConn, lost: i64) -> Result<(), AccountError> {
    let accounts = db::list_accounts(conn).await?;
    let has_other = accounts
        .iter()
        .any(|row| row.id != lost && is_active_admin(&row.role, row.is_active));
    has_other
        .then_some(())
        .ok_or(AccountConflict::LastAdmin.into())
}
