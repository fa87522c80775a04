//! Figures for pages: the questions of the REST interface, out of the same cache.

use std::sync::Arc;

use actix_web::web::Data;
use serde::de::DeserializeOwned;

use super::error::PageError;
use super::frame::FiguresNote;
use crate::analytics::{AnalyticsQuery, Answer, Figure, Origin};
use crate::domain::PortfolioFilter;
use crate::state::AppState;

/// A figure, and when it was computed.
pub(crate) struct Figures<T> {
    pub(crate) value: T,
    /// In Unix milliseconds.
    pub(crate) computed_at_ms: i64,
    /// Currencies among the operations that are not in it.
    pub(crate) other_currencies: Vec<String>,
    /// Whether nobody can say that it still holds: the database is away.
    pub(crate) is_stale: bool,
}

/// Returns a figure of a filter.
///
/// # Errors
/// [`PageError`] when it is not cached and the database can't answer.
pub(crate) async fn figure<T: DeserializeOwned + Send + Sync + 'static>(
    state: &Data<AppState>,
    figure: Figure,
    filter: &PortfolioFilter,
) -> Result<Figures<Arc<T>>, PageError> {
    let query = AnalyticsQuery {
        figure,
        filter: filter.clone(),
    };
    let Answer { entry, origin } = state.analytics.answer(&query).await?;
    let value = entry
        .value()
        .map_err(|err| PageError::Internal(format!("{}: {err}", query.endpoint())))?;
    Ok(Figures {
        value,
        computed_at_ms: entry.computed_at_ms,
        other_currencies: entry.other_currencies.clone(),
        is_stale: origin == Origin::Stale,
    })
}

impl<T> Figures<T> {
    /// What follows from it, as new as it.
    pub(crate) fn with<U>(self, value: U) -> Figures<U> {
        Figures {
            value,
            computed_at_ms: self.computed_at_ms,
            other_currencies: self.other_currencies,
            is_stale: self.is_stale,
        }
    }

    /// What the figure says of itself below the page.
    pub(crate) fn note(&self) -> FiguresNote {
        FiguresNote {
            computed_at_ms: self.computed_at_ms,
            other_currencies: self.other_currencies.clone(),
            is_stale: self.is_stale,
        }
    }
}
