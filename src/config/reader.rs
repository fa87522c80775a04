//! Looks settings up in their sources, and collects what is wrong with them.

use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat};
use serde::de::DeserializeOwned;

/// One setting: its environment variable, its path in the TOML file, its default (empty: none).
pub(crate) struct Setting {
    /// The variable.
    pub env: &'static str,
    /// `section.name` in the TOML file.
    pub path: &'static str,
    /// What holds when nobody sets it.
    pub default: &'static str,
}

const fn setting(env: &'static str, path: &'static str, default: &'static str) -> Setting {
    Setting { env, path, default }
}

/// Every setting there is.
pub(crate) const SETTINGS: [Setting; 57] = [
    setting("BIND", "web.bind", "0.0.0.0:8000"),
    setting("METRICS_BIND", "web.metrics_bind", ""),
    setting("CORS_ALLOWED_ORIGINS", "web.cors_allowed_origins", ""),
    setting("TRUSTED_PROXIES", "web.trusted_proxies", ""),
    setting(
        "FORWARDED_HEADER",
        "web.forwarded_header",
        "x-forwarded-for",
    ),
    setting(
        "UPLOAD_TIMEOUT_SECONDS",
        "web.upload_timeout_seconds",
        "300",
    ),
    setting("SHUTDOWN_DELAY_SECONDS", "web.shutdown_delay_seconds", "5"),
    setting("SECRET_KEY", "auth.secret_key", ""),
    setting("SECRET_KEY_PREVIOUS", "auth.secret_key_previous", ""),
    setting("COOKIE_SECURE", "auth.cookie_secure", "true"),
    setting(
        "ACCESS_TOKEN_EXPIRE_MINUTES",
        "auth.access_token_expire_minutes",
        "480",
    ),
    setting(
        "DATABASE_URL",
        "database.url",
        "sqlite://credit-portfolio.db",
    ),
    setting("DATABASE_READ_URL", "database.read_url", ""),
    setting("DATABASE_POOL_SIZE", "database.pool_size", "10"),
    setting("DATABASE_TIMEOUT_MS", "database.timeout_ms", "5000"),
    setting(
        "DATABASE_START_TIMEOUT_SECONDS",
        "database.start_timeout_seconds",
        "60",
    ),
    setting(
        "DATABASE_STATEMENT_TIMEOUT_MS",
        "database.statement_timeout_ms",
        "30000",
    ),
    setting("DATABASE_CA_FILE", "database.ca_file", ""),
    setting("DATABASE_POOLER", "database.pooler", "none"),
    setting("USE_REDIS", "redis.enabled", "true"),
    setting("REDIS_URL", "redis.url", ""),
    setting("REDIS_HOST", "redis.host", "localhost"),
    setting("REDIS_PORT", "redis.port", "6379"),
    setting("REDIS_DB", "redis.db", "0"),
    setting("REDIS_PASSWORD", "redis.password", ""),
    setting("REDIS_TIMEOUT_MS", "redis.timeout_ms", "50"),
    setting("CACHE_TTL_SECONDS", "cache.ttl_seconds", "300"),
    setting("CACHE_MEMORY_MB", "cache.memory_mb", "64"),
    setting("CACHE_LEASE_MS", "cache.lease_ms", "1000"),
    setting(
        "CACHE_STALE_IF_ERROR_SECONDS",
        "cache.stale_if_error_seconds",
        "3600",
    ),
    setting("CACHE_INVALIDATION", "cache.invalidation", "scoped"),
    setting("FTP_HOST", "ftp.host", ""),
    setting("FTP_PORT", "ftp.port", "21"),
    setting("FTP_USER", "ftp.user", "anonymous"),
    setting("FTP_PASSWORD", "ftp.password", ""),
    setting("FTP_PASSWORD_FILE", "ftp.password_file", ""),
    setting("FTP_REMOTE_DIR", "ftp.remote_dir", "/"),
    setting("FTP_ENCODING", "ftp.encoding", "auto"),
    setting("FTP_TIMEOUT_MS", "ftp.timeout_ms", "10000"),
    setting("FTP_TLS", "ftp.tls", "none"),
    setting("FTP_CA_FILE", "ftp.ca_file", ""),
    setting(
        "FTP_DANGER_ACCEPT_INVALID_CERTS",
        "ftp.danger_accept_invalid_certs",
        "false",
    ),
    setting("IMPORT_ENABLED", "import.enabled", "true"),
    setting("IMPORT_SCHEDULE", "import.schedule", "0 6 * * *"),
    setting("IMPORT_TIMEZONE", "import.timezone", "Europe/Moscow"),
    setting("IMPORT_MAX_FILE_MB", "import.max_file_mb", "256"),
    setting("IMPORT_SETTLE_SECONDS", "import.settle_seconds", "5"),
    setting("IMPORT_PARK_AFTER", "import.park_after", "5"),
    setting("IMPORT_EMPTY_FOLDER", "import.empty_folder", "warn"),
    setting("IMPORT_ROW_POLICY", "import.row_policy", "lenient"),
    setting("IMPORT_MISSING_ROWS", "import.missing_rows", "keep"),
    setting(
        "IMPORT_MISSING_ROWS_MAX_PERCENT",
        "import.missing_rows_max_percent",
        "5",
    ),
    setting("IMPORT_KEEP_JOURNAL_DAYS", "import.keep_journal_days", "0"),
    setting("IMPORT_KEEP_RUNS_DAYS", "import.keep_runs_days", "0"),
    setting("IMPORT_KEEP_REJECTS_DAYS", "import.keep_rejects_days", "90"),
    setting(
        "FINANCE_DEPARTMENT_ID",
        "portfolio.finance_department_id",
        "8",
    ),
    setting("BASE_CURRENCY", "portfolio.base_currency", "RUB"),
];

/// Settings that are secrets, or hold one: each may stand in a file, too, whose path the variable
/// with `_FILE` behind its name has (Docker's and Kubernetes' secrets).
pub(crate) const SECRETS: [&str; 7] = [
    "SECRET_KEY",
    "SECRET_KEY_PREVIOUS",
    "DATABASE_URL",
    "DATABASE_READ_URL",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "FTP_PASSWORD",
];

/// Arrays of tables in the settings file, which no variable stands for.
const TABLES: [&str; 1] = ["import.sources"];

/// An error of the settings file without the lines that it shows of it: they may hold a secret.
fn without_content(error: &str) -> String {
    let said = error.lines().filter(|line| !line.contains('|'));
    let said: Vec<&str> = said
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    said.join(": ")
}

/// Everything that is wrong with the settings.
#[derive(Debug)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// An error of these problems.
    pub fn new(problems: Vec<String>) -> ConfigError {
        ConfigError { problems }
    }

    /// An error of one problem.
    pub fn one(problem: String) -> ConfigError {
        ConfigError::new(vec![problem])
    }

    /// The problems, each with the name of its setting.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings can't be used:")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigError {}

/// The merged sources, and the problems met so far.
pub(super) struct Reader {
    config: Config,
    problems: Vec<String>,
}

impl Reader {
    /// Merges defaults, file and environment.
    pub(super) fn open(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Reader, ConfigError> {
        let mut builder = Config::builder();
        let problem =
            |err: config::ConfigError| ConfigError::one(without_content(&err.to_string()));
        let mut problems = Vec::new();
        let source = file.map(|path| File::from(path).format(FileFormat::Toml));
        if let Some(source) = &source {
            problems = unknown_names(
                &Config::builder()
                    .add_source(source.clone())
                    .build()
                    .map_err(problem)?,
            );
        }
        for setting in &SETTINGS {
            builder = builder
                .set_default(setting.path, setting.default)
                .map_err(problem)?;
        }
        if let Some(source) = source {
            builder = builder.add_source(source);
        }
        for setting in &SETTINGS {
            let value = value_of(setting.env, &environment).unwrap_or_else(|what| {
                problems.push(what);
                None
            });
            builder = builder
                .set_override_option(setting.path, value)
                .map_err(problem)?;
        }
        let config = builder.build().map_err(problem)?;
        Ok(Reader { config, problems })
    }

    /// The text of a setting, by its variable.
    pub(super) fn text(&mut self, env: &str) -> String {
        let path = SETTINGS
            .iter()
            .find(|setting| setting.env == env)
            .map_or("", |setting| setting.path);
        match self.config.get_string(path) {
            Ok(text) => text.trim().to_owned(),
            Err(err) => {
                self.problem(env, &err.to_string());
                String::new()
            }
        }
    }

    /// A path, if one is set.
    pub(super) fn path(&mut self, env: &str) -> Option<PathBuf> {
        Some(self.text(env))
            .filter(|text| !text.is_empty())
            .map(PathBuf::from)
    }

    /// The tables of an array in the settings file; none when there is no such array.
    pub(super) fn tables<T: DeserializeOwned>(&mut self, path: &str) -> Vec<T> {
        match self.config.get::<Vec<T>>(path) {
            Ok(tables) => tables,
            Err(config::ConfigError::NotFound(_)) => Vec::new(),
            Err(err) => {
                self.problem(path, &err.to_string());
                Vec::new()
            }
        }
    }

    /// A switch: true, yes, on, 1 and their opposites.
    pub(super) fn switch(&mut self, env: &str) -> bool {
        let text = self.text(env);
        match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => true,
            "false" | "no" | "off" | "0" => false,
            _ => {
                self.problem(env, &format!("{text:?} is neither true nor false"));
                false
            }
        }
    }

    /// One of some words.
    pub(super) fn choice<const N: usize>(
        &mut self,
        env: &str,
        words: [&'static str; N],
    ) -> &'static str {
        let text = self.text(env).to_lowercase();
        words
            .into_iter()
            .find(|word| *word == text)
            .unwrap_or_else(|| {
                self.problem(env, &format!("{text:?} is none of {}", words.join(", ")));
                ""
            })
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, env: &str, smallest: u64, largest: u64) -> u64 {
        let text = self.text(env);
        match text.parse() {
            Ok(number) if (smallest..=largest).contains(&number) => number,
            _ => {
                self.problem(
                    env,
                    &format!("{text:?} is not a whole number from {smallest} to {largest}"),
                );
                smallest
            }
        }
    }

    /// Notes that a setting can't be used.
    pub(super) fn problem(&mut self, env: &str, what: &str) {
        self.problems.push(format!("{env}: {what}"));
    }

    /// Returns what was wrong.
    pub(super) fn finish(self) -> Vec<String> {
        self.problems
    }
}

/// The value of a variable, or what stands in the file that a secret's `_FILE` names.
pub(super) fn value_of(
    env: &str,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, String> {
    // An empty variable (a line left blank in .env) is one that is not set.
    let variable = |env: &str| environment(env).filter(|value| !value.is_empty());
    let value = variable(env);
    let file_variable = format!("{env}_FILE");
    let path = variable(&file_variable).filter(|_| SECRETS.contains(&env));
    match (value, path) {
        (value, None) => Ok(value),
        (Some(_), Some(_)) => Err(format!("{env} and {file_variable}: set one of them only")),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path)
                .map_err(|err| format!("{file_variable}: {path} can't be read: {err}"))?;
            match text.trim() {
                "" => Err(format!("{file_variable}: {path} is empty")),
                text => Ok(Some(text.to_owned())),
            }
        }
    }
}

/// A misspelt name in the file would silently leave the default in force: it is a problem.
fn unknown_names(file: &Config) -> Vec<String> {
    let mut problems = Vec::new();
    for (section, value) in file.cache.clone().into_table().unwrap_or_default() {
        let names = match value.into_table() {
            Ok(table) => table
                .into_keys()
                .map(|name| format!("{section}.{name}"))
                .collect(),
            Err(_) => vec![section],
        };
        let is_known = |name: &String| {
            TABLES.contains(&name.as_str()) || SETTINGS.iter().any(|setting| setting.path == name)
        };
        let unknown = names.into_iter().filter(|name| !is_known(name));
        problems.extend(
            unknown.map(|name| format!("{name} (in the settings file): there is no such setting")),
        );
    }
    problems.sort();
    problems
}
