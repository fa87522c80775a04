//! The file `.env`, whose lines count as environment.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::ConfigError;

/// A `.env` file that was read.
#[derive(Clone, Debug)]
pub struct Dotenv {
    path: PathBuf,
    names: HashSet<String>,
}

impl Dotenv {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a variable has its value from here: what was in the environment before stays.
    pub fn has_set(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// Puts what stands in `.env` (of the working directory or one above it) into the environment;
/// what is there already stays. Returns the file if there is one. Called once, before anything reads
/// the environment.
///
/// # Errors
/// [`ConfigError`] when the file can't be read.
pub fn load_dotenv() -> Result<Option<Dotenv>, ConfigError> {
    let before = variables();
    match dotenvy::dotenv() {
        Ok(path) => Ok(Some(Dotenv {
            path,
            names: variables().difference(&before).cloned().collect(),
        })),
        Err(err) if err.not_found() => Ok(None),
        // The line itself may hold a secret.
        Err(dotenvy::Error::LineParse(text, _)) => Err(ConfigError::one(format!(
            ".env: {} can't be read; write each line as NAME=value, with single quotes around a value that holds spaces, quotes or $",
            line_of(&text).map_or_else(|| "a line".to_owned(), |line| format!("line {line}"))
        ))),
        Err(err) => Err(ConfigError::one(format!(".env: {err}"))),
    }
}

/// The number of the line that ends with a text.
fn line_of(text: &str) -> Option<usize> {
    let folder = std::env::current_dir().ok()?;
    let read = |folder: &Path| std::fs::read_to_string(folder.join(".env")).ok();
    let content = folder.ancestors().find_map(read)?;
    let at = content
        .lines()
        .position(|line| line.trim_end().ends_with(text.trim()))?;
    Some(at + 1)
}

/// The names of all variables.
pub(super) fn variables() -> HashSet<String> {
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .collect()
}
