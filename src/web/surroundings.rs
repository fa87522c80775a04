//! What surrounds the figures of every page: the choices of the filter bar and the last imports.
//!
//! Read at most once in [`BELIEVED_FOR`] for a department and state of its data, by one request of
//! all, so that a warm page asks no database. While the database is away, the last known stand in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_rt::time::timeout;
use moka::sync::Cache;

use super::error::PageError;
use crate::db::{
    self, BankAccountRow, LenderRow, OrganizationRow, Page, ReferenceFilter, ReferenceOrder,
    ReferenceRow, RunRow,
};
use crate::domain::{DepartmentScope, PortfolioFilter, WITHOUT_LENDER};
use crate::state::AppState;

/// Reference data and runs are believed so long while no figure changes.
const BELIEVED_FOR: Duration = Duration::from_secs(5);
/// A page that can be shown does not wait longer for newer ones.
const LONGEST_LOOK: Duration = Duration::from_millis(600);
/// So many departments and states are remembered.
const MOST_REMEMBERED: u64 = 100;
/// So many imports are listed.
const LAST_RUNS: i64 = 3;

/// The choices of the filter bar, by id and name, and the last imports.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) organizations: Vec<(i64, String)>,
    pub(crate) lenders: Vec<(i64, String)>,
    pub(crate) bank_accounts: Vec<(i64, String)>,
    /// Newest first.
    pub(crate) runs: Vec<RunRow>,
}

impl Surroundings {
    /// Checks that the rows that a filter names are there: the zero of an unknown one must not look
    /// like that of all.
    ///
    /// # Errors
    /// [`PageError::Address`] with the filter's name.
    pub(crate) fn check(&self, filter: &PortfolioFilter) -> Result<(), PageError> {
        let named = [
            (
                "organization_id",
                filter.organization_id,
                &self.organizations,
            ),
            (
                "lender_id",
                filter.lender_id.filter(|id| *id != WITHOUT_LENDER),
                &self.lenders,
            ),
            (
                "bank_account_id",
                filter.bank_account_id,
                &self.bank_accounts,
            ),
        ];
        for (name, id, rows) in named {
            if id.is_some_and(|id| rows.iter().all(|(known, _)| *known != id)) {
                return Err(PageError::Address(name.to_owned()));
            }
        }
        Ok(())
    }
}

/// What has been read; all workers share it.
pub(crate) struct KnownSurroundings {
    known: Cache<DepartmentScope, Known>,
}

#[derive(Clone)]
struct Known {
    generation: i64,
    read_at: Instant,
    surroundings: Arc<Surroundings>,
}

impl Default for KnownSurroundings {
    fn default() -> KnownSurroundings {
        KnownSurroundings {
            known: Cache::new(MOST_REMEMBERED),
        }
    }
}

impl KnownSurroundings {
    /// Returns what surrounds the figures of a scope.
    ///
    /// # Errors
    /// [`PageError`] when the database can't answer and nothing is known.
    pub(crate) async fn of(
        &self,
        state: &AppState,
        scope: DepartmentScope,
    ) -> Result<Arc<Surroundings>, PageError> {
        let generation = state
            .cache
            .known_version(scope)
            .unwrap_or_default()
            .generation;
        let before = self.known.get(&scope);
        let is_new = |known: &Known| {
            known.generation == generation && known.read_at.elapsed() < BELIEVED_FOR
        };
        if let Some(known) = before.as_ref().filter(|known| is_new(known)) {
            return Ok(known.surroundings.clone());
        }
        let remember = |surroundings: &Arc<Surroundings>| {
            let known = Known {
                generation,
                read_at: Instant::now(),
                surroundings: surroundings.clone(),
            };
            self.known.insert(scope, known);
        };
        let Some(before) = before else {
            let surroundings = Arc::new(read(state, scope).await?);
            remember(&surroundings);
            return Ok(surroundings);
        };
        // Meanwhile the others take what is known; after a failure, so does everybody.
        remember(&before.surroundings);
        let surroundings = match timeout(LONGEST_LOOK, read(state, scope)).await {
            Ok(Ok(read)) => Arc::new(read),
            Ok(Err(err)) if !err.is_transient() => return Err(err.into()),
            Ok(Err(_)) | Err(_) => return Ok(before.surroundings),
        };
        remember(&surroundings);
        Ok(surroundings)
    }
}

async fn read(state: &AppState, scope: DepartmentScope) -> Result<Surroundings, db::DbError> {
    let by_name = ReferenceFilter {
        order: ReferenceOrder::Name,
        ..ReferenceFilter::all(scope)
    };
    let last = Page {
        skip: 0,
        limit: LAST_RUNS,
    };
    state
        .db
        .snapshot(async |conn| {
            let (organizations, _) = OrganizationRow::list(conn, &by_name, Page::ALL).await?;
            let (lenders, _) = LenderRow::list(conn, &by_name, Page::ALL).await?;
            let (accounts, _) = BankAccountRow::list(conn, &by_name, Page::ALL).await?;
            let (runs, _) = db::list_runs(conn, scope, last).await?;
            Ok(Surroundings {
                organizations: organizations
                    .into_iter()
                    .map(|row| (row.id, row.name))
                    .collect(),
                lenders: lenders.into_iter().map(|row| (row.id, row.name)).collect(),
                bank_accounts: accounts
                    .into_iter()
                    .map(|row| (row.id, row.account_number))
                    .collect(),
                runs,
            })
        })
        .await
}
