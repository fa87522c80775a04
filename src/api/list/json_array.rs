//! A JSON array that is written row by row: in memory while it is small, to a temporary file
//! beyond.

use std::io::{Seek, SeekFrom, Write};

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use tempfile::{SpooledData, SpooledTempFile, spooled_tempfile};

use crate::api::error::ApiError;
use crate::api::file_body::file_body;

/// A larger array goes to a file. A smaller one is sent with its entity tag.
const MOST_IN_MEMORY: usize = 1024 * 1024;

/// The array while it is written.
pub(super) struct JsonArray {
    file: SpooledTempFile,
    is_empty: bool,
}

impl Default for JsonArray {
    fn default() -> JsonArray {
        JsonArray {
            file: spooled_tempfile(MOST_IN_MEMORY),
            is_empty: true,
        }
    }
}

impl JsonArray {
    /// Appends rows.
    pub fn push<T: Serialize>(&mut self, rows: &[T]) -> Result<(), ApiError> {
        let mut text = Vec::new();
        for row in rows {
            text.push(if self.is_empty { b'[' } else { b',' });
            self.is_empty = false;
            serde_json::to_writer(&mut text, row).map_err(failed)?;
        }
        self.file.write_all(&text).map_err(failed)
    }

    /// Completes the response with the array.
    pub fn finish(mut self, mut response: HttpResponseBuilder) -> Result<HttpResponse, ApiError> {
        self.file
            .write_all(if self.is_empty { b"[]" } else { b"]" })
            .map_err(failed)?;
        response.content_type(ContentType::json());
        match self.file.into_inner() {
            SpooledData::InMemory(bytes) => Ok(response.body(bytes.into_inner())),
            SpooledData::OnDisk(mut file) => {
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                Ok(response.body(file_body(file).map_err(failed)?))
            }
        }
    }
}

fn failed(err: impl std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("the list can't be written: {err}"))
}
