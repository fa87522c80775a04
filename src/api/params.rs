//! The parameters of a query string, each read once and named when it is wrong.
//!
//! A parameter that nobody asked for, or that stands twice, is an error: a misspelt filter must
//! not silently give the figures of everything.

use actix_web::http::header::ACCEPT;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{Datelike, NaiveDate};
use std::future::{Ready, ready};

use super::answer::LONGEST_TEXT;
use super::error::ApiError;
use super::export::{Export, Format};
use super::list::ListPage;
use crate::db::{Page, PagedList, Sort};
use crate::domain::{Currency, DateRange, Language, Money};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const DEFAULT_LIMIT: i64 = 100;
/// The front end reads whole lists, to add them up in the browser.
pub(super) const LARGEST_LIMIT: i64 = 50_000;
/// Amounts in a query: whole digits at most.
const LONGEST_AMOUNT: usize = 13;

/// What is left to be read of a query string.
pub struct Params {
    left: Vec<(String, String)>,
    all: Vec<(String, String)>,
    accept: String,
    path: String,
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Params, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let accept = request
            .headers()
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok());
        let path = request.match_pattern().unwrap_or_default();
        ready(Params::parse(
            request.query_string(),
            accept.unwrap_or_default(),
            path,
        ))
    }
}

impl Params {
    fn parse(query: &str, accept: &str, path: String) -> Result<Params, ApiError> {
        let invalid = |err: serde_urlencoded::de::Error| {
            ApiError::invalid("query", format!("can't be read: {err}"))
        };
        let left: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(invalid)?;
        if left
            .iter()
            .any(|(_, value)| value.contains(char::REPLACEMENT_CHARACTER))
        {
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
        Ok(Params {
            all: left.clone(),
            left,
            accept: accept.to_lowercase(),
            path,
        })
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
    pub fn number(
        &mut self,
        name: &str,
        smallest: i64,
        largest: i64,
    ) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.value(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if (smallest..=largest).contains(&number) => Ok(Some(number)),
            _ if largest == i64::MAX => Err(ApiError::invalid(
                name,
                format!("{text:?} is not a whole number from {smallest}"),
            )),
            _ => Err(ApiError::invalid(
                name,
                format!("{text:?} is not a whole number from {smallest} to {largest}"),
            )),
        }
    }

    /// One of some names; `names` lists them for the error.
    pub fn choice<T>(
        &mut self,
        name: &str,
        names: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.value(name) else {
            return Ok(None);
        };
        let value = read(&text)
            .ok_or_else(|| ApiError::invalid(name, format!("{text:?} is none of {names}")))?;
        Ok(Some(value))
    }

    /// `true` or `false`.
    pub fn switch(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.value(name).as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid(
                name,
                format!("{other:?} is neither true nor false"),
            )),
        }
    }

    /// `date_from` and `date_to`.
    pub fn dates(&mut self) -> Result<DateRange, ApiError> {
        let (from, to) = (self.date("date_from")?, self.date("date_to")?);
        DateRange::new(from, to).map_err(|err| ApiError::invalid("date_from", err.to_string()))
    }

    /// `currency`; left out, the base currency.
    pub fn currency(&mut self, base: &Currency) -> Result<Currency, ApiError> {
        let Some(text) = self.value("currency") else {
            return Ok(base.clone());
        };
        Currency::parse(&text).ok_or_else(|| {
            ApiError::invalid("currency", format!("{text:?} is no currency of ISO 4217"))
        })
    }

    /// `lang`; left out, English.
    pub fn language(&mut self) -> Result<Language, ApiError> {
        match self.value("lang").as_deref() {
            None | Some("en") => Ok(Language::English),
            Some("ru") => Ok(Language::Russian),
            Some(other) => Err(ApiError::invalid(
                "lang",
                format!("{other:?} is neither ru nor en"),
            )),
        }
    }

    /// The file that `format` or the header `Accept` asks for; `lang` is the language of its
    /// headings.
    pub fn export(&mut self) -> Result<Option<Export>, ApiError> {
        let language = self.language()?;
        let format = match self.value("format").as_deref() {
            Some("json") => None,
            Some("csv") => Some(Format::Csv),
            Some("xlsx") => Some(Format::Xlsx),
            Some(other) => {
                return Err(ApiError::invalid(
                    "format",
                    format!("{other:?} is none of json, csv and xlsx"),
                ));
            }
            None if self.accept.starts_with("text/csv") => Some(Format::Csv),
            None if self.accept.starts_with(XLSX) => Some(Format::Xlsx),
            None => None,
        };
        Ok(format.map(|format| Export {
            format,
            language,
            filters: self.all.clone(),
            path: self.path.clone(),
        }))
    }

    /// `skip` and `limit`.
    pub fn page(&mut self) -> Result<Page, ApiError> {
        self.page_of(DEFAULT_LIMIT)
    }

    /// `skip` and `limit`, which is `default` when it is left out.
    pub fn page_of(&mut self, default: i64) -> Result<Page, ApiError> {
        Ok(Page {
            skip: self.number("skip", 0, i64::MAX)?.unwrap_or(0),
            limit: self.number("limit", 1, LARGEST_LIMIT)?.unwrap_or(default),
        })
    }

    /// `skip`, `limit`, `after` and `sort` of a list.
    pub fn list_page<L: PagedList>(&mut self) -> Result<ListPage, ApiError> {
        let has_skip = self.left.iter().any(|(name, _)| name == "skip");
        let Page { skip, limit } = self.page()?;
        let after = self.value("after").map(|text| text.parse()).transpose();
        let after = after.map_err(|err: crate::domain::InvalidCursor| {
            ApiError::invalid("after", err.to_string())
        })?;
        let sort = self.sort::<L>()?;
        if after.is_some() && has_skip {
            return Err(ApiError::invalid(
                "after",
                "does not go with skip: a page begins after a row or after a count",
            ));
        }
        if after.is_some() && sort.is_some() {
            return Err(ApiError::invalid(
                "after",
                "goes with the default order only: leave out sort, or use skip",
            ));
        }
        let is_kept = |name: &str| name != "skip" && name != "after";
        let query = self
            .all
            .iter()
            .filter(|(name, _)| is_kept(name))
            .cloned()
            .collect();
        Ok(ListPage {
            skip,
            limit,
            after,
            sort,
            query,
        })
    }

    /// `sort`: a column, with a minus in front for the largest first; `None` for the default order.
    fn sort<L: PagedList>(&mut self) -> Result<Option<Sort>, ApiError> {
        let Some(text) = self.value("sort").filter(|text| text != L::DEFAULT_SORT) else {
            return Ok(None);
        };
        let name = text.strip_prefix('-').unwrap_or(&text);
        match L::SORTS.iter().find(|column| **column == name) {
            Some(column) => Ok(Some(Sort {
                column,
                is_descending: text.starts_with('-'),
            })),
            None => {
                let allowed = L::SORTS.join(", ");
                Err(ApiError::invalid(
                    "sort",
                    format!("{text:?} is none of {allowed}, nor one of them after a minus"),
                ))
            }
        }
    }

    /// An amount: digits, and two decimals after a point at most.
    pub fn money(&mut self, name: &str) -> Result<Option<Money>, ApiError> {
        let Some(text) = self.value(name) else {
            return Ok(None);
        };
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_of = |digits: &str, longest| {
            (1..=longest).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        let amount = Money::parse(&text)
            .ok()
            .filter(|_| is_of(whole, LONGEST_AMOUNT) && is_of(decimals, 2));
        let invalid = || {
            ApiError::invalid(
                name,
                format!("{text:?} is not an amount such as 1250000.50"),
            )
        };
        amount.map(Some).ok_or_else(invalid)
    }

    /// `search`: a part of a text, of bounded length.
    pub fn search(&mut self) -> Result<Option<String>, ApiError> {
        let text = self.text("search");
        match text
            .as_ref()
            .filter(|text| text.chars().count() > LONGEST_TEXT)
        {
            Some(_) => Err(ApiError::invalid(
                "search",
                format!("has more than {LONGEST_TEXT} characters"),
            )),
            None => Ok(text),
        }
    }

    /// Every parameter must have been asked for by now.
    pub fn finish(self) -> Result<(), ApiError> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(name, "there is no such parameter here")),
        }
    }

    fn date(&mut self, name: &str) -> Result<Option<NaiveDate>, ApiError> {
        let Some(text) = self.value(name) else {
            return Ok(None);
        };
        // chrono alone would take 2024-3-5 and years of five digits.
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        // PostgreSQL has no year 0.
        let date = date.filter(|date: &NaiveDate| date.year() > 0);
        let date = date.ok_or_else(|| {
            ApiError::invalid(name, format!("{text:?} is not a date such as 2024-03-31"))
        })?;
        Ok(Some(date))
    }
}
