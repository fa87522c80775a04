//! Every setting with its value and where the value comes from; nothing of a secret is shown.

use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat};

use super::reader::{SECRETS, SETTINGS, Setting, value_of};
use super::{ConfigError, Dotenv};

const HIDDEN: &str = "(hidden)";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueSource {
    /// Nobody set it.
    Default,
    /// The settings file.
    File(PathBuf),
    /// The environment.
    Variable,
    /// The `.env` file.
    Dotenv(PathBuf),
    /// A file that holds a secret.
    SecretFile(PathBuf),
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueSource::Default => f.write_str("default"),
            ValueSource::File(path) => write!(f, "file {}", path.display()),
            ValueSource::Variable => f.write_str("environment"),
            ValueSource::Dotenv(path) => write!(f, ".env file {}", path.display()),
            ValueSource::SecretFile(path) => write!(f, "secret file {}", path.display()),
        }
    }
}

/// A setting as it is in force, to be shown.
#[derive(Clone, Debug)]
pub struct ShownSetting {
    /// Its variable.
    pub env: &'static str,
    /// Its value; of a secret, nothing but that it is set, and of a URL all but its password.
    pub value: String,
    /// Where the value comes from.
    pub source: ValueSource,
}

/// Returns every setting in the order of the documentation, also when they can't be used.
///
/// # Errors
/// [`ConfigError`] when the settings file can't be read.
pub(super) fn inspect(
    file: Option<&Path>,
    environment: &impl Fn(&str) -> Option<String>,
    dotenv: Option<&Dotenv>,
) -> Result<Vec<ShownSetting>, ConfigError> {
    let mut builder = Config::builder();
    if let Some(path) = file {
        builder = builder.add_source(File::from(path).format(FileFormat::Toml));
    }
    let in_file = builder
        .build()
        .map_err(|err| ConfigError::one(err.to_string()))?;
    let shown = |setting: &Setting| {
        let (value, source) = match value_of(setting.env, environment) {
            Ok(Some(value)) => (value, source_of_variable(setting.env, environment, dotenv)),
            Ok(None) => match (in_file.get_string(setting.path), file) {
                (Ok(value), Some(path)) => (value, ValueSource::File(path.to_owned())),
                _ => (setting.default.to_owned(), ValueSource::Default),
            },
            Err(problem) => {
                let source = source_of_variable(setting.env, environment, dotenv);
                return ShownSetting {
                    env: setting.env,
                    value: format!("({problem})"),
                    source,
                };
            }
        };
        ShownSetting {
            env: setting.env,
            value: redacted(setting.env, value.trim()),
            source,
        }
    };
    Ok(SETTINGS.iter().map(shown).collect())
}

fn source_of_variable(
    env: &str,
    environment: &impl Fn(&str) -> Option<String>,
    dotenv: Option<&Dotenv>,
) -> ValueSource {
    let is_set = environment(env).is_some_and(|value| !value.is_empty());
    match (is_set, environment(&format!("{env}_FILE"))) {
        (false, Some(path)) => ValueSource::SecretFile(path.into()),
        _ => match dotenv.filter(|dotenv| dotenv.has_set(env)) {
            Some(dotenv) => ValueSource::Dotenv(dotenv.path().to_owned()),
            None => ValueSource::Variable,
        },
    }
}

/// What may be seen of a value.
fn redacted(env: &str, value: &str) -> String {
    match value {
        "" => "(not set)".to_owned(),
        _ if env.ends_with("_URL") => redacted_url(value),
        _ if SECRETS.contains(&env) => HIDDEN.to_owned(),
        _ => value.to_owned(),
    }
}

/// A URL without its password. What is no URL may be a password as a whole.
fn redacted_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return HIDDEN.to_owned();
    };
    // Behind the first question mark it may belong to a password among the parameters.
    if rest.find('?') < rest.rfind('@') && rest.contains('?') {
        return format!("{scheme}://{HIDDEN}");
    }
    // The last one: whatever stands before it may be part of a password that was not encoded.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((credentials, rest)) => match credentials.split_once(':') {
            Some((user, _)) => (format!("{user}:{HIDDEN}@"), rest),
            None => (format!("{credentials}@"), rest),
        },
        None => (String::new(), rest),
    };
    let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let mut shown = format!("{scheme}://{user}{address}");
    for (at, parameter) in parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .enumerate()
    {
        shown.push(if at == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if name.contains("password") => {
                shown.push_str(name);
                shown.push('=');
                shown.push_str(HIDDEN);
            }
            _ => shown.push_str(parameter),
        }
    }
    shown
}
