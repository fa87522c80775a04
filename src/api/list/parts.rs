//! A list, or a page of it, one part after the other.

use std::vec::IntoIter;

use super::ListPage;
use crate::db::{DbConn, DbError, Page, PagedList, RowKey, list_next_keys};
use crate::domain::ListCursor;

/// How many rows a part has: what is held in memory at once.
const PART: i64 = 4000;

/// The parts of a page. All have to be read in one snapshot.
pub(in crate::api) struct Parts<'l, L> {
    list: &'l L,
    /// Keys that are known before their part is read: all in orders other than the default one,
    /// where a place is not found again at the same cost.
    known: IntoIter<RowKey>,
    /// Whether more keys follow along the default order.
    has_more: bool,
    is_default_order: bool,
    /// Where the last part ended.
    place: Option<ListCursor>,
    /// How many rows may still come.
    left: i64,
}

impl<'l, L: PagedList> Parts<'l, L> {
    /// Begins a page.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn of_page(
        list: &'l L,
        conn: &mut DbConn,
        page: &ListPage,
    ) -> Result<Parts<'l, L>, DbError> {
        let is_default_order = page.sort.is_none();
        let mut parts = Parts {
            list,
            known: Vec::new().into_iter(),
            has_more: is_default_order,
            is_default_order,
            place: page.after,
            left: page.limit,
        };
        if !is_default_order || page.skip > 0 {
            let limit = if is_default_order {
                page.limit.min(PART)
            } else {
                page.limit
            };
            let keys = list
                .sorted_keys(
                    conn,
                    page.sort,
                    Page {
                        skip: page.skip,
                        limit,
                    },
                )
                .await?;
            parts.has_more = is_default_order && keys.len() as i64 == limit;
            parts.known = keys.into_iter();
        }
        Ok(parts)
    }

    /// Returns the rows of the next part; none at the end.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn next(&mut self, conn: &mut DbConn) -> Result<Vec<L::Row>, DbError> {
        let limit = self.left.min(PART);
        let mut keys: Vec<RowKey> = self
            .known
            .by_ref()
            .take(usize::try_from(limit).unwrap_or_default())
            .collect();
        if keys.is_empty() && self.has_more && limit > 0 {
            keys = list_next_keys(self.list, conn, self.place, limit).await?;
            self.has_more = keys.len() as i64 == limit;
        }
        let Some(last) = keys.last() else {
            return Ok(Vec::new());
        };
        self.place = Some(last.place);
        self.left -= keys.len() as i64;
        self.list.rows(conn, &keys).await
    }

    /// Returns where the page ended, if a page may follow after that place.
    pub fn place(&self) -> Option<ListCursor> {
        self.place
            .filter(|_| self.is_default_order && self.left == 0)
    }
}
