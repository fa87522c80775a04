//! The lists of organizations, bank accounts and lenders: few rows, each with its aliases, as JSON
//! or as a file.

use actix_web::HttpResponse;
use serde::Serialize;

use super::answer::listed_data;
use super::caller::Caller;
use super::error::ApiError;
use super::params::Params;
use crate::db::{DbConn, DbError, Page, ReferenceFilter, ReferenceOrder};
use crate::state::AppState;

/// Answers with a list of reference data: `part` gives the rows of a page and the full count.
///
/// # Errors
/// [`ApiError`] names the parameter that is wrong, or says why the rows can't be read.
pub(super) async fn reference_list<T: Serialize>(
    state: &AppState,
    caller: &Caller,
    mut params: Params,
    name: &str,
    part: impl AsyncFn(&mut DbConn, &ReferenceFilter, Page) -> Result<(Vec<T>, i64), DbError>,
) -> Result<HttpResponse, ApiError> {
    let requested = params.id("department_id")?;
    let (is_active, page) = (params.switch("is_active")?, params.page()?);
    let order = params
        .choice(
            "sort",
            &ReferenceOrder::NAMES.join(", "),
            ReferenceOrder::of_name,
        )?
        .unwrap_or_default();
    let export = params.export()?;
    params.finish()?;
    let department = caller.department(requested)?;
    let filter = ReferenceFilter {
        department,
        is_active,
        order,
    };
    if let Some(export) = export {
        let rows = async |conn: &mut DbConn, page: Page| Ok(part(conn, &filter, page).await?.0);
        return export.list(state, department, name, rows).await;
    }
    listed_data(state, department, async |conn| {
        Ok(part(conn, &filter, page).await?)
    })
    .await
}
