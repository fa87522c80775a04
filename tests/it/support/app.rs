//! The program under test, started by the same function as in production.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use credit_portfolio::app::{RunningApp, import_context};
use credit_portfolio::config::{Secret, Settings};
use credit_portfolio::db::{self, NewUser, utc_now};
use credit_portfolio::demo::DemoFtpServer;
use credit_portfolio::domain::{Clock, Role};
use credit_portfolio::import::{EventSink, ImportRequest, RunReport, Source, run_once};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use super::servers::{Postgres, Redis, psql};

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

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|err| panic!("{err}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or("")
    }

    /// The answer must be 200; gives its JSON.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }
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

    /// A token of a new user.
    pub async fn token(&self, role: Role, department_id: i64) -> String {
        let user = self.user(role, department_id, "irrelevant").await;
        self.running.state.tokens.issue(&user).unwrap()
    }

    /// A new user with that password hash.
    pub async fn user(&self, role: Role, department_id: i64, password_hash: &str) -> db::UserRow {
        let number: u64 = rand::random();
        let now = utc_now();
        let user = NewUser {
            department_id,
            username: format!("user{number}"),
            email: format!("user{number}@example.org"),
            password_hash: password_hash.to_owned(),
            full_name: "A Test User".to_owned(),
            role: role.to_string(),
            created_at: now,
            updated_at: now,
        };
        let id = self
            .running
            .state
            .db
            .write(async |conn| db::insert_user(conn, user).await)
            .await
            .unwrap();
        db::find_user_by_id(&mut self.running.state.db.conn().await.unwrap(), id)
            .await
            .unwrap()
            .unwrap()
    }

    /// Asks an endpoint as an administrator.
    pub async fn get(&self, path: &str) -> Answer {
        let token = self.token(Role::Admin, DEPARTMENT).await;
        self.get_as(&token, path).await
    }

    /// Asks an endpoint of the credit portfolio with a token.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.request(
            Method::GET,
            &format!("credit-portfolio/{path}"),
            Some(token),
            None,
        )
        .await
    }

    /// Every operation of the OpenAPI document, with paths below the prefix and 1 for ids.
    pub async fn operations(&self) -> Vec<(Method, String)> {
        let document = self.raw_get("/api/v1/openapi.json", &[]).await.ok();
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "delete"] {
                if methods.get(method).is_some() {
                    let path = path.trim_start_matches("/api/v1/").replace("{id}", "1");
                    operations.push((method.to_uppercase().parse().unwrap(), path));
                }
            }
        }
        operations
    }

    /// Any request below the prefix.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self
            .http
            .request(method, self.url(&format!("/api/v1/{path}")));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer_of(request).await
    }

    /// The body of a GET, whatever it is.
    pub async fn bytes(&self, path: &str, token: &str) -> Vec<u8> {
        let request = self
            .http
            .get(self.url(&format!("/api/v1/{path}")))
            .bearer_auth(token);
        request
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            .to_vec()
    }

    /// Sends files.
    pub async fn send_form(
        &self,
        path: &str,
        token: &str,
        form: reqwest::multipart::Form,
    ) -> Answer {
        let request = self.http.post(self.url(&format!("/api/v1/{path}")));
        answer_of(request.bearer_auth(token).multipart(form)).await
    }

    /// A POST below the prefix with extra headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut request = self.http.post(self.url(&format!("/api/v1/{path}")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer_of(request.json(body)).await
    }

    /// Any GET, path as it is, with extra headers.
    pub async fn raw_get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer_of(request).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }
}

async fn answer_of(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

pub fn ids(answer: &Answer) -> Vec<i64> {
    answer
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}
