//! `user`: makes users, sets passwords, and changes who may log in with which rights.
//!
//! A password is asked for without echo, or read from standard input when that is no terminal; it
//! never stands on the command line, where others could see it.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use crate::accounts::{
    AccountChange, AccountError, Actor, NewAccount, change_account, check_email, create_account,
    log_out, set_password,
};
use crate::app::{open_database, open_existing_database};
use crate::config::Settings;
use crate::db::{self, Db};
use crate::domain::Role;

#[derive(Args)]
pub struct User {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make a user.
    Create(Create),
    /// List the users.
    List,
    /// Set another password; ends the user's access tokens.
    SetPassword(Username),
    /// Keep a user from logging in; ends the user's access tokens and API keys.
    Deactivate(Username),
    /// Let a user log in again.
    Activate(Username),
    /// Give a user another role; ends the user's access tokens.
    SetRole {
        #[command(flatten)]
        user: Username,
        /// ADMIN, MANAGER, ACCOUNTANT, VIEWER or USER.
        #[arg(long)]
        role: Role,
    },
    /// Move a user to another department; ends the user's access tokens.
    SetDepartment {
        #[command(flatten)]
        user: Username,
        /// The department's id.
        #[arg(long)]
        department: i64,
    },
    /// End a user's access tokens; API keys stay.
    Logout(Username),
}

#[derive(Args)]
struct Username {
    /// The login name.
    #[arg(long)]
    username: String,
}

#[derive(Args)]
struct Create {
    /// The login name.
    #[arg(long)]
    username: String,
    /// ADMIN, MANAGER, ACCOUNTANT, VIEWER or USER.
    #[arg(long)]
    role: Role,
    /// The department's id; without it, the first finance department.
    #[arg(long)]
    department: Option<i64>,
    /// The e-mail address; without it, NAME@localhost.
    #[arg(long)]
    email: Option<String>,
    /// The full name; without it, the login name.
    #[arg(long)]
    full_name: Option<String>,
}

impl User {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let db = match self.command {
            // The first user of a new installation.
            UserCommand::Create(_) => open_database(settings, true).await?,
            _ => open_existing_database(settings).await?,
        };
        let actor = Actor::command_line();
        match self.command {
            UserCommand::Create(create) => return create.run(&db, &actor, settings).await,
            UserCommand::List => return list(&db).await,
            UserCommand::SetPassword(user) => {
                let id = user.id(&db).await?;
                set_password(&db, &actor, id, read_password()?).await?;
                println!("The password of {} is set.", user.username);
            }
            UserCommand::Deactivate(user) => {
                user.change(&db, &actor, is_active(false)).await?;
                println!("{} can't log in any more.", user.username);
            }
            UserCommand::Activate(user) => {
                user.change(&db, &actor, is_active(true)).await?;
                println!("{} may log in.", user.username);
            }
            UserCommand::SetRole { user, role } => {
                let change = AccountChange {
                    role: Some(role),
                    ..AccountChange::default()
                };
                user.change(&db, &actor, change).await?;
                println!("{} has the role {role}.", user.username);
            }
            UserCommand::SetDepartment { user, department } => {
                let change = AccountChange {
                    department_id: Some(department),
                    ..AccountChange::default()
                };
                user.change(&db, &actor, change).await?;
                println!("{} belongs to department {department}.", user.username);
            }
            UserCommand::Logout(user) => {
                log_out(&db, &actor, user.id(&db).await?).await?;
                println!("{} is logged out everywhere.", user.username);
            }
        }
        Ok(())
    }
}

impl Create {
    async fn run(self, db: &Db, actor: &Actor, settings: &Settings) -> anyhow::Result<()> {
        let username = self.username.trim().to_owned();
        let account = NewAccount {
            department_id: self
                .department
                .unwrap_or_else(|| settings.import_department()),
            email: match self.email {
                Some(email) => email,
                None => default_email(&username)?,
            },
            full_name: self.full_name.unwrap_or_else(|| username.clone()),
            password: read_password()?,
            role: self.role,
            username: username.clone(),
        };
        let id = create_account(db, actor, account).await?;
        println!("User {username} has the id {id}.");
        Ok(())
    }
}

impl Username {
    async fn id(&self, db: &Db) -> anyhow::Result<i64> {
        let user = db::find_user(&mut db.conn().await?, &self.username).await?;
        match user {
            Some(user) => Ok(user.id),
            None => Err(AccountError::NoSuchUser(self.username.clone()).into()),
        }
    }

    async fn change(&self, db: &Db, actor: &Actor, change: AccountChange) -> anyhow::Result<()> {
        change_account(db, actor, self.id(db).await?, change).await?;
        Ok(())
    }
}

fn is_active(is_active: bool) -> AccountChange {
    AccountChange {
        is_active: Some(is_active),
        ..AccountChange::default()
    }
}

/// Returns an address for a user without one.
fn default_email(username: &str) -> anyhow::Result<String> {
    let email = format!("{username}@localhost");
    if check_email(&email).is_err() {
        bail!("--email is needed: {email} would be no e-mail address");
    }
    Ok(email)
}

async fn list(db: &Db) -> anyhow::Result<()> {
    for user in db::list_users(&mut db.conn().await?).await? {
        println!(
            "{}\t{}\tdepartment {}\t{}\tlast login {}",
            user.username,
            user.role,
            user.department_id,
            if user.is_active {
                "active"
            } else {
                "deactivated"
            },
            user.last_login.map_or_else(
                || "never".to_owned(),
                |at| format!("{}", at.format("%Y-%m-%d %H:%M"))
            ),
        );
    }
    Ok(())
}

fn read_password() -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .context("no password on standard input")?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("Password: ")?;
    if password != rpassword::prompt_password("The same again: ")? {
        bail!("the two are not the same");
    }
    Ok(password)
}
