//! Trying again what may pass: a growing pause, a little by chance so that many do not come at
//! once.

use std::time::{Duration, Instant};

use crate::import::sources::SourceError;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// Without any progress for so long no further try is begun.
const GIVE_UP_AFTER: Duration = Duration::from_secs(15);

/// How long something has been tried without progress.
pub(in crate::import) struct Backoff {
    since: Instant,
    pause: Duration,
}

impl Backoff {
    /// At the first try.
    pub(crate) fn new() -> Backoff {
        Backoff {
            since: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    /// There was progress: it is as at the first try.
    pub(crate) fn reset(&mut self) {
        *self = Backoff::new();
    }

    /// Pauses before another try, or gives the error back when there shall be none.
    pub(crate) async fn wait_or_give_up(&mut self, err: SourceError) -> Result<(), SourceError> {
        if !err.is_transient || self.since.elapsed() > GIVE_UP_AFTER {
            return Err(err);
        }
        let pause = self.pause.mul_f64(0.5 + rand::random::<f64>() / 2.0);
        log::info!("{err}; the next try is in {} ms", pause.as_millis());
        tokio::time::sleep(pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
