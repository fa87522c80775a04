//! What bodies of requests may take: how many forms of files at once, and how long each.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many forms of files are received at once. Each takes a descriptor and the disk for its
/// files.
const MOST_AT_ONCE: usize = 4;
/// The longest time for a body of JSON: 64 KiB at most.
const LONGEST_JSON: Duration = Duration::from_secs(10);

/// The limits. Cheap to clone.
#[derive(Clone)]
pub struct UploadLimits {
    turns: Arc<Semaphore>,
    /// The longest time for a form of files.
    pub form_time: Duration,
}

impl UploadLimits {
    /// Limits with that time for a form of files.
    pub fn new(form_time: Duration) -> UploadLimits {
        UploadLimits {
            turns: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            form_time,
        }
    }

    /// Returns the right to receive a form, unless too many are received already.
    pub fn try_begin(&self) -> Option<OwnedSemaphorePermit> {
        self.turns.clone().try_acquire_owned().ok()
    }

    /// The longest time for a body of JSON.
    pub fn json_time(&self) -> Duration {
        LONGEST_JSON.min(self.form_time)
    }
}
