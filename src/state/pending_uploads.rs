//! Files that were handed in to be looked at first: kept between the dry run and the confirmation.
//!
//! Each belongs to one session, and nobody else finds it. A session has one upload at a time; number
//! and bytes of all together and the time of each are bounded. They live in the process that
//! received them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::import::{DryRun, DryRunError, Source};

/// So many uploads wait at most, of all sessions.
const MOST_UPLOADS: usize = 16;
/// So many bytes they have together at most.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// An upload that nobody confirms is deleted after so long.
const KEPT_FOR: Duration = Duration::from_secs(30 * 60);

/// What importing files would change, or why that is not known.
pub(crate) type Preview = Result<Arc<DryRun>, Arc<DryRunError>>;

/// An upload that waits for its confirmation. Its files are deleted with the last copy.
#[derive(Clone)]
pub struct PendingUpload {
    /// What names it in addresses.
    pub id: String,
    /// The files.
    pub source: Source,
    /// What importing them would change; `None`: they have not been tried yet.
    pub(crate) preview: Option<Preview>,
    session: String,
    bytes: u64,
    until: Instant,
}

/// There is no room for another upload at the moment.
#[derive(Debug, thiserror::Error)]
#[error("too many uploads wait for their confirmation: try again later")]
pub struct NoRoom;

/// The uploads of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct PendingUploads(Arc<Mutex<Vec<PendingUpload>>>);

impl PendingUploads {
    /// Keeps an upload of a session, in place of its earlier one.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn keep(&self, session: &str, source: Source, bytes: u64) -> Result<PendingUpload, NoRoom> {
        self.delete_outdated();
        let id: [u8; 12] = rand::random();
        let upload = PendingUpload {
            id: URL_SAFE_NO_PAD.encode(id),
            source,
            preview: None,
            session: session.to_owned(),
            bytes,
            until: Instant::now() + KEPT_FOR,
        };
        let mut uploads = self.uploads();
        uploads.retain(|other| other.session != session);
        let taken: u64 = uploads.iter().map(|other| other.bytes).sum();
        if uploads.len() >= MOST_UPLOADS || taken.saturating_add(bytes) > MOST_BYTES {
            return Err(NoRoom);
        }
        uploads.push(upload.clone());
        Ok(upload)
    }

    /// Returns a session's upload.
    pub fn find(&self, session: &str, id: &str) -> Option<PendingUpload> {
        let now = Instant::now();
        let uploads = self.uploads();
        let found = uploads.iter().find(|upload| upload.is(session, id));
        found.filter(|upload| upload.until > now).cloned()
    }

    /// Remembers what a session's upload would change.
    pub(crate) fn set_preview(&self, upload: &PendingUpload, preview: Preview) {
        let mut uploads = self.uploads();
        let known = uploads
            .iter_mut()
            .find(|known| known.is(&upload.session, &upload.id));
        if let Some(known) = known {
            known.preview = Some(preview);
        }
    }

    /// Takes a session's upload out, so that it is imported once.
    pub fn take(&self, session: &str, id: &str) -> Option<PendingUpload> {
        let now = Instant::now();
        let mut uploads = self.uploads();
        let at = uploads.iter().position(|upload| upload.is(session, id))?;
        Some(uploads.swap_remove(at)).filter(|upload| upload.until > now)
    }

    /// Puts an upload back that could not be imported, unless the session has another one by now.
    pub fn put_back(&self, upload: PendingUpload) {
        let mut uploads = self.uploads();
        if uploads.iter().all(|other| other.session != upload.session) {
            uploads.push(upload);
        }
    }

    /// Deletes what nobody has confirmed in time.
    pub fn delete_outdated(&self) {
        let now = Instant::now();
        self.uploads().retain(|upload| upload.until > now);
    }

    fn uploads(&self) -> MutexGuard<'_, Vec<PendingUpload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingUpload {
    fn is(&self, session: &str, id: &str) -> bool {
        self.session == session && self.id == id
    }
}
