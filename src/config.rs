//! Settings: defaults, then an optional TOML file, then the environment (`.env` too).
//!
//! One struct a section; each field's doc names its variable and default. Everything is checked
//! once at start, and all problems are reported together. Secrets do not show in `Debug`.

mod dotenv;
mod import;
mod inspection;
mod misspelt;
mod reader;
mod retention;
mod sections;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub use dotenv::{Dotenv, load_dotenv};
pub(crate) use import::{
    FtpSettings, FtpTls, ImportPolicy, ImportSettings, PlaceSettings, SourceSettings,
};
pub(crate) use inspection::ShownSetting;
pub(crate) use misspelt::misspelt_variables;
pub(crate) use reader::ConfigError;
use reader::Reader;
pub(crate) use retention::RetentionSettings;
pub(crate) use sections::{AuthSettings, ForwardedHeader, RedisSettings, WebSettings};
pub use sections::{CacheSettings, DatabaseSettings, DatabaseUrl, Secret};

use crate::domain::{Clock, Currency};

const USUAL_FILE: &str = "credit-portfolio.toml";

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
    /// For how long what imports leave behind is kept.
    pub retention: RetentionSettings,
    /// `FINANCE_DEPARTMENT_ID`, default 8, several with commas between: the departments whose
    /// members may see the credit portfolio. Never empty.
    pub finance_departments: Vec<i64>,
    /// `BASE_CURRENCY`, default `RUB`: the currency of amounts that name none.
    pub base_currency: Currency,
}

impl Settings {
    /// Reads the settings: the TOML file (`file`, else `credit-portfolio.toml` in the working
    /// directory if it is there), then the environment.
    ///
    /// # Errors
    /// [`ConfigError`] lists every problem found, each with the name of its setting.
    pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
        Settings::from_sources(file_or_usual(file), variable)
    }

    /// Returns every setting with its value, without secrets, and where it comes from; also of
    /// settings that can't be used.
    ///
    /// # Errors
    /// [`ConfigError`] when the file can't be read.
    pub(crate) fn inspect(
        file: Option<&Path>,
        dotenv: Option<&Dotenv>,
    ) -> Result<Vec<ShownSetting>, ConfigError> {
        inspection::inspect(file_or_usual(file), &variable, dotenv)
    }

    /// As [`Settings::load`], over that file or none, and any environment.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn from_sources(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Settings, ConfigError> {
        let (settings, problems) = Settings::read(file, environment)?;
        match problems.is_empty() {
            true => Ok(settings),
            false => Err(ConfigError::new(problems)),
        }
    }

    /// Returns everything that `serve` would say is wrong with the settings. Nothing is connected to.
    pub(crate) fn problems(file: Option<&Path>) -> Vec<String> {
        match Settings::read(file_or_usual(file), variable) {
            Ok((settings, mut problems)) => {
                problems.extend(settings.auth.check_secret_key().err());
                problems
            }
            Err(err) => err.problems().to_vec(),
        }
    }

    /// Reads the settings as far as that is possible, and returns them with what is wrong.
    fn read(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(Settings, Vec<String>), ConfigError> {
        let mut reader = Reader::open(file, environment)?;
        let finance_departments = sections::finance_departments(&mut reader);
        let mut settings = Settings {
            web: sections::web(&mut reader),
            auth: sections::auth(&mut reader),
            database: sections::database(&mut reader),
            cache: sections::cache(&mut reader),
            base_currency: sections::base_currency(&mut reader),
            import: import::import(&mut reader, &finance_departments),
            retention: retention::retention(&mut reader),
            finance_departments,
        };
        settings.cache.clock = Clock::system(settings.import.timezone);
        Ok((settings, reader.finish()))
    }

    /// The finance department that exports belong to when nothing else is said: the first one
    /// listed.
    pub fn import_department(&self) -> i64 {
        self.finance_departments
            .first()
            .copied()
            .unwrap_or_default()
    }
}

/// The settings file that is named, or the usual one if it is there.
fn file_or_usual(file: Option<&Path>) -> Option<&Path> {
    file.or(Some(Path::new(USUAL_FILE)).filter(|path| path.exists()))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Warns when every user of the machine can read a file that holds secrets.
pub fn warn_if_readable_by_others(file: &Path) {
    let mode = file.metadata().map(|file| file.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o004 != 0) {
        let file = file.display();
        log::warn!("{file} can be read by every user of this machine: chmod 600 {file}");
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
