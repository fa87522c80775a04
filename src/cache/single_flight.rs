//! Computations under way: those who ask the same at the same time share one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

/// Computations by key, each of a result that can be shared.
pub(crate) struct SingleFlight<R> {
    under_way: Arc<Mutex<HashMap<String, watch::Receiver<Option<R>>>>>,
}

/// What someone who asks is to do.
pub(crate) enum Join<R> {
    /// Compute, and land with the result.
    Leader(Leader<R>),
    /// Wait for the one who computes: the channel ends without a result when that one broke off.
    Follower(watch::Receiver<Option<R>>),
}

/// The one who computes. Dropped without landing, it leaves the others to compute themselves.
pub(crate) struct Leader<R> {
    key: String,
    sender: watch::Sender<Option<R>>,
    under_way: Arc<Mutex<HashMap<String, watch::Receiver<Option<R>>>>>,
}

impl<R> Default for SingleFlight<R> {
    fn default() -> SingleFlight<R> {
        SingleFlight {
            under_way: Arc::default(),
        }
    }
}

impl<R> Clone for SingleFlight<R> {
    fn clone(&self) -> SingleFlight<R> {
        SingleFlight {
            under_way: self.under_way.clone(),
        }
    }
}

impl<R> SingleFlight<R> {
    /// Joins the computation of a key, or begins it.
    pub(crate) fn join(&self, key: &str) -> Join<R> {
        let mut under_way = locked(&self.under_way);
        if let Some(receiver) = under_way.get(key) {
            return Join::Follower(receiver.clone());
        }
        let (sender, receiver) = watch::channel(None);
        under_way.insert(key.to_owned(), receiver);
        Join::Leader(Leader {
            key: key.to_owned(),
            sender,
            under_way: self.under_way.clone(),
        })
    }
}

impl<R> Leader<R> {
    /// Gives the result to all who wait.
    pub(crate) fn publish(self, result: R) {
        // Whoever comes from now on starts a new computation: nobody gets a result from before.
        locked(&self.under_way).remove(&self.key);
        let _ = self.sender.send(Some(result));
    }
}

impl<R> Drop for Leader<R> {
    fn drop(&mut self) {
        let mut under_way = locked(&self.under_way);
        let is_own = under_way
            .get(&self.key)
            .is_some_and(|receiver| receiver.same_channel(&self.sender.subscribe()));
        if is_own {
            under_way.remove(&self.key);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
