//! Why a file does not go in, and whether that is its own fault.

use crate::db::DbError;
use crate::import::load::LoadError;
use crate::import::remark::RemarkCode;
use crate::import::workbook::WorkbookError;

/// Why a file does not go in.
#[derive(Debug, thiserror::Error)]
pub(in crate::import) enum FileError {
    /// It can't be read.
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
    /// It can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The run has to stop.
    #[error("the run was stopped")]
    Stopped,
}

impl From<DbError> for FileError {
    fn from(err: DbError) -> FileError {
        FileError::Load(err.into())
    }
}

impl FileError {
    /// What kind of failure that is.
    pub(crate) fn code(&self) -> RemarkCode {
        match self {
            FileError::Workbook(err) => err.code(),
            FileError::Load(LoadError::Refused(_)) => RemarkCode::Refused,
            FileError::Load(_) | FileError::Stopped => RemarkCode::NotWritten,
        }
    }

    /// Whether it is the file's fault, so that trying again is of no use until it changes.
    pub(crate) fn is_of_the_file(&self) -> bool {
        match self {
            FileError::Workbook(_) => true,
            FileError::Load(err) => matches!(err, LoadError::Refused(_)),
            FileError::Stopped => false,
        }
    }
}
