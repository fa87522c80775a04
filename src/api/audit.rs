//! The audit log of accounts, for ADMIN.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};

use super::answer::listed;
use super::caller::Caller;
use super::error::ApiError;
use super::openapi::ROOT;
use super::params::{Files, Paging, Query, UserId, given};
use super::types::{AuditEntry, answers};
use crate::db::{self, DbConn, Page};
use crate::state::AppState;

type ListQuery = Query<(UserId, Paging, Files)>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/audit").get(list));
}

/// Who changed which account, when and how; the newest first. ADMIN only.
#[utoipa::path(
    get,
    context_path = ROOT,
    path = "/audit",
    tag = "Accounts",
    operation_id = "list_audit_log",
    params(ListQuery),
    responses((status = 200, description = "OK", body = Vec<AuditEntry>))
)]
pub async fn list(
    state: Data<AppState>,
    caller: Caller,
    query: ListQuery,
) -> Result<HttpResponse, ApiError> {
    caller.administers()?;
    let (user, paging, files) = query.params;
    let user_id = given(user.user_id);
    if let Some(export) = files.export(query.raw) {
        let fetch = async move |conn: &mut DbConn, page: Page| {
            let (rows, _) = db::list_audit_log(conn, user_id, page).await?;
            Ok(answers::<_, AuditEntry>(rows))
        };
        return export.list(&state, None, "audit-log", fetch).await;
    }
    let mut conn = state.db.conn().await?;
    let (rows, total) = db::list_audit_log(&mut conn, user_id, paging.page()).await?;
    Ok(listed(&answers::<_, AuditEntry>(rows), total))
}
