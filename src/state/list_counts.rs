//! The full counts of lists, and the parts behind figures, each read once for a filter and a version
//! of the data.

use std::sync::Arc;

use moka::sync::Cache;

use super::figure_parts::FigureParts;
use crate::db::{DbConn, DbError, PagedList, PartTotals, data_versions};
use crate::domain::{DataVersion, DepartmentScope};

const MOST_REMEMBERED: u64 = 10_000;
/// Pages of parts are remembered up to so many rows, about half a kilobyte each.
const MOST_ROWS: u64 = 20_000;
/// Larger pages are not: the REST interface takes up to 50,000 rows.
const LONGEST_PAGE: usize = 200;

/// Counts and parts by question and generation. Cheap to clone.
#[derive(Clone)]
pub struct ListCounts {
    counts: Cache<Key, i64>,
    totals: Cache<Key, PartTotals>,
    pages: Cache<Key, Arc<FigureParts>>,
}

/// The question, and the generation.
pub(super) type Key = (String, i64);

impl Default for ListCounts {
    fn default() -> ListCounts {
        let rows_of = |_: &Key, page: &Arc<FigureParts>| {
            u32::try_from(page.rows.len().max(1)).unwrap_or(u32::MAX)
        };
        ListCounts {
            counts: Cache::new(MOST_REMEMBERED),
            totals: Cache::new(MOST_REMEMBERED),
            pages: Cache::builder()
                .max_capacity(MOST_ROWS)
                .weigher(rows_of)
                .build(),
        }
    }
}

impl ListCounts {
    /// Returns how many rows a list has in this snapshot. The generation is read in the snapshot,
    /// too, so a count is never of other data than the rows beside it.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn count<L: PagedList>(&self, list: &L, conn: &mut DbConn) -> Result<i64, DbError> {
        let generation = generation_of(list.department(), conn).await?;
        let key = (format!("{list:?}"), generation);
        remembered(&self.counts, key, async || list.count(conn).await).await
    }

    /// Returns the totals of parts, which `compute` reads.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub(super) async fn part_totals(
        &self,
        key: Key,
        compute: impl AsyncFnOnce() -> Result<PartTotals, DbError>,
    ) -> Result<PartTotals, DbError> {
        remembered(&self.totals, key, compute).await
    }

    /// Returns a page of parts that was remembered.
    pub(super) fn remembered_parts(&self, key: &Key) -> Option<Arc<FigureParts>> {
        self.pages.get(key)
    }

    /// Remembers a page of parts.
    pub(super) fn remember_parts(&self, key: Key, page: &Arc<FigureParts>) {
        if page.rows.len() <= LONGEST_PAGE {
            self.pages.insert(key, page.clone());
        }
    }
}

/// Returns the generation of the data in this snapshot.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn generation_of(
    scope: DepartmentScope,
    conn: &mut DbConn,
) -> Result<i64, DbError> {
    Ok(DataVersion::of(scope, data_versions(conn).await?).generation)
}

async fn remembered<T: Clone + Send + Sync + 'static>(
    cache: &Cache<Key, T>,
    key: Key,
    compute: impl AsyncFnOnce() -> Result<T, DbError>,
) -> Result<T, DbError> {
    if let Some(known) = cache.get(&key) {
        return Ok(known);
    }
    let computed = compute().await?;
    cache.insert(key, computed.clone());
    Ok(computed)
}
