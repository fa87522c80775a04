//! The program under test, started by the same function as in production.

mod requests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use credit_portfolio::app::{RunningApp, import_context};
use credit_portfolio::config::{Secret, Settings};
use credit_portfolio::demo::DemoFtpServer;
use credit_portfolio::domain::{Clock, Role};
use credit_portfolio::import::{EventSink, ImportRequest, RunReport, Source, run_once};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use reqwest::Method;
use tempfile::TempDir;

use super::servers::{Postgres, Redis, psql};

pub use requests::{Answer, ids};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

pub const DEPARTMENT: i64 = 8;
pub const OTHER_DEPARTMENT: i64 = 9;
pub const FTP_USER: &str = "1c";
pub const FTP_PASSWORD: &str = "only for tests";
pub const SECRET_KEY: &str = "a secret key that only tests know of";

/// The program, with a database and an FTP folder of its own. Finance departments are 8 and 9.
pub struct TestApp {
    pub settings: Settings,
    pub running: RunningApp,
    pub database_url: String,
    pub folder: Arc<TempDir>,
    _ftp: Option<Arc<DemoFtpServer>>,
    http: reqwest::Client,
}

/// The day that the program believes in unless a test moves its clock.
pub const TODAY: &str = "2026-11-25";

/// Noon of a day in UTC: the same day in Moscow.
pub fn noon_of(day: &str) -> DateTime<Utc> {
    format!("{day}T12:00:00Z").parse().unwrap()
}

impl TestApp {
    /// Starts it without Redis.
    pub async fn start(backend: Backend) -> TestApp {
        TestApp::start_with(backend, &[("USE_REDIS", "false")]).await
    }

    /// Starts it with that Redis.
    pub async fn start_with_redis(backend: Backend, redis: &Redis) -> TestApp {
        let port = redis.port.to_string();
        TestApp::start_with(
            backend,
            &[("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", &port)],
        )
        .await
    }

    /// Starts it with settings over the tests' own.
    pub async fn start_with(backend: Backend, settings: &[(&str, &str)]) -> TestApp {
        let folder = tempfile::Builder::new()
            .prefix("cp-test-")
            .tempdir()
            .unwrap();
        let database_url = match backend {
            Backend::Sqlite => format!("sqlite://{}", folder.path().join("test.db").display()),
            Backend::Postgres => tokio::task::spawn_blocking(Postgres::fresh_database)
                .await
                .unwrap(),
        };
        TestApp::start_on(Arc::new(folder), database_url, settings).await
    }

    /// Starts it without Redis on a database that a dump makes.
    pub async fn start_from(backend: Backend, dump: &str) -> TestApp {
        let folder = tempfile::Builder::new()
            .prefix("cp-test-")
            .tempdir()
            .unwrap();
        let database_url = match backend {
            Backend::Sqlite => {
                let path = folder.path().join("test.db").display().to_string();
                SqliteConnection::establish(&path)
                    .unwrap()
                    .batch_execute(dump)
                    .unwrap();
                format!("sqlite://{path}")
            }
            Backend::Postgres => {
                let url = tokio::task::spawn_blocking(Postgres::empty_database)
                    .await
                    .unwrap();
                psql(&url, dump).unwrap();
                url
            }
        };
        TestApp::start_on(Arc::new(folder), database_url, &[("USE_REDIS", "false")]).await
    }

    /// Starts it on a database that is there, with settings over the tests' own.
    pub async fn start_at(database_url: &str, settings: &[(&str, &str)]) -> TestApp {
        let folder = tempfile::Builder::new()
            .prefix("cp-test-")
            .tempdir()
            .unwrap();
        TestApp::start_on(Arc::new(folder), database_url.to_owned(), settings).await
    }

    async fn start_on(
        folder: Arc<TempDir>,
        database_url: String,
        overrides: &[(&str, &str)],
    ) -> TestApp {
        let files = folder.path().join("ftp");
        std::fs::create_dir_all(&files).unwrap();
        let ftp = DemoFtpServer::start(files, FTP_USER, &Secret::new(FTP_PASSWORD))
            .await
            .unwrap();
        let ftp_port = ftp.address.port().to_string();
        let mut values: HashMap<&str, &str> = HashMap::from([
            ("DATABASE_URL", database_url.as_str()),
            ("DATABASE_TIMEOUT_MS", "30000"),
            ("FTP_HOST", "127.0.0.1"),
            ("FTP_PORT", &ftp_port),
            ("FTP_USER", FTP_USER),
            ("FTP_PASSWORD", FTP_PASSWORD),
            ("FTP_TIMEOUT_MS", "5000"),
            ("IMPORT_ENABLED", "false"),
            ("IMPORT_SETTLE_SECONDS", "0"),
            ("FINANCE_DEPARTMENT_ID", "8,9"),
            ("SECRET_KEY", SECRET_KEY),
            ("BIND", "127.0.0.1:0"),
        ]);
        values.extend(overrides.iter().copied());
        let mut settings = Settings::from_sources(None, |name| {
            values.get(name).map(|value| (*value).to_owned())
        })
        .unwrap();
        settings.cache.clock = Clock::fixed(settings.import.timezone, noon_of(TODAY));
        let running = RunningApp::start(&settings, true).await.unwrap();
        TestApp {
            settings,
            running,
            folder,
            _ftp: Some(Arc::new(ftp)),
            http: reqwest::Client::new(),
            database_url: database_url.clone(),
        }
    }

    /// Another process, as it were, on the same database and Redis.
    pub async fn twin(&self) -> TestApp {
        self.twin_with(self.settings.clone()).await
    }

    /// The same with other settings.
    pub async fn twin_with(&self, settings: Settings) -> TestApp {
        TestApp {
            running: RunningApp::start(&settings, true).await.unwrap(),
            settings,
            folder: self.folder.clone(),
            _ftp: self._ftp.clone(),
            http: reqwest::Client::new(),
            database_url: self.database_url.clone(),
        }
    }

    /// Stops it and starts it again on the same data.
    pub async fn restarted(self, settings: &[(&str, &str)]) -> TestApp {
        self.running.stop().await.unwrap();
        TestApp::start_on(self.folder, self.database_url, settings).await
    }

    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }

    /// Moves the program's clock to noon of a day.
    pub fn set_today(&self, day: &str) {
        self.settings.cache.clock.set(noon_of(day));
    }

    /// Changes the database behind the program's back.
    pub async fn execute(&self, sql: &str) {
        self.try_execute(sql).await.unwrap();
    }

    /// The same, when the database may refuse; with its words. On a thread of its own: the program
    /// shares the test's, and may hold the lock that this waits for.
    pub async fn try_execute(&self, sql: &str) -> Result<(), String> {
        let (url, sql) = (self.database_url.clone(), sql.to_owned());
        let run = move || match url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute(&format!("PRAGMA busy_timeout = 30000; {sql}"))
                    .map_err(|err| err.to_string())
            }
            None => psql(&url, &sql).map(drop),
        };
        actix_rt::task::spawn_blocking(run).await.unwrap()
    }

    /// Keeps other writers out of SQLite while it lives; nothing on PostgreSQL, whose writers do not
    /// wait for each other. Waits on a thread of its own, as [`Self::try_execute`] does.
    pub async fn write_lock(&self) -> Option<SqliteConnection> {
        let path = self.database_url.strip_prefix("sqlite://")?.to_owned();
        let lock = move || {
            let mut conn = SqliteConnection::establish(&path).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 30000; BEGIN IMMEDIATE")
                .unwrap();
            conn
        };
        Some(actix_rt::task::spawn_blocking(lock).await.unwrap())
    }

    /// Reads one column of texts from the database.
    pub fn read(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = diesel::sql_types::Text)]
            line: String,
        }
        match self.database_url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 30000").unwrap();
                let named = format!("WITH lines (line) AS ({sql}) SELECT line FROM lines");
                diesel::sql_query(named)
                    .load(&mut conn)
                    .unwrap()
                    .into_iter()
                    .map(|row: Line| row.line)
                    .collect()
            }
            None => psql(&self.database_url, sql)
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The folder behind the FTP server.
    pub fn ftp_folder(&self) -> PathBuf {
        self.folder.path().join("ftp")
    }

    /// Puts a file on the FTP server.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.ftp_folder().join(name), content).unwrap();
    }

    /// Imports a folder into a department, by the path that the command line takes.
    pub async fn import_folder(&self, folder: &Path, department_id: i64) -> RunReport {
        self.import_folder_again(folder, department_id, false).await
    }

    /// The same, also of what is unchanged.
    pub async fn import_folder_again(
        &self,
        folder: &Path,
        department_id: i64,
        is_forced: bool,
    ) -> RunReport {
        let source = Source::folder(
            folder.to_owned(),
            department_id,
            self.settings.import.policy.clone(),
        );
        self.import_source(source, is_forced, &mut |_| {}).await
    }

    /// Imports a source, with an eye on what happens meanwhile.
    pub async fn import_source(
        &self,
        source: Source,
        is_forced: bool,
        announce: EventSink<'_>,
    ) -> RunReport {
        let (db, cache) = (
            self.running.state.db.clone(),
            self.running.state.cache.clone(),
        );
        let context = import_context(&self.settings, db, cache);
        let order = ImportRequest {
            is_forced,
            ..ImportRequest::now(vec![source], "test")
        };
        run_once(&context, &order, &Default::default(), announce)
            .await
            .unwrap()
    }

    /// Imports files into a department.
    pub async fn import(&self, department_id: i64, files: &[(&str, &[u8])]) -> RunReport {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        self.import_folder(folder.path(), department_id).await
    }

    /// Imports what lies on the FTP server, as a user would: `POST /import/trigger`.
    pub async fn trigger(&self) -> Answer {
        let token = self.token(Role::Admin, DEPARTMENT).await;
        self.request(
            Method::POST,
            "credit-portfolio/import/trigger",
            Some(&token),
            None,
        )
        .await
    }
}
