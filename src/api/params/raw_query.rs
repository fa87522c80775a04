//! The pairs of a query string, before they have types.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

use super::super::error::ApiError;
use super::super::export::Format;

/// The media type of a workbook.
pub(in crate::api) const XLSX: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The query string of a request, with what else of it decides on the form of the answer.
#[derive(Clone, Debug)]
pub struct RawQuery {
    pairs: Vec<(String, String)>,
    path: String,
    accepted_file: Option<Format>,
}

impl RawQuery {
    /// Reads the query string of a request.
    ///
    /// # Errors
    /// [`ApiError`] for a text that is not UTF-8, has a NUL, or has a parameter twice.
    pub fn of(request: &HttpRequest) -> Result<RawQuery, ApiError> {
        Ok(RawQuery {
            pairs: pairs(request.query_string())?,
            path: request.match_pattern().unwrap_or_default(),
            accepted_file: accepted_file(request),
        })
    }

    /// The parameters in the order of the query string.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The parameters, taken out.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs
    }

    /// The path of the resource, as the OpenAPI document has it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The kind of file that the header `Accept` prefers to JSON.
    pub fn accepted_file(&self) -> Option<Format> {
        self.accepted_file
    }
}

pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|err| ApiError::invalid("query", format!("can't be read: {err}")))?;
    if pairs
        .iter()
        .any(|(_, value)| value.contains(char::REPLACEMENT_CHARACTER))
    {
        return Err(ApiError::invalid("query", "is not UTF-8"));
    }
    for (at, (name, value)) in pairs.iter().enumerate() {
        if value.contains('\0') {
            return Err(ApiError::invalid(name, "has a NUL character"));
        }
        if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(ApiError::invalid(name, "stands twice"));
        }
    }
    Ok(pairs)
}

fn accepted_file(request: &HttpRequest) -> Option<Format> {
    let accept = request.headers().get(ACCEPT)?.to_str().ok()?;
    let is = |kind: &str| {
        let start = accept.get(..kind.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(kind))
    };
    if is("text/csv") {
        Some(Format::Csv)
    } else if is(XLSX) {
        Some(Format::Xlsx)
    } else {
        None
    }
}
