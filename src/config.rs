//! Settings: defaults, then an optional TOML file, then the environment (`.env` too).
//!
//! One struct a section; each field's doc names its variable and default. Everything is checked
//! once at start, and all problems are reported together. Secrets do not show in `Debug`.

mod reader;
mod sections;

use std::path::Path;

use reader::Reader;
pub use reader::{ConfigError, SETTINGS, Setting};
pub use sections::{
    AuthSettings, CacheSettings, DatabaseSettings, DatabaseUrl, FtpSettings, ImportSettings, RedisSettings, Secret,
    WebSettings,
};

use crate::domain::Currency;

/// All settings of the program.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The HTTP side.
    pub web: WebSettings,
    /// Tokens.
    pub auth: AuthSettings,
    /// Where the rows are kept.
    pub database: DatabaseSettings,
    /// Cached answers.
    pub cache: CacheSettings,
    /// Where exports come from and when.
    pub import: ImportSettings,
    /// `FINANCE_DEPARTMENT_ID`, default 8, several with commas between: the departments whose
    /// members may see the credit portfolio. Never empty.
    pub finance_departments: Vec<i64>,
    /// `BASE_CURRENCY`, default `RUB`: the currency of amounts that name none.
    pub base_currency: Currency,
}

impl Settings {
    /// Reads the settings: the TOML file (`file`, else `CONFIG_FILE`, else `credit-portfolio.toml`
    /// in the working directory if it is there), then the environment.
    ///
    /// # Errors
    /// [`ConfigError`] lists every problem found, each with the name of its setting.
    pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
        dotenvy::dotenv().or_else(ignore_missing).map_err(|err| {
            ConfigError::one(format!(
                ".env: {err}: write each line as NAME=value, with quotes around values that hold spaces"
            ))
        })?;
        Settings::from_sources(file, |name| std::env::var(name).ok())
    }

    /// As [`Settings::load`], over any environment.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn from_sources(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Settings, ConfigError> {
        let mut reader = Reader::open(file, environment)?;
        let settings = Settings {
            web: sections::web(&mut reader),
            auth: sections::auth(&mut reader),
            database: sections::database(&mut reader),
            cache: sections::cache(&mut reader),
            finance_departments: sections::finance_departments(&mut reader),
            base_currency: sections::base_currency(&mut reader),
            import: sections::import(&mut reader),
        };
        reader.finish(settings)
    }

    /// The finance department that the FTP exports belong to: the first one listed.
    pub fn import_department(&self) -> i64 {
        self.finance_departments.first().copied().unwrap_or_default()
    }
}

fn ignore_missing(err: dotenvy::Error) -> Result<std::path::PathBuf, dotenvy::Error> {
    if err.not_found() { Ok(std::path::PathBuf::new()) } else { Err(err) }
}
