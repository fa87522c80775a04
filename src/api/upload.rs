//! Files that are handed in, as the body of a request.
//!
//! First who may: of anybody else nothing of the body is read. Then the body: few forms at once,
//! each bounded in time, size and number of files. A file is closed when it has arrived, so that a
//! form takes one descriptor, however many files it holds.

use std::future::Future;
use std::pin::Pin;

use actix_multipart::form::{FieldReader, Limits, MultipartForm, MultipartFormConfig};
use actix_multipart::{Field, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use futures_util::TryStreamExt;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::caller::{Caller, state_of};
use super::error::ApiError;
use crate::import::ReceivedFile;

/// Files that are handed in together have so many bytes at most.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// And there are so many of them at most.
const MOST_FILES: usize = 200;
/// Boundaries and headers of parts come on top of the files.
const MOST_FRAMING: usize = 1024 * 1024;
const MOST_IN_MEMORY: usize = 64 * 1024;

/// Files from somebody who may hand them in.
pub(super) struct Upload {
    /// Who that is.
    pub caller: Caller,
    /// The department that the caller works in; `None` for administrators.
    pub department_id: Option<i64>,
    /// The files in order.
    pub files: Vec<ReceivedFile>,
}

/// Workbooks, each in a part called `files`.
#[derive(MultipartForm)]
#[multipart(deny_unknown_fields)]
struct UploadForm {
    files: Vec<ReceivedFile>,
}

/// How many files of a request have come.
struct FileCount(usize);

/// Returns how forms are read.
pub(super) fn form_config() -> MultipartFormConfig {
    MultipartFormConfig::default()
        .total_limit(MOST_BYTES)
        .memory_limit(MOST_IN_MEMORY)
        .error_handler(|err, _| ApiError::from_multipart_error(&err).into())
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Upload, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Nothing of the body is read before this future is polled.
        let form = MultipartForm::<UploadForm>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let (caller, department_id) = admit(&request).await?;
            let (_turn, form_time) = begin(&request)?;
            let form = timeout(form_time, form).await;
            let MultipartForm(form) = form.map_err(|_| ApiError::TooSlow(form_time))??;
            Ok(Upload {
                caller,
                department_id,
                files: form.files,
            })
        })
    }
}

/// Returns who hands files in, and for which department, unless that person may not.
async fn admit(request: &HttpRequest) -> Result<(Caller, Option<i64>), ApiError> {
    let caller = Caller::allowed(request).await?;
    let department_id = caller.department(None)?.id();
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST_BYTES + MOST_FRAMING) {
        return Err(ApiError::from_multipart_error(&too_large()));
    }
    Ok((caller, department_id))
}

/// Returns the right to receive a form, and for how long.
fn begin(request: &HttpRequest) -> Result<(OwnedSemaphorePermit, std::time::Duration), ApiError> {
    let limits = &state_of(request)?.uploads;
    let turn = limits.try_begin().ok_or_else(|| {
        ApiError::RetryLater("too many files are being handed in: try again in a moment".to_owned())
    })?;
    Ok((turn, limits.form_time))
}

fn too_large() -> MultipartError {
    MultipartError::Payload(PayloadError::Overflow)
}

impl<'t> FieldReader<'t> for ReceivedFile {
    type Future = Pin<Box<dyn Future<Output = Result<ReceivedFile, MultipartError>> + 't>>;

    fn read_field(request: &'t HttpRequest, field: Field, limits: &'t mut Limits) -> Self::Future {
        Box::pin(async move {
            count_file(request)?;
            receive(field, limits).await
        })
    }
}

fn count_file(request: &HttpRequest) -> Result<(), MultipartError> {
    let mut extensions = request.extensions_mut();
    let count = extensions.get::<FileCount>().map_or(1, |count| count.0 + 1);
    extensions.insert(FileCount(count));
    (count <= MOST_FILES).then_some(()).ok_or_else(too_large)
}

/// Receives one file.
async fn receive(mut field: Field, limits: &mut Limits) -> Result<ReceivedFile, MultipartError> {
    let disposition = field.content_disposition();
    let name = disposition.and_then(|disposition| disposition.get_filename());
    let name = name.unwrap_or_default().to_owned();
    let (file, path) = NamedTempFile::new().map_err(not_kept)?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    while let Some(piece) = field.try_next().await? {
        limits.try_consume_limits(piece.len(), false)?;
        file.write_all(&piece).await.map_err(not_kept)?;
    }
    file.flush().await.map_err(not_kept)?;
    Ok(ReceivedFile { name, path })
}

/// A file that can't be written here.
fn not_kept(err: std::io::Error) -> MultipartError {
    MultipartError::Field {
        name: "files".to_owned(),
        source: ApiError::Internal(format!("a file that is handed in can't be kept: {err}")).into(),
    }
}
