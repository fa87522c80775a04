//! Lists as JSON arrays, or as the files that are asked for instead.
//!
//! Count and rows of an answer are read in one snapshot. Rows are written as they are read, to
//! memory and from a size on to a temporary file; nothing is sent before the last one is there. So
//! memory does not grow with the list, and a fault midway is an error and never a list that looks
//! complete.

mod json_array;
mod parts;

use actix_web::HttpResponse;
use actix_web::http::header::LINK;
use serde::Serialize;

use json_array::JsonArray;
pub(super) use parts::Parts;

use super::error::ApiError;
use super::export::Export;
use super::figures::set_data_version;
use super::types::answers;
use crate::db::{DbConn, PagedList, Sort, data_versions_on, list_next_keys};
use crate::domain::ListCursor;
use crate::state::AppState;

/// Which part of a list is wanted, and in which order.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// How many rows are passed over.
    pub skip: i64,
    /// How many rows are given at most.
    pub limit: i64,
    /// Where the page begins, in the default order.
    pub after: Option<ListCursor>,
    /// An order other than the default one.
    pub sort: Option<Sort>,
    /// The query of the next page, but for `after`.
    pub query: Vec<(String, String)>,
}

/// Answers with a page of a list, or with a file of all of it; a row becomes a `T`.
///
/// # Errors
/// [`ApiError`] when the rows can't be read or written.
pub async fn respond<T, L>(
    state: &AppState,
    list: L,
    page: ListPage,
    export: Option<Export>,
) -> Result<HttpResponse, ApiError>
where
    T: Serialize + From<L::Row>,
    L: PagedList<Row: Send + 'static> + Send + 'static,
{
    if let Some(export) = export {
        return export.paged::<T, L>(state, list, page.sort).await;
    }
    let today = state.cache.today();
    let (version, total, next, body) = state
        .reads
        .snapshot(async |conn: &mut DbConn| {
            let version = state.version_of(list.department(), data_versions_on(conn, today).await?);
            let total = state.list_counts.count(&list, conn).await?;
            let mut body = JsonArray::default();
            let mut parts = Parts::of_page(&list, conn, &page).await?;
            loop {
                let rows = parts.next(conn).await?;
                if rows.is_empty() {
                    break;
                }
                body.push(&answers::<_, T>(rows))?;
            }
            let next = match parts.place() {
                Some(place)
                    if !list_next_keys(&list, conn, Some(place), 1)
                        .await?
                        .is_empty() =>
                {
                    Some(place)
                }
                _ => None,
            };
            Ok::<_, ApiError>((version, total, next, body))
        })
        .await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(("X-Total-Count", total.to_string()));
    if let Some(place) = next {
        response.insert_header(("X-Next-After", place.to_string()));
        response.insert_header((LINK, page.next_link(place)?));
    }
    let mut response = body.finish(response)?;
    set_data_version(response.headers_mut(), version)?;
    Ok(response)
}

impl ListPage {
    /// The whole list.
    pub fn whole(sort: Option<Sort>) -> ListPage {
        ListPage {
            skip: 0,
            limit: i64::MAX,
            after: None,
            sort,
            query: Vec::new(),
        }
    }

    /// Returns the value of the header `Link`, relative to the request (RFC 8288).
    fn next_link(&self, place: ListCursor) -> Result<String, ApiError> {
        let after = ("after".to_owned(), place.to_string());
        let query: Vec<&(String, String)> = self.query.iter().chain([&after]).collect();
        let query = serde_urlencoded::to_string(query)
            .map_err(|err| ApiError::Internal(err.to_string()))?;
        Ok(format!("<?{query}>; rel=\"next\""))
    }
}
