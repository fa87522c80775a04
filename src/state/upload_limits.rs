//! What bodies of requests may take: how many forms of files at once, and how long each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many forms of files are received at once. Each takes a descriptor and the disk for its
/// files.
const MOST_AT_ONCE: usize = 4;
/// How many of one user: nobody keeps all others from handing files in.
const MOST_OF_ONE: usize = 2;
/// The longest time for a body of JSON: 64 KiB at most.
const LONGEST_JSON: Duration = Duration::from_secs(10);

/// The limits. Cheap to clone.
#[derive(Clone)]
pub struct UploadLimits {
    /// The users whose forms are received now, one entry a form.
    receiving: Arc<Mutex<Vec<i64>>>,
    /// The longest time for a form of files.
    pub form_time: Duration,
}

/// The right to receive a form, until it is dropped.
pub struct UploadTurn {
    receiving: Arc<Mutex<Vec<i64>>>,
    user_id: i64,
}

impl UploadLimits {
    /// Limits with that time for a form of files.
    pub fn new(form_time: Duration) -> UploadLimits {
        UploadLimits {
            receiving: Arc::default(),
            form_time,
        }
    }

    /// Returns the right to receive a form of a user, unless too many are received already.
    pub fn try_begin(&self, user_id: i64) -> Option<UploadTurn> {
        let mut receiving = locked(&self.receiving);
        let own = receiving.iter().filter(|user| **user == user_id).count();
        if receiving.len() >= MOST_AT_ONCE || own >= MOST_OF_ONE {
            return None;
        }
        receiving.push(user_id);
        let receiving = self.receiving.clone();
        Some(UploadTurn { receiving, user_id })
    }

    /// The longest time for a body of JSON.
    pub fn json_time(&self) -> Duration {
        LONGEST_JSON.min(self.form_time)
    }
}

impl Drop for UploadTurn {
    fn drop(&mut self) {
        let mut receiving = locked(&self.receiving);
        if let Some(at) = receiving.iter().position(|user| *user == self.user_id) {
            receiving.swap_remove(at);
        }
    }
}

fn locked(receiving: &Mutex<Vec<i64>>) -> MutexGuard<'_, Vec<i64>> {
    receiving.lock().unwrap_or_else(PoisonError::into_inner)
}
