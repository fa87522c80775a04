//! Where workbooks come from: an FTP server or a local folder, behind one face.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::ftp::FtpSession;
use crate::config::FtpSettings;

/// A place that holds workbooks.
#[derive(Clone, Debug)]
pub enum Source {
    /// An FTP server's folder.
    Ftp(FtpSettings),
    /// A folder of this machine.
    Folder(PathBuf),
    /// Files that somebody handed in; their folder goes when nobody needs them any more.
    HandedIn(Arc<TempDir>),
}

/// A file that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OfferedFile {
    pub name: String,
    /// In bytes, when the listing tells.
    pub size: Option<u64>,
}

/// Why a source or one of its files can't be read. The message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct SourceError(pub String);

/// An open source.
pub(super) enum Session {
    Ftp(Box<FtpSession>),
    Folder(PathBuf),
}

impl Source {
    /// How the source is named in journal and log; never with a password.
    pub fn describe(&self) -> String {
        match self {
            Source::Ftp(ftp) => format!("ftp://{}:{}{}", ftp.host, ftp.port, with_slash(&ftp.remote_dir)),
            Source::Folder(path) => path.display().to_string(),
            Source::HandedIn(_) => "files handed in".to_owned(),
        }
    }

    /// Connects.
    pub(super) async fn open(&self) -> Result<Session, SourceError> {
        Ok(match self {
            Source::Ftp(settings) => Session::Ftp(Box::new(FtpSession::open(settings).await?)),
            Source::Folder(path) => Session::Folder(path.clone()),
            Source::HandedIn(folder) => Session::Folder(folder.path().to_owned()),
        })
    }
}

impl Session {
    /// The files on offer, in no special order; folders are left out.
    pub async fn list(&mut self) -> Result<Vec<OfferedFile>, SourceError> {
        match self {
            Session::Ftp(session) => session.list().await,
            Session::Folder(path) => list_folder(path)
                .await
                .map_err(|err| SourceError(format!("the folder {} can't be read: {err}", path.display()))),
        }
    }

    /// The whole content of a file; one of more than `max_bytes` is refused.
    pub async fn fetch(&mut self, file: &OfferedFile, max_bytes: u64) -> Result<Vec<u8>, SourceError> {
        if let Some(size) = file.size.filter(|size| *size > max_bytes) {
            return Err(too_large(size, max_bytes));
        }
        match self {
            Session::Ftp(session) => session.fetch(file, max_bytes).await,
            Session::Folder(path) => tokio::fs::read(path.join(&file.name))
                .await
                .map_err(|err| SourceError(format!("the file can't be read: {err}"))),
        }
    }

    /// Says good-bye.
    pub async fn close(self) {
        if let Session::Ftp(session) = self {
            session.close().await;
        }
    }
}

pub(super) fn too_large(size: u64, max_bytes: u64) -> SourceError {
    SourceError(format!(
        "the file has {size} bytes, more than the {max_bytes} that are allowed: raise IMPORT_MAX_FILE_MB if it is right"
    ))
}

async fn list_folder(path: &PathBuf) -> std::io::Result<Vec<OfferedFile>> {
    let mut entries = tokio::fs::read_dir(path).await?;
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let metadata = tokio::fs::metadata(entry.path()).await?;
        if metadata.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            files.push(OfferedFile { name, size: Some(metadata.len()) });
        }
    }
    Ok(files)
}

fn with_slash(folder: &str) -> String {
    if folder.starts_with('/') { folder.to_owned() } else { format!("/{folder}") }
}
