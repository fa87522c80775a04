//! The shapes of answers that several resources share.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use super::error::ApiError;
use super::figures::set_data_version;
use crate::accounts::check_email;
use crate::db::{DbConn, Page, data_versions_on};
use crate::domain::{DepartmentScope, short_text};
use crate::state::AppState;

/// A list, with its full count in `X-Total-Count`.
pub fn listed<T: Serialize>(rows: &[T], total: i64) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("X-Total-Count", total.to_string()))
        .json(rows)
}

/// A page of rows that are all in memory, with their full count.
pub fn listed_page<T: Serialize>(rows: Vec<T>, page: Page) -> HttpResponse {
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let shown: Vec<T> = rows
        .into_iter()
        .skip(usize::try_from(page.skip).unwrap_or(usize::MAX))
        .take(usize::try_from(page.limit).unwrap_or(0))
        .collect();
    listed(&shown, total)
}

/// Responds with a list of imported data, read together with the headers that say how new the data
/// is.
///
/// # Errors
/// [`ApiError`] when the rows can't be read.
pub async fn listed_data<T: Serialize>(
    state: &AppState,
    scope: DepartmentScope,
    read: impl AsyncFn(&mut DbConn) -> Result<(Vec<T>, i64), ApiError>,
) -> Result<HttpResponse, ApiError> {
    let today = state.cache.today();
    let (version, (rows, total)) = state
        .reads
        .snapshot(async |conn: &mut DbConn| {
            let version = state.version_of(scope, data_versions_on(conn, today).await?);
            Ok::<_, ApiError>((version, read(conn).await?))
        })
        .await?;
    let mut response = listed(&rows, total);
    set_data_version(response.headers_mut(), version)?;
    Ok(response)
}

/// Returns the value of `X-Other-Currencies`; `None` without any. It is ASCII: of a currency that
/// has no ISO code, what is not is percent-encoded.
pub fn currencies_header(currencies: &[String]) -> Option<String> {
    let ascii = |c: char| -> String {
        let mut bytes = [0; 4];
        match c {
            ' '..='~' if c != '%' && c != ',' => c.to_string(),
            _ => c
                .encode_utf8(&mut bytes)
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect(),
        }
    };
    let currencies: Vec<String> = currencies
        .iter()
        .map(|name| name.chars().map(ascii).collect())
        .collect();
    (!currencies.is_empty()).then(|| currencies.join(", "))
}

/// One row, or 404.
pub fn found<T: Serialize>(row: Option<T>, what: &str, id: i64) -> Result<HttpResponse, ApiError> {
    row.map(|row| HttpResponse::Ok().json(row))
        .ok_or_else(|| missing(what, id))
}

/// 404.
pub fn missing(what: &str, id: impl std::fmt::Display) -> ApiError {
    ApiError::NotFound(format!("there is no {what} {id}"))
}

/// Refuses to change a row that was merged into another one.
pub fn not_merged(what: &str, id: i64, merged_into: Option<i64>) -> Result<(), ApiError> {
    match merged_into {
        None => Ok(()),
        Some(into) => Err(ApiError::Conflict(format!(
            "{what} {id} was merged into {into}: change that one"
        ))),
    }
}

/// 201 with the new row, and where it is.
pub fn created<T: Serialize>(collection: &str, id: i64, row: &T) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((LOCATION, format!("{collection}/{id}")))
        .json(row)
}

/// A text of the body: white space folded, not empty, not endless, without control characters.
pub fn text_field(name: &str, text: &str) -> Result<String, ApiError> {
    short_text(text).map_err(|detail| ApiError::invalid(name, detail))
}

/// An e-mail address of the body.
///
/// # Errors
/// 422 when it is none.
pub fn email_field(name: &str, text: &str) -> Result<String, ApiError> {
    let text = text_field(name, text)?;
    check_email(&text).map_err(|detail| ApiError::invalid(name, detail))?;
    Ok(text)
}

/// A whole number in a body, see [`whole`].
#[derive(Clone, Copy, Debug)]
pub struct WholeNumber(pub i64);

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WholeNumber, D::Error> {
        whole(deserializer).map(WholeNumber)
    }
}

/// An id in a body. JSON has one kind of number: 7.0 is 7.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = Number::deserialize(deserializer)?;
    whole_of(&number).ok_or_else(|| D::Error::custom(format!("{number} is not a whole number")))
}

/// As [`whole`], for a field that may be null or left out.
pub fn optional_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = Option::<Number>::deserialize(deserializer)?;
    let whole = |number: Number| {
        whole_of(&number).ok_or_else(|| D::Error::custom(format!("{number} is not a whole number")))
    };
    number.map(whole).transpose()
}

/// As [`whole`], for a list of ids.
pub fn whole_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    let numbers = Vec::<Number>::deserialize(deserializer)?;
    let whole = |number: Number| {
        whole_of(&number).ok_or_else(|| D::Error::custom(format!("{number} is not a whole number")))
    };
    numbers.into_iter().map(whole).collect()
}

/// Floats beyond this can't tell neighbouring whole numbers apart.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

fn whole_of(number: &Number) -> Option<i64> {
    let exact = |float: &f64| float.fract() == 0.0 && float.abs() <= LARGEST_EXACT;
    number
        .as_i64()
        .or_else(|| number.as_f64().filter(exact).map(|float| float as i64))
}
