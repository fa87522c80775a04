//! The shapes of answers that several resources share.

use actix_web::HttpResponse;
use serde::Serialize;

use super::error::ApiError;

/// A list, with its full count in `X-Total-Count`.
pub fn listed<T: Serialize>(rows: &[T], total: i64) -> HttpResponse {
    HttpResponse::Ok().insert_header(("X-Total-Count", total.to_string())).json(rows)
}

/// One row, or 404.
pub fn found<T: Serialize>(row: Option<T>, what: &str, id: i64) -> Result<HttpResponse, ApiError> {
    row.map(|row| HttpResponse::Ok().json(row)).ok_or_else(|| missing(what, id))
}

/// 404.
pub fn missing(what: &str, id: i64) -> ApiError {
    ApiError::NotFound(format!("there is no {what} {id}"))
}

/// The id in a path: a whole number from 1.
pub fn id_in_path(text: &str) -> Result<i64, ApiError> {
    let id = text.parse().ok().filter(|id| *id > 0);
    id.ok_or_else(|| ApiError::invalid("id", format!("{text:?} is not a whole number from 1")))
}

/// A text of the body: white space folded, not empty, not endless.
pub fn text_field(name: &str, text: &str) -> Result<String, ApiError> {
    const LONGEST: usize = 500;
    let text = crate::domain::folded(text);
    if text.is_empty() || text.contains('\0') {
        return Err(ApiError::invalid(name, "is empty"));
    }
    if text.chars().count() > LONGEST {
        return Err(ApiError::invalid(name, format!("has more than {LONGEST} characters")));
    }
    Ok(text)
}
