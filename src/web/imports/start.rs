//! Import now, and stop a run.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::{PATH, imports_page};
use crate::db;
use crate::import::ImportRequest;
use crate::import::actor::StartError;
use crate::state::AppState;
use crate::web::error::PageError;
use crate::web::forms::{NoFields, SignedForm};
use crate::web::pages::see_other;
use crate::web::surroundings::KnownSurroundings;
use crate::web::texts::texts;

#[derive(Deserialize)]
pub(super) struct Start {
    /// Set: files that are unchanged or were left alone are read again.
    force: Option<String>,
    department_id: Option<i64>,
}

/// `POST /imports`: leads to the run, also to one that is going on already.
pub(super) async fn start(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    request: HttpRequest,
    form: SignedForm<Start>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    visitor.changes()?;
    let scope = visitor.department(&state, fields.department_id)?;
    let department_id = scope.id().unwrap_or(state.import_department);
    let order = ImportRequest {
        is_forced: fields.force.is_some(),
        ..ImportRequest::now(state.sources_of(department_id), &visitor.account.username)
    };
    match state.import.run(order).await {
        Ok(started) => Ok(see_other(&format!("{PATH}/{}", started.run_id))),
        Err(StartError::Busy { run_id }) => Ok(see_other(&format!("{PATH}/{run_id}"))),
        Err(StartError::NoSource) => {
            let problem = fl!(texts(visitor.language), "no-import-source");
            imports_page(&state, &surroundings, &visitor, &request, Some(problem)).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /imports/{id}/cancel`: leads back to the run, which says how it ended.
pub(super) async fn cancel(
    state: Data<AppState>,
    id: Path<i64>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    form.visitor.changes()?;
    let (id, scope) = (id.into_inner(), form.visitor.department(&state, None)?);
    let run = db::find_run(&mut state.db.conn().await?, scope, id).await?;
    run.ok_or(PageError::NotFound)?;
    // One that has ended meanwhile says so on its page.
    state.cancel_import(id).await?;
    Ok(see_other(&format!("{PATH}/{id}")))
}
