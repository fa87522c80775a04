//! The lists of organizations, bank accounts and lenders: few rows, each with its aliases, as JSON
//! or as a file.

use actix_web::HttpResponse;
use serde::Serialize;

use super::answer::listed_data;
use super::caller::Caller;
use super::error::ApiError;
use super::params::{Activity, Department, Files, Paging, Query, ReferenceSort, given};
use crate::db::{DbConn, DbError, Page, ReferenceFilter};
use crate::state::AppState;

/// What a list of reference data takes.
pub(super) type ReferenceQuery = Query<(Department, Activity, Paging, ReferenceSort, Files)>;

/// Answers with a list of reference data: `part` gives the rows of a page and the full count.
///
/// # Errors
/// [`ApiError`] says why the rows can't be read.
pub(super) async fn reference_list<T: Serialize + Send + 'static>(
    state: &AppState,
    caller: &Caller,
    query: ReferenceQuery,
    name: &str,
    part: impl AsyncFn(&mut DbConn, &ReferenceFilter, Page) -> Result<(Vec<T>, i64), DbError>
    + Send
    + 'static,
) -> Result<HttpResponse, ApiError> {
    let (department, activity, paging, sort, files) = query.params;
    let (page, export) = (paging.page(), files.export(query.raw));
    let department = caller.department(given(department.department_id))?;
    let filter = ReferenceFilter {
        department,
        is_active: given(activity.is_active),
        order: sort.order(),
    };
    if let Some(export) = export {
        let rows =
            async move |conn: &mut DbConn, page: Page| Ok(part(conn, &filter, page).await?.0);
        return export.list(state, department, name, rows).await;
    }
    listed_data(state, department, async |conn| {
        Ok(part(conn, &filter, page).await?)
    })
    .await
}
