//! `demo`: the main job, end to end, in one process and without settings.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use rand::distr::{Alphanumeric, SampleString};

use crate::accounts::{Actor, NewAccount, create_account};
use crate::app::RunningApp;
use crate::config::{Secret, Settings};
use crate::db;
use crate::demo::{DemoFtpServer, Portfolio, write_exports};
use crate::domain::Role;
use crate::import::ImportRequest;

const FTP_USER: &str = "1c";

#[derive(Args)]
pub struct Demo {
    /// About how many rows the workbooks have together.
    #[arg(long, default_value_t = 3000)]
    rows: usize,
    /// Keep database and workbooks in this folder instead of a temporary one.
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8000")]
    bind: SocketAddr,
}

impl Demo {
    pub async fn run(self) -> anyhow::Result<()> {
        let temporary = tempfile::Builder::new()
            .prefix("credit-portfolio-demo-")
            .tempdir()?;
        let folder = self.dir.as_deref().unwrap_or(temporary.path());
        let exports = folder.join("ftp");
        println!(
            "Writing the exports of an invented holding to {} …",
            exports.display()
        );
        write_exports(
            &Portfolio::invented(self.rows, chrono::Local::now().date_naive()),
            &exports,
        )?;
        let database = folder.join("demo.db");
        remove_database(&database)?;
        let ftp_password = Secret::new(random_text());
        let ftp = DemoFtpServer::start(exports, FTP_USER, &ftp_password).await?;
        let app =
            RunningApp::start(&settings(&database, &ftp, &ftp_password, self.bind)?, true).await?;
        println!("Importing them from ftp://{} …", ftp.address);
        let started = app
            .state
            .import
            .run(ImportRequest::now(app.state.import_sources.clone(), "demo"))
            .await?;
        let report = started
            .ended
            .await
            .context("the import broke off; the log says why")??;
        println!(
            "{} (a real folder holds files that are no exports, too).",
            report.message
        );
        let admin = make_admin(&app).await?;
        print_usage(app.address, &admin);
        app.ended().await
    }
}

/// The demo's settings come from here alone: whatever stands in the environment is not touched.
fn settings(
    database: &Path,
    ftp: &DemoFtpServer,
    password: &Secret,
    bind: SocketAddr,
) -> anyhow::Result<Settings> {
    let values = [
        ("DATABASE_URL", format!("sqlite://{}", database.display())),
        ("USE_REDIS", "false".to_owned()),
        ("FTP_HOST", ftp.address.ip().to_string()),
        ("FTP_PORT", ftp.address.port().to_string()),
        ("FTP_USER", FTP_USER.to_owned()),
        ("FTP_PASSWORD", password.expose().to_owned()),
        ("SECRET_KEY", random_text() + &random_text()),
        ("IMPORT_SETTLE_SECONDS", "0".to_owned()),
        ("BIND", bind.to_string()),
        ("SHUTDOWN_DELAY_SECONDS", "0".to_owned()),
        // It serves plain HTTP.
        ("COOKIE_SECURE", "false".to_owned()),
    ];
    let value = |name: &str| {
        values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    };
    Ok(Settings::from_sources(None, value)?)
}

/// An administrator, and what signs in as such.
struct Admin {
    password: String,
    token: String,
    /// Of a link that signs in once.
    link_token: String,
}

async fn make_admin(app: &RunningApp) -> anyhow::Result<Admin> {
    let password = random_text();
    let account = NewAccount {
        username: "admin".to_owned(),
        email: "admin@localhost".to_owned(),
        full_name: "Demo Admin".to_owned(),
        password: password.clone(),
        role: Role::Admin,
        department_id: app.state.import_department,
    };
    create_account(&app.state.db, &Actor::command_line(), account).await?;
    let user = db::find_user(&mut app.state.db.conn().await?, "admin").await?;
    let user = user.context("the user just made is gone")?;
    Ok(Admin {
        password,
        token: app.state.tokens.issue(&user)?,
        link_token: app.state.sessions.link_for(user.id),
    })
}

fn print_usage(address: SocketAddr, admin: &Admin) {
    let Admin {
        password,
        token,
        link_token,
    } = admin;
    let base = format!("http://{address}/api/v1/credit-portfolio");
    println!(
        "\nServing on http://{address} until Ctrl-C.\n\n  login     admin\n  password  {password}\n  token     {token}\n"
    );
    println!(
        "The dashboard (this link signs in once, within 15 minutes; later sign in as admin):\n\n  \
         http://{address}/sign-in/once?token={link_token}\n"
    );
    println!("Ask it (a second time, Cache-Status shows a hit):\n");
    for path in [
        "summary",
        "monthly-stats?date_from=2025-01-01",
        "analytics/monthly-efficiency",
    ] {
        println!("curl -si -H 'Authorization: Bearer {token}' '{base}/{path}'\n");
    }
}

fn remove_database(path: &Path) -> anyhow::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{ending}", path.display()));
        match std::fs::remove_file(&file) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
                return Err(err).with_context(|| format!("{} can't be replaced", file.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Twenty random letters and digits.
fn random_text() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 20)
}
