//! Files that somebody hands in: each a temporary file when it has arrived, together in a folder of
//! their own until they have been imported.

use std::path::{Path, PathBuf};

use tempfile::{TempDir, TempPath};

/// A file that has arrived. It is deleted when this is dropped.
#[derive(Debug)]
pub struct ReceivedFile {
    /// Its name, as the client has it.
    pub name: String,
    /// Where it lies.
    pub path: TempPath,
}

/// Why files can't be taken in.
#[derive(Debug, thiserror::Error)]
pub enum HandInError {
    /// There is none.
    #[error("the form holds no file: give each workbook as a part called files")]
    NoFile,
    /// One has no name that a file can have.
    #[error("the file {0} has no usable name")]
    NoName(usize),
    /// One can't be kept under its name.
    #[error("{name:?} can't be kept: {cause}")]
    NotKept {
        /// Its name.
        name: String,
        /// Why.
        cause: String,
    },
    /// There is no room for a folder.
    #[error("no temporary folder: {0}")]
    NoFolder(#[from] std::io::Error),
}

/// Moves files into a folder of their own, which is deleted when nobody needs it any more.
///
/// # Errors
/// [`HandInError`].
pub fn keep_together(files: Vec<ReceivedFile>) -> Result<TempDir, HandInError> {
    if files.is_empty() {
        return Err(HandInError::NoFile);
    }
    let folder = tempfile::tempdir()?;
    for (number, file) in files.into_iter().enumerate() {
        // A name, not a path: nothing is written beside the folder.
        let name = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
        if name.is_empty() || name.starts_with('.') || name.chars().any(char::is_control) {
            return Err(HandInError::NoName(number + 1));
        }
        let kept = file.path.persist_noclobber(free_path(folder.path(), name));
        kept.map_err(|err| HandInError::NotKept {
            name: name.to_owned(),
            cause: err.to_string(),
        })?;
    }
    Ok(folder)
}

/// The path of a new file of that name; of several with one name the later ones get a number.
fn free_path(folder: &Path, name: &str) -> PathBuf {
    let (stem, ending) = name
        .rsplit_once('.')
        .map_or((name, String::new()), |(stem, end)| {
            (stem, format!(".{end}"))
        });
    let mut path = folder.join(name);
    let mut number = 2;
    while path.exists() {
        path = folder.join(format!("{stem} ({number}){ending}"));
        number += 1;
    }
    path
}
