//! The full counts of lists, each computed once for a filter and a version of the data.

use moka::sync::Cache;

use crate::db::{DbConn, DbError, PagedList, data_versions};
use crate::domain::DataVersion;

const MOST_REMEMBERED: u64 = 10_000;

/// Counts by list, filter and generation. Cheap to clone.
#[derive(Clone)]
pub struct ListCounts(Cache<(String, i64), i64>);

impl Default for ListCounts {
    fn default() -> ListCounts {
        ListCounts(Cache::new(MOST_REMEMBERED))
    }
}

impl ListCounts {
    /// Returns how many rows a list has in this snapshot. The generation is read in the snapshot,
    /// too, so a count is never of other data than the rows beside it.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn count<L: PagedList>(&self, list: &L, conn: &mut DbConn) -> Result<i64, DbError> {
        let generation = DataVersion::of(list.department(), data_versions(conn).await?).generation;
        let key = (format!("{list:?}"), generation);
        if let Some(count) = self.0.get(&key) {
            return Ok(count);
        }
        let count = list.count(conn).await?;
        self.0.insert(key, count);
        Ok(count)
    }
}
