//! Files in the body of a request: how much of them is taken, and each as a temporary file.
//!
//! A file is closed when it has arrived, so that a form takes one descriptor, however many files it
//! holds.

use std::future::Future;
use std::pin::Pin;

use actix_multipart::form::{FieldReader, Limits, MultipartFormConfig};
use actix_multipart::{Field, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpMessage, HttpRequest, ResponseError};
use futures_util::TryStreamExt;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use crate::import::ReceivedFile;

/// Files that are handed in together have so many bytes at most.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// And there are so many of them at most.
const MOST_FILES: usize = 200;
/// Boundaries and headers of parts come on top of the files.
const MOST_FRAMING: usize = 1024 * 1024;
const MOST_IN_MEMORY: usize = 64 * 1024;

/// A file that can't be written here: no fault of the client.
#[derive(Debug, thiserror::Error)]
#[error("a file that is handed in can't be kept: {0}")]
pub(crate) struct NotKept(std::io::Error);

impl ResponseError for NotKept {}

/// How many files of a request have come.
struct FileCount(usize);

/// Returns how much of forms of files is taken.
pub(crate) fn upload_config() -> MultipartFormConfig {
    MultipartFormConfig::default()
        .total_limit(MOST_BYTES)
        .memory_limit(MOST_IN_MEMORY)
}

/// Whether a request says that its files are more than is taken.
pub(crate) fn announces_too_much(request: &HttpRequest) -> bool {
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length > MOST_BYTES + MOST_FRAMING)
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
    let too_many = || MultipartError::Payload(PayloadError::Overflow);
    (count <= MOST_FILES).then_some(()).ok_or_else(too_many)
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

fn not_kept(err: std::io::Error) -> MultipartError {
    MultipartError::Field {
        name: "files".to_owned(),
        source: NotKept(err).into(),
    }
}
