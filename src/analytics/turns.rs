//! Computations take turns, so that known answers do not wait for a processor behind new ones.
//!
//! While a figure is computed, this process or the database beside it keeps one processor busy. So
//! one fewer is computed at a time than there are processors; more at once would each take longer,
//! and every cached answer with them. A computation that takes long waits for something, such as
//! another machine: its turn ends, and it goes on beside the next.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The longest turn: most figures take a tenth of it.
const LONGEST_TURN: Duration = Duration::from_millis(50);
/// Who waited for so long computes without one: then the database's connections are the bound.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The turns of a process.
pub(super) struct Turns {
    turns: Semaphore,
    longest_wait: Duration,
}

impl Turns {
    /// Turns for the processors that this process may use.
    pub(super) fn new() -> Turns {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Turns::at_once(processors.saturating_sub(1).max(1), LONGEST_WAIT)
    }

    fn at_once(count: usize, longest_wait: Duration) -> Turns {
        Turns {
            turns: Semaphore::new(count),
            longest_wait,
        }
    }

    /// Does work when its turn comes, in the order of asking.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let turn = timeout(self.longest_wait, self.turns.acquire()).await;
        let mut work = pin!(work);
        if let Ok(done) = timeout(LONGEST_TURN, &mut work).await {
            return done;
        }
        drop(turn);
        work.await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::{join, join_all, pending, select};

    use super::{LONGEST_WAIT, Turns};

    #[actix_rt::test]
    async fn short_work_is_done_by_turns() {
        let (turns, busy) = (Turns::at_once(2, LONGEST_WAIT), AtomicUsize::new(0));
        let work = async || {
            let others = busy.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            busy.fetch_sub(1, Ordering::Relaxed);
            others
        };
        let others = join_all((0..100).map(|_| turns.run(work()))).await;
        assert_eq!(others.iter().max(), Some(&1));
    }

    #[actix_rt::test]
    async fn work_that_takes_long_holds_nobody_up() {
        let turns = Turns::at_once(1, LONGEST_WAIT);
        let stuck = std::pin::pin!(turns.run(pending::<()>()));
        let next = std::pin::pin!(turns.run(async { 7 }));
        assert!(matches!(
            select(stuck, next).await,
            futures_util::future::Either::Right((7, _))
        ));
    }

    #[actix_rt::test]
    async fn who_waits_too_long_does_not_wait_for_a_turn() {
        let turns = Turns::at_once(1, Duration::from_millis(1));
        let turn = turns.turns.acquire().await.unwrap();
        assert_eq!(join(turns.run(async { 7 }), async { 8 }).await, (7, 8));
        drop(turn);
    }
}
