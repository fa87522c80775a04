//! Why a pool has no connection: the pool itself only says that none came in time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bb8::ErrorSink;
use diesel_async::pooled_connection::PoolError;

/// Keeps why a connection could not be opened or used again: the pool itself only says that none
/// came in time.
#[derive(Clone, Debug, Default)]
pub(super) struct ConnectFaults(Arc<Mutex<Option<(Instant, String)>>>);

impl ConnectFaults {
    /// Returns the last fault, if it came after a moment.
    pub(super) fn since(&self, moment: Instant) -> Option<String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, cause) = last.as_ref().filter(|(at, _)| *at >= moment)?;
        Some(cause.clone())
    }
}

impl ErrorSink<PoolError> for ConnectFaults {
    fn sink(&self, err: PoolError) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), err.to_string()));
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<PoolError>> {
        Box::new(self.clone())
    }
}
