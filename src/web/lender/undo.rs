//! Undoing the merge of a lender into another one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use askama::Template;
use i18n_embed_fl::fl;

use crate::db::{self, AliasKind, MergeError, MergeRow};
use crate::state::AppState;
use crate::web::error::PageError;
use crate::web::forms::{NoFields, SignedForm};
use crate::web::frame::Frame;
use crate::web::pages::{page, see_other};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/lenders/{id}/merges/{merge_id}/undo").post(undo));
}

/// Where a merge into a lender is undone.
pub(super) fn path(id: i64, merge_id: i64) -> String {
    format!("/lenders/{id}/merges/{merge_id}/undo")
}

/// Says why a merge stays.
#[derive(Template)]
#[template(path = "lender_undo.html")]
struct RefusedPage {
    p: Frame,
    id: i64,
}

/// `POST /lenders/{id}/merges/{merge_id}/undo`
async fn undo(
    state: Data<AppState>,
    ids: web::Path<(i64, i64)>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    let ((id, merge_id), visitor) = (ids.into_inner(), form.visitor);
    visitor.changes()?;
    let scope = visitor.department(&state, None)?;
    let known = db::find_merge(&mut state.db.conn().await?, scope, merge_id).await?;
    let is_of_lender = |merge: &MergeRow| {
        merge.kind == AliasKind::Lender.as_str() && merge.action == "merge" && merge.target_id == id
    };
    if !known.as_ref().is_some_and(is_of_lender) {
        return Err(PageError::NotFound);
    }
    match state.undo_merge(scope, merge_id).await {
        Ok(undone) => Ok(see_other(&format!("/lenders/{}", undone.source_id))),
        Err(MergeError::Missing { .. }) => Err(PageError::NotFound),
        Err(MergeError::Database(err)) => Err(err.into()),
        Err(MergeError::Refused(_) | MergeError::Invalid { .. }) => {
            let mut p = Frame::plain(&visitor, &format!("/lenders/{id}"), |t| {
                fl!(t, "merge-lenders")
            });
            "/lenders".clone_into(&mut p.path);
            let mut response = page(&RefusedPage { p, id })?;
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(response)
        }
    }
}
