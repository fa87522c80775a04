//! Where workbooks come from: an FTP server or a local folder, behind one face.

pub(in crate::import) mod backoff;
pub(in crate::import) mod download;
mod ftp;
pub(in crate::import) mod hand_in;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::config::{FtpSettings, ImportPolicy, PlaceSettings, SourceSettings};
use crate::db::ImportedFile;
use crate::domain::NameEncoding;
use crate::import::sources::download::Download;
use crate::import::sources::ftp::FtpSession;

const READ_BYTES: usize = 64 * 1024;

/// A place that holds a department's workbooks, and the rules for them.
#[derive(Clone, Debug)]
pub struct Source {
    /// How it is called in settings, journal and ledger.
    pub name: String,
    /// Whose rows its workbooks hold.
    pub department_id: i64,
    /// Where it is.
    pub place: Place,
    /// How its files are treated.
    pub policy: ImportPolicy,
}

/// Where workbooks are.
#[derive(Clone, Debug)]
pub enum Place {
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
    /// As it is shown, journaled and remembered.
    pub name: String,
    /// Its name as the source writes it.
    pub bytes: Vec<u8>,
    /// In bytes, when the source states it.
    pub size: Option<u64>,
    /// UTC, when the source states it.
    pub modified_at: Option<NaiveDateTime>,
    /// Whether another file says that this one is complete.
    pub is_complete: bool,
}

/// What a source offers.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Its files.
    pub files: Vec<OfferedFile>,
    /// What its listing says beside them that is not understood.
    pub unread: Vec<String>,
}

impl OfferedFile {
    /// A file that no other one marks as complete.
    pub(super) fn new(
        bytes: Vec<u8>,
        encoding: NameEncoding,
        size: Option<u64>,
        modified_at: Option<NaiveDateTime>,
    ) -> OfferedFile {
        OfferedFile {
            name: encoding.decode(&bytes),
            bytes,
            size,
            modified_at,
            is_complete: false,
        }
    }

    /// Whether size and time are those of a version that is known. A time that was young when that
    /// version was fetched is not relied on: it may have been written to within the same tick.
    pub(super) fn matches_version(&self, known: &ImportedFile) -> bool {
        let size = self.size.and_then(|size| i64::try_from(size).ok());
        known.modified_at.is_some()
            && self.modified_at == known.modified_at
            && size == Some(known.size)
    }
}

/// Why a source or one of its files can't be read. The message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct SourceError {
    message: String,
    /// Whether it may be gone by itself in a moment.
    pub is_transient: bool,
    /// Whether it keeps all files of the source away.
    pub is_of_source: bool,
}

/// The way to a source during a run: a session that is used again, or why there is none any more.
pub(super) struct Connection {
    pub session: Option<Session>,
    /// Why the source could not be opened again, after enough tries: no other file is tried then.
    pub lost: Option<String>,
}

/// An open source.
pub(super) enum Session {
    Ftp(Box<FtpSession>),
    /// A folder, and how its names are shown.
    Folder(PathBuf, NameEncoding),
}

impl SourceError {
    /// One that may be gone in a moment.
    pub(super) fn transient(message: String) -> SourceError {
        SourceError {
            message,
            is_transient: true,
            is_of_source: false,
        }
    }

    /// One that somebody has to see to.
    pub(super) fn permanent(message: String) -> SourceError {
        SourceError {
            message,
            is_transient: false,
            is_of_source: false,
        }
    }
}

impl Source {
    /// A source of the settings.
    pub fn configured(settings: &SourceSettings) -> Source {
        let place = match &settings.place {
            PlaceSettings::Ftp(ftp) => Place::Ftp(ftp.clone()),
            PlaceSettings::Folder(path) => Place::Folder(path.clone()),
        };
        Source {
            name: settings.name.clone(),
            department_id: settings.department_id,
            place,
            policy: settings.policy.clone(),
        }
    }

    /// A folder of this machine, taken as it is now.
    pub fn folder(path: PathBuf, department_id: i64, policy: ImportPolicy) -> Source {
        Source {
            name: path.display().to_string(),
            department_id,
            place: Place::Folder(path),
            policy: policy.at_once(),
        }
    }

    /// The name of the source of files that somebody handed in.
    pub const HANDED_IN: &str = "handed in";

    /// Files that somebody handed in: any part of the rows, so that what they leave out says
    /// nothing.
    pub fn handed_in(folder: TempDir, department_id: i64, policy: ImportPolicy) -> Source {
        let place = Place::HandedIn(Arc::new(folder));
        let policy = ImportPolicy {
            missing_rows_max_percent: None,
            ..policy.at_once()
        };
        Source {
            name: Source::HANDED_IN.to_owned(),
            department_id,
            place,
            policy,
        }
    }

    /// Where it is, as journal and log tell it; never with a password.
    pub fn describe(&self) -> String {
        match &self.place {
            Place::Ftp(ftp) => format!(
                "ftp://{}:{}{}",
                ftp.host,
                ftp.port,
                with_slash(&ftp.remote_dir)
            ),
            Place::Folder(path) => path.display().to_string(),
            Place::HandedIn(_) => "files handed in".to_owned(),
        }
    }

    /// Whether its files are remembered: those handed in are wanted, whatever was there before.
    pub(super) fn has_ledger(&self) -> bool {
        !matches!(self.place, Place::HandedIn(_))
    }

    /// Connects.
    pub(super) async fn open(&self) -> Result<Session, SourceError> {
        let encoding = self.policy.encoding;
        Ok(match &self.place {
            Place::Ftp(settings) => {
                Session::Ftp(Box::new(FtpSession::open(settings, encoding).await?))
            }
            Place::Folder(path) => Session::Folder(path.clone(), encoding),
            Place::HandedIn(folder) => Session::Folder(folder.path().to_owned(), encoding),
        })
    }
}

impl Connection {
    /// By a session that is open.
    pub(super) fn over(session: Session) -> Connection {
        Connection {
            session: Some(session),
            lost: None,
        }
    }

    /// The session, opened when there is none.
    pub(super) async fn open(&mut self, source: &Source) -> Result<Session, SourceError> {
        match self.session.take() {
            Some(open) if open.is_usable() => Ok(open),
            _ => source.open().await.map_err(|err| SourceError {
                is_of_source: true,
                ..err
            }),
        }
    }

    /// Says good-bye.
    pub(super) async fn close(self) {
        if let Some(session) = self.session {
            session.close().await;
        }
    }
}

impl Session {
    /// The files on offer, in no special order; folders are left out.
    pub(super) async fn list(&mut self) -> Result<Listing, SourceError> {
        let mut listing = match self {
            Session::Ftp(session) => session.list().await?,
            Session::Folder(path, encoding) => {
                list_folder(path, *encoding).await.map_err(|err| {
                    SourceError::permanent(format!(
                        "the folder {} can't be read: {err}",
                        path.display()
                    ))
                })?
            }
        };
        distinguish_names(&mut listing.files);
        Ok(listing)
    }

    /// Whether another file can be fetched by it.
    fn is_usable(&self) -> bool {
        match self {
            Session::Ftp(session) => session.is_usable(),
            Session::Folder(..) => true,
        }
    }

    /// Fetches what is still missing of a file. `on_progress` is called with how much has arrived.
    pub(super) async fn fetch(
        &mut self,
        file: &OfferedFile,
        download: &mut Download,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<(), SourceError> {
        match self {
            Session::Ftp(session) => session.fetch(file, download, on_progress).await,
            Session::Folder(path, _) => {
                read_file(
                    &path.join(OsStr::from_bytes(&file.bytes)),
                    download,
                    on_progress,
                )
                .await
            }
        }
    }

    /// Says good-bye.
    pub(super) async fn close(self) {
        if let Session::Ftp(session) = self {
            session.close().await;
        }
    }
}

async fn read_file(
    path: &Path,
    download: &mut Download,
    on_progress: &mut dyn FnMut(u64),
) -> Result<(), SourceError> {
    let unreadable =
        |err: std::io::Error| SourceError::permanent(format!("the file can't be read: {err}"));
    download.restart()?;
    let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = file.read(&mut buffer).await.map_err(unreadable)?;
        if count == 0 {
            return Ok(());
        }
        download.take(&buffer[..count])?;
        on_progress(download.bytes());
    }
}

async fn list_folder(path: &Path, encoding: NameEncoding) -> std::io::Result<Listing> {
    let mut entries = tokio::fs::read_dir(path).await?;
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name().as_bytes().to_owned();
        match tokio::fs::metadata(entry.path()).await {
            Ok(metadata) if metadata.is_file() => {
                let modified_at = metadata
                    .modified()
                    .ok()
                    .map(|time| DateTime::<Utc>::from(time).naive_utc());
                // Databases keep microseconds.
                let modified_at = modified_at.map(|time| time.trunc_subsecs(6));
                files.push(OfferedFile::new(
                    name,
                    encoding,
                    Some(metadata.len()),
                    modified_at,
                ));
            }
            Ok(_) => {}
            Err(err) if err.kind() == ErrorKind::NotFound && has_vanished(&entry.path()).await => {}
            // A link that leads nowhere, or a file that nobody may look at: reading it gives the
            // reason.
            Err(_) => files.push(OfferedFile::new(name, encoding, None, None)),
        }
    }
    Ok(Listing {
        files,
        unread: Vec::new(),
    })
}

async fn has_vanished(path: &Path) -> bool {
    tokio::fs::symlink_metadata(path)
        .await
        .is_err_and(|err| err.kind() == ErrorKind::NotFound)
}

/// Makes the shown names distinct: of names that look alike in different encodings, those that are
/// not UTF-8 are shown by their bytes.
fn distinguish_names(files: &mut [OfferedFile]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for file in files.iter() {
        *counts.entry(file.name.clone()).or_default() += 1;
    }
    let is_alike = |file: &OfferedFile| counts.get(&file.name).is_some_and(|count| *count > 1);
    for file in files
        .iter_mut()
        .filter(|file| is_alike(file) && file.name.as_bytes() != file.bytes)
    {
        let shown = file.bytes.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte).to_string(),
            _ => format!("%{byte:02X}"),
        });
        file.name = shown.collect();
    }
}

fn with_slash(folder: &str) -> String {
    if folder.starts_with('/') {
        folder.to_owned()
    } else {
        format!("/{folder}")
    }
}
