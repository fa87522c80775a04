//! What is answered, where it came from, and why there is no answer.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::cache::{Entry, Tier};
use crate::db::{DbError, ReadError};

/// An answer, and where it came from.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The bytes and their headers' values.
    pub entry: Arc<Entry>,
    /// Whether it was computed for this question.
    pub origin: Origin,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Out of the cache.
    Hit(Tier),
    /// Out of the cache while the database can't be asked: its life has ended, or nobody can say
    /// whether something changed.
    Stale,
    /// Computed, then stored.
    Computed {
        /// Where it is kept now.
        stored: Tier,
        /// There was an entry of data that was changed since.
        was_outdated: bool,
    },
    /// Computed for another question of the same key.
    Collapsed,
}

/// Why there is no answer. Shared by all who wait for one computation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnalyticsError {
    /// The database can't answer.
    #[error("{0}")]
    Database(Arc<DbError>),
    /// The answer could not be written as JSON.
    #[error("the answer can't be written as JSON: {0}")]
    Json(Arc<serde_json::Error>),
}

impl ReadError for AnalyticsError {
    fn is_of_server(&self) -> bool {
        matches!(self, AnalyticsError::Database(err) if err.is_of_server())
    }
}

impl From<DbError> for AnalyticsError {
    fn from(err: DbError) -> AnalyticsError {
        AnalyticsError::Database(Arc::new(err))
    }
}

impl From<serde_json::Error> for AnalyticsError {
    fn from(err: serde_json::Error) -> AnalyticsError {
        AnalyticsError::Json(Arc::new(err))
    }
}

impl AnalyticsError {
    /// Whether the database could not be reached.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, AnalyticsError::Database(err) if matches!(**err, DbError::Unavailable(_)))
    }
}

/// The shape of most answers.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Data<T> {
    pub(crate) data: Vec<T>,
    /// The earlier of `date_to` and today: the day whose end balances belong to, and with which
    /// series end.
    pub(crate) as_of: NaiveDate,
    /// The currency of the amounts.
    pub(crate) currency: String,
    /// Currencies among the operations and contracts whose amounts are not in them.
    pub(crate) other_currencies: Vec<String>,
}
