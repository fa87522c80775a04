//! The parameters of a query string, each read once and named when it is wrong.
//!
//! A parameter that nobody asked for, or that stands twice, is an error: a misspelt filter must
//! not silently give the figures of everything.

use actix_web::http::header::ACCEPT;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::NaiveDate;
use std::future::{Ready, ready};

use super::error::ApiError;
use super::export::{Export, Format};
use crate::db::Page;
use crate::domain::{Currency, DateRange};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const DEFAULT_LIMIT: i64 = 100;
const LARGEST_LIMIT: i64 = 1000;
const LONGEST_CURRENCY: usize = 20;

/// Latin and Russian letters and digits: 1C's currencies are spelled in these.
fn is_of_code(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, 'А'..='я' | 'Ё' | 'ё')
}

/// What is left to be read of a query string.
pub struct Params {
    left: Vec<(String, String)>,
    all: Vec<(String, String)>,
    accept: String,
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Params, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
        ready(Params::parse(request.query_string(), accept.unwrap_or_default()))
    }
}

impl Params {
    fn parse(query: &str, accept: &str) -> Result<Params, ApiError> {
        let invalid = |err: serde_urlencoded::de::Error| ApiError::invalid("query", format!("can't be read: {err}"));
        let left: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(invalid)?;
        if left.iter().any(|(_, value)| value.contains(char::REPLACEMENT_CHARACTER)) {
            return Err(ApiError::invalid("query", "is not UTF-8"));
        }
        for (at, (name, value)) in left.iter().enumerate() {
            if value.contains('\0') {
                return Err(ApiError::invalid(name, "has a NUL character"));
            }
            if left[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(ApiError::invalid(name, "stands twice"));
            }
        }
        Ok(Params { all: left.clone(), left, accept: accept.to_lowercase() })
    }

    /// What is said of a parameter.
    pub fn value(&mut self, name: &str) -> Option<String> {
        let at = self.left.iter().position(|(known, _)| known == name)?;
        Some(self.left.swap_remove(at).1)
    }

    /// A text. An empty one counts as left out.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.value(name).filter(|text| !text.is_empty())
    }

    /// An id: a whole number from 1.
    pub fn id(&mut self, name: &str) -> Result<Option<i64>, ApiError> {
        self.number(name, 1, i64::MAX)
    }

    /// A whole number within bounds.
    pub fn number(&mut self, name: &str, smallest: i64, largest: i64) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.value(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if (smallest..=largest).contains(&number) => Ok(Some(number)),
            _ if largest == i64::MAX => {
                Err(ApiError::invalid(name, format!("{text:?} is not a whole number from {smallest}")))
            }
            _ => Err(ApiError::invalid(name, format!("{text:?} is not a whole number from {smallest} to {largest}"))),
        }
    }

    /// One of some names; `names` lists them for the error.
    pub fn choice<T>(
        &mut self,
        name: &str,
        names: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let value = read(&text).ok_or_else(|| ApiError::invalid(name, format!("{text:?} is none of {names}")))?;
        Ok(Some(value))
    }

    /// `true` or `false`.
    pub fn switch(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.value(name).as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid(name, format!("{other:?} is neither true nor false"))),
        }
    }

    /// `date_from` and `date_to`.
    pub fn dates(&mut self) -> Result<DateRange, ApiError> {
        let (from, to) = (self.date("date_from")?, self.date("date_to")?);
        DateRange::new(from, to).map_err(|err| ApiError::invalid("date_from", err.to_string()))
    }

    /// `currency`; left out, the base currency.
    pub fn currency(&mut self, base: &Currency) -> Result<Currency, ApiError> {
        let Some(text) = self.value("currency") else { return Ok(base.clone()) };
        let is_code = text.chars().count() <= LONGEST_CURRENCY && text.chars().all(is_of_code);
        let currency = Currency::parse(&text).filter(|_| is_code);
        currency.ok_or_else(|| ApiError::invalid("currency", format!("{text:?} is not a currency code")))
    }

    /// The file that `format` or the header `Accept` asks for; `lang` goes with CSV.
    pub fn export(&mut self) -> Result<Option<Export>, ApiError> {
        let is_russian = match self.value("lang").as_deref() {
            None | Some("en") => false,
            Some("ru") => true,
            Some(other) => return Err(ApiError::invalid("lang", format!("{other:?} is neither ru nor en"))),
        };
        let format = match self.value("format").as_deref() {
            Some("json") => None,
            Some("csv") => Some(Format::Csv { is_russian }),
            Some("xlsx") => Some(Format::Xlsx),
            Some(other) => return Err(ApiError::invalid("format", format!("{other:?} is none of json, csv and xlsx"))),
            None if self.accept.starts_with("text/csv") => Some(Format::Csv { is_russian }),
            None if self.accept.starts_with(XLSX) => Some(Format::Xlsx),
            None => None,
        };
        let filters = self.all.iter().filter(|(name, _)| name != "format" && name != "lang").cloned();
        Ok(format.map(|format| Export { format, filters: filters.collect() }))
    }

    /// `skip` and `limit`.
    pub fn page(&mut self) -> Result<Page, ApiError> {
        Ok(Page {
            skip: self.number("skip", 0, i64::MAX)?.unwrap_or(0),
            limit: self.number("limit", 1, LARGEST_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
        })
    }

    /// Every parameter must have been asked for by now.
    pub fn finish(self) -> Result<(), ApiError> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(name, "there is no such parameter here")),
        }
    }

    fn date(&mut self, name: &str) -> Result<Option<NaiveDate>, ApiError> {
        let Some(text) = self.value(name) else { return Ok(None) };
        // chrono alone would take 2024-3-5 and years of five digits.
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        let date = date.ok_or_else(|| ApiError::invalid(name, format!("{text:?} is not a date such as 2024-03-31")))?;
        Ok(Some(date))
    }
}
