//! The full counts of lists and the totals of parts, each computed once for a filter and a version
//! of the data.

use moka::sync::Cache;

use crate::db::{DbConn, DbError, PagedList, PartTotals, data_versions};
use crate::domain::{DataVersion, DepartmentScope};

const MOST_REMEMBERED: u64 = 10_000;

/// Counts and totals by list, filter and generation. Cheap to clone.
#[derive(Clone)]
pub struct ListCounts {
    counts: Cache<Key, i64>,
    parts: Cache<Key, PartTotals>,
}

/// The list with its filter, and the generation.
type Key = (String, i64);

impl Default for ListCounts {
    fn default() -> ListCounts {
        ListCounts {
            counts: Cache::new(MOST_REMEMBERED),
            parts: Cache::new(MOST_REMEMBERED),
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
        let key = key(format!("{list:?}"), list.department(), conn).await?;
        remembered(&self.counts, key, async || list.count(conn).await).await
    }

    /// Returns the totals of the parts that `question` names all about. `compute` reads them.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn part_totals(
        &self,
        question: String,
        scope: DepartmentScope,
        conn: &mut DbConn,
        compute: impl AsyncFnOnce(&mut DbConn) -> Result<PartTotals, DbError>,
    ) -> Result<PartTotals, DbError> {
        let key = key(question, scope, conn).await?;
        remembered(&self.parts, key, async || compute(conn).await).await
    }
}

async fn key(question: String, scope: DepartmentScope, conn: &mut DbConn) -> Result<Key, DbError> {
    let generation = DataVersion::of(scope, data_versions(conn).await?).generation;
    Ok((question, generation))
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
