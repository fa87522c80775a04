//! Files are written a few at a time, on threads of their own; the others wait in a bounded queue.
//!
//! So exports take neither the connections nor the threads of other requests. A place in the queue
//! needs no memory to speak of and no connection. Who finds the queue full, or waits too long, has
//! to come back later.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_rt::{Arbiter, ArbiterHandle};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::time::timeout;

use crate::db::{Reads, export_connections};

/// By how much the threads give way (`nice`).
const LOW_PRIORITY: i32 = 10;
/// How many exports may wait beside those that are written.
const MOST_WAITING: usize = 32;
/// The longest wait: by then a browser's user has given up.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Why an export was not made.
#[derive(Debug, thiserror::Error)]
pub enum ExportQueueError {
    /// Too many wait already, or the wait was too long.
    #[error("too many files are being written: try again in a moment")]
    Full,
    /// Its thread broke off.
    #[error("an export broke off; the log says why")]
    Broken,
}

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct ExportQueue(Arc<Shared>);

struct Shared {
    reads: Reads,
    /// A permit for each export that is written or waits.
    places: Semaphore,
    /// A permit for each export that may be written at once.
    turns: Semaphore,
    /// The threads without work: one for each free turn.
    idle: Mutex<Vec<ArbiterHandle>>,
}

impl ExportQueue {
    /// Starts the threads. `reads` has a connection for each of them.
    pub fn start(reads: Reads) -> ExportQueue {
        let threads = export_connections() as usize;
        ExportQueue(Arc::new(Shared {
            reads,
            places: Semaphore::new(threads + MOST_WAITING),
            turns: Semaphore::new(threads),
            idle: Mutex::new((0..threads).map(|_| low_thread()).collect()),
        }))
    }

    /// How many exports are written at once.
    pub fn at_once(&self) -> usize {
        export_connections() as usize
    }

    /// The connections that exports read over.
    pub fn reads(&self) -> &Reads {
        &self.0.reads
    }

    /// Does the work of an export in its turn, on a thread of exports.
    ///
    /// # Errors
    /// [`ExportQueueError`] when there is no place, or the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(&Reads) -> T + Send + 'static,
    ) -> Result<T, ExportQueueError> {
        let _place = self
            .0
            .places
            .try_acquire()
            .map_err(|_| ExportQueueError::Full)?;
        let turn = timeout(LONGEST_WAIT, self.0.turns.acquire()).await;
        let turn = turn.map_err(|_| ExportQueueError::Full)?;
        let turn = turn.map_err(|_| ExportQueueError::Broken)?;
        let thread = Thread::take(&self.0, turn).ok_or(ExportQueueError::Broken)?;
        let (done, result) = oneshot::channel();
        let reads = self.0.reads.clone();
        let is_spawned = thread.handle.spawn_fn(move || {
            actix_rt::spawn(async move {
                // Nobody receives when the program is stopping.
                let _ = done.send(work(&reads).await);
            });
        });
        if !is_spawned {
            return Err(ExportQueueError::Broken);
        }
        result.await.map_err(|_| ExportQueueError::Broken)
    }
}

/// Starts a thread that leaves the processors to all others when they are scarce; so do the threads
/// that it starts.
fn low_thread() -> ArbiterHandle {
    let thread = Arbiter::new().handle();
    thread.spawn_fn(|| {
        // On Linux of this thread alone.
        if let Err(err) = rustix::process::nice(LOW_PRIORITY) {
            log::warn!("Exports keep the priority of other requests: {err}");
        }
    });
    thread
}

impl Drop for Shared {
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        idle.iter().for_each(|thread| {
            thread.stop();
        });
    }
}

/// A thread that writes an export, given back with its turn.
struct Thread<'q> {
    shared: &'q Shared,
    handle: ArbiterHandle,
    _turn: SemaphorePermit<'q>,
}

impl<'q> Thread<'q> {
    fn take(shared: &'q Shared, turn: SemaphorePermit<'q>) -> Option<Thread<'q>> {
        let mut idle = shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Thread {
            shared,
            handle: idle.pop()?,
            _turn: turn,
        })
    }
}

impl Drop for Thread<'_> {
    fn drop(&mut self) {
        // Its turn ends after this: fields are dropped later.
        let mut idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.push(self.handle.clone());
    }
}
