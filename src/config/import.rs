//! The import's settings: its sources, and how their files are treated.
//!
//! The plain `FTP_*` settings are the first source, called `ftp`; further ones stand in the TOML
//! file as `[[import.sources]]`. What a source does not say is as the plain settings say.

use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use croner::Cron;
use glob::Pattern;
use serde::Deserialize;

use super::reader::Reader;
use super::sections::Secret;
use crate::domain::{Clock, NameEncoding};

/// The name of the source that the plain settings make.
const PLAIN: &str = "ftp";

/// Where exports come from and when.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// `IMPORT_TIMEZONE`, default `Europe/Moscow`: the schedules' time zone.
    pub timezone: Tz,
    /// The clock that the schedules follow.
    pub clock: Clock,
    /// `IMPORT_MAX_FILE_MB`, default 256: a larger file is refused.
    pub max_file_bytes: u64,
    /// How files are treated that no source of the settings offers.
    pub policy: ImportPolicy,
    /// The places that are imported from, in order.
    pub sources: Vec<SourceSettings>,
}

/// How the files of a source are treated.
#[derive(Clone, Debug)]
pub struct ImportPolicy {
    /// `IMPORT_ROW_POLICY`: `strict` refuses a file with a bad row, `lenient` (default) takes the
    /// others.
    pub is_strict: bool,
    /// `IMPORT_MISSING_ROWS`: with `deactivate`, operations that an export no longer names become
    /// inactive, at most so many percent of them at once (`IMPORT_MISSING_ROWS_MAX_PERCENT`,
    /// default 5); with `keep` (default) it is `None`.
    pub missing_rows_max_percent: Option<u8>,
    /// `IMPORT_SETTLE_SECONDS`, default 5: a file is taken when its size and time stood still for
    /// so long. Zero: as it is.
    pub settle: Duration,
    /// `IMPORT_PARK_AFTER`, default 5: a file that could not be imported so often in a row is left
    /// alone until it changes.
    pub park_after: u32,
    /// Which names are looked at; none: all that look like exports.
    pub patterns: Vec<Pattern>,
    /// `IMPORT_EMPTY_FOLDER`: with `warn` (default), a source that offers no export although it did
    /// before is no success; with `ok` it is.
    pub warns_of_empty_folder: bool,
    /// `FTP_ENCODING`, default `auto`: how file names that are bytes are shown, in folders of this
    /// machine, too.
    pub encoding: NameEncoding,
}

/// A place that is imported from.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Unlike any other's.
    pub name: String,
    /// Whose rows its files hold.
    pub department_id: i64,
    /// Where it is.
    pub place: PlaceSettings,
    /// When the importer goes out by itself; `None`: only on demand.
    pub schedule: Option<Cron>,
    /// How its files are treated.
    pub policy: ImportPolicy,
}

/// Where exports lie.
#[derive(Clone, Debug)]
pub enum PlaceSettings {
    /// On an FTP server.
    Ftp(FtpSettings),
    /// In a folder of this machine.
    Folder(PathBuf),
}

/// An FTP server that 1C exports to.
#[derive(Clone, Debug)]
pub struct FtpSettings {
    /// `FTP_HOST`.
    pub host: String,
    /// `FTP_PORT`, default 21, or 990 for implicit TLS.
    pub port: u16,
    /// `FTP_USER`, default `anonymous`.
    pub user: String,
    /// `FTP_PASSWORD`, or what stands in the file `FTP_PASSWORD_FILE`; default none.
    pub password: Secret,
    /// `FTP_REMOTE_DIR`, default `/`.
    pub remote_dir: String,
    /// `FTP_TIMEOUT_MS`, default 10000: for each step on the network.
    pub timeout: Duration,
    /// `FTP_TLS`, default `none`.
    pub tls: FtpTls,
    /// `FTP_CA_FILE`: certificates (PEM) that the server's must be signed by, instead of the
    /// system's.
    pub ca_file: Option<PathBuf>,
    /// `FTP_DANGER_ACCEPT_INVALID_CERTS`, default false: true disables certificate checks; for tests only.
    pub danger_accept_invalid_certs: bool,
}

/// How a connection to an FTP server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FtpTls {
    /// Not at all.
    None,
    /// After `AUTH TLS`.
    Explicit,
    /// From the first byte on.
    Implicit,
}

/// `[[import.sources]]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    name: String,
    department: Option<i64>,
    host: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    folder: Option<String>,
    #[serde(default)]
    patterns: Vec<String>,
    tls: Option<String>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    danger_accept_invalid_certs: bool,
    schedule: Option<String>,
    row_policy: Option<String>,
    missing_rows: Option<String>,
    missing_rows_max_percent: Option<u8>,
    empty_folder: Option<String>,
    encoding: Option<String>,
}

impl ImportPolicy {
    /// The same for files that are complete as they lie there.
    pub fn at_once(mut self) -> ImportPolicy {
        self.settle = Duration::ZERO;
        self.patterns = Vec::new();
        self
    }
}

pub(super) fn import(reader: &mut Reader, departments: &[i64]) -> ImportSettings {
    let schedule = reader.text("IMPORT_SCHEDULE");
    let is_enabled = reader.switch("IMPORT_ENABLED");
    let schedule = cron(reader, "IMPORT_SCHEDULE", &schedule).filter(|_| is_enabled);
    let timezone = reader.text("IMPORT_TIMEZONE");
    let timezone = timezone.parse().unwrap_or_else(|_| {
        reader.problem(
            "IMPORT_TIMEZONE",
            &format!("{timezone:?} is not a time zone's name, such as Europe/Moscow"),
        );
        Tz::UTC
    });
    let percent = reader.number("IMPORT_MISSING_ROWS_MAX_PERCENT", 0, 100) as u8;
    let deactivates = reader.choice("IMPORT_MISSING_ROWS", ["keep", "deactivate"]) == "deactivate";
    let policy = ImportPolicy {
        is_strict: reader.choice("IMPORT_ROW_POLICY", ["lenient", "strict"]) == "strict",
        missing_rows_max_percent: deactivates.then_some(percent),
        settle: Duration::from_secs(reader.number("IMPORT_SETTLE_SECONDS", 0, 3600)),
        park_after: reader.number("IMPORT_PARK_AFTER", 1, 1000) as u32,
        patterns: Vec::new(),
        warns_of_empty_folder: reader.choice("IMPORT_EMPTY_FOLDER", ["warn", "ok"]) == "warn",
        encoding: NameEncoding::named(reader.choice("FTP_ENCODING", NameEncoding::NAMES))
            .unwrap_or_default(),
    };
    let ftp = plain_ftp(reader);
    let department_id = departments.first().copied().unwrap_or_default();
    let mut sources = Vec::new();
    if !ftp.host.is_empty() {
        let (name, place) = (PLAIN.to_owned(), PlaceSettings::Ftp(ftp.clone()));
        sources.push(SourceSettings {
            name,
            department_id,
            place,
            schedule: schedule.clone(),
            policy: policy.clone(),
        });
    }
    for raw in reader.tables::<RawSource>("import.sources") {
        let setting = format!("import.sources {:?}", raw.name);
        if sources.iter().any(|source| source.name == raw.name) || raw.name.trim().is_empty() {
            reader.problem(
                &setting,
                "each source needs a name of its own; that of the FTP_ settings is ftp",
            );
        }
        let department_id = raw.department.unwrap_or(department_id);
        if !departments.contains(&department_id) {
            let what = format!("department {department_id} is none of FINANCE_DEPARTMENT_ID");
            reader.problem(&setting, &what);
        }
        let schedule = match &raw.schedule {
            Some(text) => cron(reader, &setting, text).filter(|_| is_enabled),
            None => schedule.clone(),
        };
        let policy = source_policy(reader, &setting, &raw, &policy, percent);
        let place = place(reader, &setting, &raw, &ftp);
        sources.push(SourceSettings {
            name: raw.name,
            department_id,
            place,
            schedule,
            policy,
        });
    }
    let max_file_bytes = 1024 * 1024 * reader.number("IMPORT_MAX_FILE_MB", 1, 4096);
    ImportSettings {
        timezone,
        clock: Clock::system(timezone),
        max_file_bytes,
        policy,
        sources,
    }
}

fn cron(reader: &mut Reader, setting: &str, text: &str) -> Option<Cron> {
    let cron = text.parse();
    cron.map_err(|err| {
        reader.problem(
            setting,
            &format!("{text:?} is not a cron schedule such as 0 6 * * *: {err}"),
        )
    })
    .ok()
}

/// The name or address of a server. A URL is refused without showing it: it may hold a password.
fn host(reader: &mut Reader, setting: &str) -> String {
    let host = reader.text(setting);
    check_host(reader, setting, &host);
    host
}

fn check_host(reader: &mut Reader, setting: &str, host: &str) {
    if host.contains(['/', '@', ' ']) {
        reader.problem(
            setting,
            "is a host by name or address alone, such as ftp.example.org: user, password, port and folder have \
             settings of their own",
        );
    }
}

fn plain_ftp(reader: &mut Reader) -> FtpSettings {
    let password_file = reader.path("FTP_PASSWORD_FILE");
    let password = reader.text("FTP_PASSWORD");
    let password = password_of(reader, "FTP_PASSWORD_FILE", Some(password), password_file);
    let tls = reader.choice("FTP_TLS", ["none", "explicit", "implicit"]);
    FtpSettings {
        host: host(reader, "FTP_HOST"),
        port: reader.number("FTP_PORT", 1, 65_535) as u16,
        user: reader.text("FTP_USER"),
        password,
        remote_dir: reader.text("FTP_REMOTE_DIR"),
        timeout: Duration::from_millis(reader.number("FTP_TIMEOUT_MS", 100, 600_000)),
        tls: tls_of(tls).unwrap_or(FtpTls::None),
        ca_file: reader.path("FTP_CA_FILE"),
        danger_accept_invalid_certs: reader.switch("FTP_DANGER_ACCEPT_INVALID_CERTS"),
    }
}

fn place(
    reader: &mut Reader,
    setting: &str,
    raw: &RawSource,
    plain: &FtpSettings,
) -> PlaceSettings {
    let Some(host) = raw.host.clone() else {
        if raw.folder.is_none() {
            reader.problem(setting, "it has neither a host nor a folder");
        }
        return PlaceSettings::Folder(raw.folder.clone().unwrap_or_default().into());
    };
    check_host(reader, setting, &host);
    let tls = raw
        .tls
        .as_deref()
        .map_or(Some(FtpTls::None), tls_of)
        .unwrap_or_else(|| {
            reader.problem(setting, "tls is none of none, explicit, implicit");
            FtpTls::None
        });
    PlaceSettings::Ftp(FtpSettings {
        host,
        port: raw
            .port
            .unwrap_or(if tls == FtpTls::Implicit { 990 } else { 21 }),
        user: raw.user.clone().unwrap_or_else(|| "anonymous".to_owned()),
        password: password_of(
            reader,
            setting,
            raw.password.clone(),
            raw.password_file.clone(),
        ),
        remote_dir: raw.folder.clone().unwrap_or_else(|| "/".to_owned()),
        timeout: plain.timeout,
        tls,
        ca_file: raw.ca_file.clone(),
        danger_accept_invalid_certs: raw.danger_accept_invalid_certs,
    })
}

fn source_policy(
    reader: &mut Reader,
    setting: &str,
    raw: &RawSource,
    usual: &ImportPolicy,
    percent: u8,
) -> ImportPolicy {
    let mut policy = usual.clone();
    match raw.row_policy.as_deref() {
        None => {}
        Some("strict") => policy.is_strict = true,
        Some("lenient") => policy.is_strict = false,
        Some(_) => reader.problem(setting, "row_policy is none of lenient, strict"),
    }
    let percent = raw.missing_rows_max_percent.unwrap_or(percent);
    match raw.missing_rows.as_deref() {
        None => policy.missing_rows_max_percent = policy.missing_rows_max_percent.map(|_| percent),
        Some("keep") => policy.missing_rows_max_percent = None,
        Some("deactivate") => policy.missing_rows_max_percent = Some(percent),
        Some(_) => reader.problem(setting, "missing_rows is none of keep, deactivate"),
    }
    match raw.empty_folder.as_deref() {
        None => {}
        Some("warn") => policy.warns_of_empty_folder = true,
        Some("ok") => policy.warns_of_empty_folder = false,
        Some(_) => reader.problem(setting, "empty_folder is none of warn, ok"),
    }
    match raw.encoding.as_deref().map(NameEncoding::named) {
        None => {}
        Some(Some(encoding)) => policy.encoding = encoding,
        Some(None) => reader.problem(
            setting,
            &format!("encoding is none of {}", NameEncoding::NAMES.join(", ")),
        ),
    }
    for pattern in &raw.patterns {
        match Pattern::new(pattern) {
            Ok(pattern) => policy.patterns.push(pattern),
            Err(err) => reader.problem(
                setting,
                &format!("{pattern:?} is not a pattern such as *postuplenie*.xlsx: {err}"),
            ),
        }
    }
    policy
}

fn password_of(
    reader: &mut Reader,
    setting: &str,
    password: Option<String>,
    file: Option<PathBuf>,
) -> Secret {
    let Some(path) = file else {
        return Secret::new(password.unwrap_or_default());
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Secret::new(text.trim_end_matches(['\r', '\n'])),
        Err(err) => {
            reader.problem(
                setting,
                &format!("the password file {} can't be read: {err}", path.display()),
            );
            Secret::default()
        }
    }
}

fn tls_of(text: &str) -> Option<FtpTls> {
    match text {
        "none" => Some(FtpTls::None),
        "explicit" => Some(FtpTls::Explicit),
        "implicit" => Some(FtpTls::Implicit),
        _ => None,
    }
}
