//! `user`: make users and set passwords.
//!
//! A password is asked for without echo, or read from standard input when that is no terminal; it
//! never stands on the command line, where others could see it.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use crate::accounts::hash_password;
use crate::app::open_database;
use crate::config::Settings;
use crate::db::{self, DbError, NewUser, utc_now};
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
    /// Set another password.
    SetPassword {
        /// The login name.
        #[arg(long)]
        username: String,
    },
}

#[derive(Args)]
struct Create {
    /// The login name.
    #[arg(long)]
    username: String,
    /// ADMIN, MANAGER, ACCOUNTANT or USER.
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
        let database = open_database(settings, true).await?;
        match self.command {
            UserCommand::Create(create) => {
                let username = create.username.trim().to_owned();
                if username.is_empty() {
                    bail!("--username is empty");
                }
                let password_hash = hash_password(read_password()?).await?;
                let now = utc_now();
                let user = NewUser {
                    department_id: create
                        .department
                        .unwrap_or_else(|| settings.import_department()),
                    email: create
                        .email
                        .unwrap_or_else(|| format!("{username}@localhost")),
                    full_name: create.full_name.unwrap_or_else(|| username.clone()),
                    password_hash,
                    role: create.role.to_string(),
                    username: username.clone(),
                    created_at: now,
                    updated_at: now,
                };
                let id = database
                    .write(async |conn| db::insert_user(conn, user).await)
                    .await
                    .map_err(explained)?;
                println!("User {username} has the id {id}.");
            }
            UserCommand::SetPassword { username } => {
                let hash = hash_password(read_password()?).await?;
                let set = async |conn: &mut db::DbConn| {
                    db::set_password_hash(conn, &username, &hash).await
                };
                if !database.write(set).await? {
                    bail!("there is no user {username}");
                }
                println!("The password of {username} is set.");
            }
        }
        Ok(())
    }
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

fn explained(err: DbError) -> anyhow::Error {
    match err {
        DbError::Duplicate => {
            anyhow::anyhow!("a user of that name or e-mail address exists already")
        }
        DbError::NoSuchReference => anyhow::anyhow!("there is no department of that id"),
        other => other.into(),
    }
}
