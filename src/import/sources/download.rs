//! A file while it arrives: bytes into a temporary file, hashed and counted on the way.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use chrono::NaiveDateTime;
use sha2::{Digest, Sha256};

use crate::db::utc_now;
use crate::import::sources::SourceError;

/// A file that is arriving.
pub(in crate::import) struct Download {
    file: File,
    hasher: Sha256,
    bytes: u64,
    max_bytes: u64,
    begun_at: NaiveDateTime,
}

/// A file that has arrived whole.
#[derive(Debug)]
pub(in crate::import) struct Fetched {
    /// To be read from its beginning; it goes when it is closed.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// When its first byte was asked for, UTC: what was written later may not be in it.
    pub begun_at: NaiveDateTime,
}

impl Download {
    /// Room for a file of at most so many bytes.
    pub(crate) fn new(max_bytes: u64) -> Result<Download, SourceError> {
        let file = tempfile::tempfile().map_err(no_room)?;
        Ok(Download {
            file,
            hasher: Sha256::new(),
            bytes: 0,
            max_bytes,
            begun_at: utc_now(),
        })
    }

    /// How much has arrived.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Refuses a file that is announced to be too large.
    pub(crate) fn check_announced(&self, bytes: Option<u64>) -> Result<(), SourceError> {
        match bytes.filter(|bytes| *bytes > self.max_bytes) {
            Some(bytes) => Err(too_large(bytes, self.max_bytes)),
            None => Ok(()),
        }
    }

    /// Takes the next bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), SourceError> {
        self.bytes += bytes.len() as u64;
        self.check_announced(Some(self.bytes))?;
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(no_room)
    }

    /// Starts over.
    pub(crate) fn restart(&mut self) -> Result<(), SourceError> {
        *self = Download::new(self.max_bytes)?;
        Ok(())
    }

    /// The whole file.
    pub(crate) fn finish(mut self) -> Result<Fetched, SourceError> {
        self.file.seek(SeekFrom::Start(0)).map_err(no_room)?;
        let sha256 = self
            .hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Fetched {
            file: self.file,
            bytes: self.bytes,
            sha256,
            begun_at: self.begun_at,
        })
    }
}

fn no_room(err: std::io::Error) -> SourceError {
    SourceError::permanent(format!(
        "the file can't be kept in the folder for temporary files: {err}"
    ))
}

fn too_large(bytes: u64, max_bytes: u64) -> SourceError {
    SourceError::permanent(format!(
        "the file has {bytes} bytes, more than the {max_bytes} that are allowed: raise IMPORT_MAX_FILE_MB if it is right"
    ))
}
