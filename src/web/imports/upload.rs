//! Files that are handed in: received, tried without keeping anything, shown, and imported when that
//! is confirmed. Between the steps they wait under the session (`state/pending_uploads`).

use std::sync::Arc;

use actix_multipart::MultipartError;
use actix_multipart::form::MultipartForm;
use actix_multipart::form::text::Text;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use i18n_embed_fl::fl;
use tokio::time::timeout;

use super::preview::PreviewPage;
use super::{PATH, imports_page};
use crate::http::announces_too_much;
use crate::import::actor::StartError;
use crate::import::{DryRunError, HandInError, ImportRequest, ReceivedFile, Source, keep_together};
use crate::state::{AppState, PendingUpload};
use crate::web::error::PageError;
use crate::web::forms::{NoFields, SignedForm, check_own_site, check_token};
use crate::web::pages::{page, see_other};
use crate::web::surroundings::KnownSurroundings;
use crate::web::texts::{Texts, texts};
use crate::web::visitor::Visitor;

/// Workbooks, each in a part called `files`, after the session's token.
#[derive(MultipartForm)]
#[multipart(deny_unknown_fields)]
struct UploadForm {
    csrf: Text<String>,
    /// The department that is looked at.
    department_id: Option<Text<i64>>,
    files: Vec<ReceivedFile>,
}

/// Why files were not received.
enum NotReceived {
    TooLarge,
    TooSlow,
    TooMany,
    Broken(String),
}

/// `POST /imports/uploads`: leads to what the files would change.
pub(super) async fn receive(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse, PageError> {
    check_own_site(&request)?;
    visitor.changes()?;
    visitor.department(&state, None)?;
    let t = texts(visitor.language);
    let refused = async |problem: String| {
        imports_page(&state, &surroundings, &visitor, &request, Some(problem)).await
    };
    let form = match form_of(&state, visitor.account.user_id, &request, body).await {
        Ok(form) => form,
        Err(why) => return refused(why.text(t)).await,
    };
    check_token(&visitor, &form.csrf)?;
    let scope = visitor.department(&state, form.department_id.map(Text::into_inner))?;
    let department_id = scope.id().unwrap_or(state.import_department);
    let sizes = form.files.iter().map(|file| file.path.metadata());
    let bytes = sizes.flatten().map(|file| file.len()).sum();
    let folder = match keep_together(form.files) {
        Ok(folder) => folder,
        Err(HandInError::NoFolder(err)) => return Err(PageError::Internal(err.to_string())),
        Err(HandInError::NoFile | HandInError::NoName(_)) => {
            return refused(fl!(t, "upload-no-file")).await;
        }
        Err(other) => return refused(other.to_string()).await,
    };
    let source = Source::handed_in(folder, department_id, state.import_policy.clone());
    let session = &visitor.session.form_token;
    let Ok(upload) = state.pending_uploads.keep(session, source, bytes) else {
        return refused(fl!(t, "upload-no-room")).await;
    };
    try_upload(&state, &visitor, &upload).await;
    Ok(see_other(&address(&upload)))
}

/// `GET /imports/uploads/{id}`
pub(super) async fn show(
    state: Data<AppState>,
    visitor: Visitor,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    visitor.changes()?;
    let upload = pending(&state, &visitor, &id)?;
    page(&PreviewPage::of(&upload, &visitor, None))
}

/// `POST /imports/uploads/{id}/check`: tries the files once more.
pub(super) async fn check(
    state: Data<AppState>,
    id: Path<String>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    form.visitor.changes()?;
    let upload = pending(&state, &form.visitor, &id)?;
    try_upload(&state, &form.visitor, &upload).await;
    Ok(see_other(&address(&upload)))
}

/// `POST /imports/uploads/{id}/confirm`: imports the files, and leads to the run; to all
/// runs when they were taken already.
pub(super) async fn confirm(
    state: Data<AppState>,
    id: Path<String>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    let visitor = form.visitor;
    visitor.changes()?;
    visitor.department(&state, None)?;
    let taken = state.pending_uploads.take(&visitor.session.form_token, &id);
    // Confirmed already, by the first of two clicks: its run is on that page.
    let Some(upload) = taken else {
        return Ok(see_other(PATH));
    };
    let started = state.import.run(order(&visitor, &upload)).await;
    let failed = match started {
        Ok(started) => return Ok(see_other(&format!("{PATH}/{}", started.run_id))),
        Err(failed) => failed,
    };
    state.pending_uploads.put_back(upload.clone());
    let StartError::Busy { run_id } = failed else {
        return Err(failed.into());
    };
    let mut response = page(&PreviewPage::of(&upload, &visitor, Some(run_id)))?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

/// `POST /imports/uploads/{id}/discard`
pub(super) async fn discard(
    state: Data<AppState>,
    id: Path<String>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    form.visitor.changes()?;
    state
        .pending_uploads
        .take(&form.visitor.session.form_token, &id);
    Ok(see_other(PATH))
}

fn address(upload: &PendingUpload) -> String {
    format!("{PATH}/uploads/{}", upload.id)
}

fn pending(state: &AppState, visitor: &Visitor, id: &str) -> Result<PendingUpload, PageError> {
    visitor.department(state, None)?;
    let found = state.pending_uploads.find(&visitor.session.form_token, id);
    found.ok_or(PageError::NotFound)
}

fn order(visitor: &Visitor, upload: &PendingUpload) -> ImportRequest {
    ImportRequest::now(vec![upload.source.clone()], &visitor.account.username)
}

/// Finds out what the files would change, and remembers it with them.
async fn try_upload(state: &AppState, visitor: &Visitor, upload: &PendingUpload) {
    let tried = state.try_import(&order(visitor, upload)).await;
    if let Err(DryRunError::Database(err)) = &tried {
        log::error!("An upload can't be tried: {err}");
    }
    let preview = tried.map(Arc::new).map_err(Arc::new);
    state.pending_uploads.set_preview(upload, preview);
}

/// Receives a form within the limits of all.
async fn form_of(
    state: &AppState,
    user_id: i64,
    request: &HttpRequest,
    body: Payload,
) -> Result<UploadForm, NotReceived> {
    if announces_too_much(request) {
        return Err(NotReceived::TooLarge);
    }
    let turn = state.uploads.try_begin(user_id);
    let _turn = turn.ok_or(NotReceived::TooMany)?;
    let mut body = body.into_inner();
    let form = MultipartForm::<UploadForm>::from_request(request, &mut body);
    let form = timeout(state.uploads.form_time, form).await;
    let form = form.map_err(|_| NotReceived::TooSlow)?;
    let form = form.map_err(|err| match err.as_error::<MultipartError>() {
        Some(MultipartError::Payload(PayloadError::Overflow)) => NotReceived::TooLarge,
        _ => NotReceived::Broken(err.to_string()),
    })?;
    Ok(form.into_inner())
}

impl NotReceived {
    fn text(self, t: &Texts) -> String {
        match self {
            NotReceived::TooLarge => fl!(t, "upload-too-large"),
            NotReceived::TooSlow => fl!(t, "upload-too-slow"),
            NotReceived::TooMany => fl!(t, "upload-no-room"),
            NotReceived::Broken(cause) => fl!(t, "upload-broken", cause = cause),
        }
    }
}
