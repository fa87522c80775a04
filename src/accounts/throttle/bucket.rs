//! A limit that never comes to a stop: so many at once, and so many a second from then on.

use std::time::{Duration, Instant};

pub(super) struct Bucket {
    burst: f64,
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    pub fn new(burst: f64, per_second: f64) -> Bucket {
        Bucket {
            burst,
            per_second,
            left: burst,
            at: Instant::now(),
        }
    }

    /// Takes one out.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub fn take(&mut self) -> Result<(), Duration> {
        self.look()?;
        self.left -= 1.0;
        Ok(())
    }

    /// Looks whether there is one.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub fn look(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        let gained = now.duration_since(self.at).as_secs_f64() * self.per_second;
        self.left = (self.left + gained).min(self.burst);
        self.at = now;
        match self.left < 1.0 {
            true => Err(Duration::from_secs(1)),
            false => Ok(()),
        }
    }
}
