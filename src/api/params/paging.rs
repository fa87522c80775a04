//! The parameters that say which part of a list is answered, in which order and as what.

use serde::Deserialize;
use utoipa::IntoParams;

use super::super::error::ApiError;
use super::super::export::Export;
use super::super::list::ListPage;
use super::choices::{AnswerFormat, FormatName, LanguageName, ReferenceOrderName, SortChoice};
use super::raw_query::RawQuery;
use super::value::given;
use super::values::{Cursor, Whole};
use crate::db::{Details, Page, Receipts, ReferenceOrder, Sort};
use crate::domain::Language;

/// The front end reads whole lists, to add them up in the browser.
const LARGEST_LIMIT: i64 = 50_000;

/// How many rows are passed over.
pub(in crate::api) type Skip = Whole<0, { i64::MAX }, 0>;
/// How many rows are given.
pub(in crate::api) type Limit = Whole<1, LARGEST_LIMIT, 100>;
/// How many contracts are given: the front end shows all without paging.
pub(in crate::api) type ContractsLimit = Whole<1, LARGEST_LIMIT, 1000>;
/// How many rows a check of the data shows.
pub(in crate::api) type CheckLimit = Whole<1, 1000, 20>;
/// The order of receipts or expenses.
pub(in crate::api) type OperationSort = SortChoice<Receipts>;
/// The order of expense details.
pub(in crate::api) type DetailSort = SortChoice<Details>;

/// A part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many rows are passed over.
    #[serde(default)]
    #[param(inline, example = 0)]
    pub skip: Skip,
    /// How many rows are given at most.
    #[serde(default)]
    #[param(inline, example = 100)]
    pub limit: Limit,
}

impl Paging {
    /// Returns the page.
    pub fn page(self) -> Page {
        Page {
            skip: self.skip.0,
            limit: self.limit.0,
        }
    }
}

/// The order of a list of reference data.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReferenceSort {
    /// The order: a column, after a minus if the largest comes first.
    #[param(inline, example = "-id")]
    pub sort: Option<ReferenceOrderName>,
}

impl ReferenceSort {
    /// Returns the order; left out, the default one.
    pub fn order(self) -> ReferenceOrder {
        given(self.sort).unwrap_or_default()
    }
}

/// A part of the list of contracts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContractsPaging {
    /// How many rows are passed over.
    #[serde(default)]
    #[param(inline, example = 0)]
    pub skip: Skip,
    /// How many rows are given at most.
    #[serde(default)]
    #[param(inline, example = 100)]
    pub limit: ContractsLimit,
}

/// A part of a list of operations, by count or after a row.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CursorPaging {
    /// How many rows are passed over.
    #[param(inline, example = 0)]
    pub skip: Option<Skip>,
    /// How many rows are given at most.
    #[serde(default)]
    #[param(inline, example = 100)]
    pub limit: Limit,
    /// The page that follows a row: the `X-Next-After` of the page before, opaque. Such pages cost
    /// the same wherever they lie. Goes with neither `skip` nor `sort`.
    #[param(inline, example = "_17")]
    pub after: Option<Cursor>,
}

impl CursorPaging {
    /// Returns the page in that order.
    ///
    /// # Errors
    /// [`ApiError`] when `after` does not go with the rest.
    pub fn page(self, sort: Option<Sort>, raw: &RawQuery) -> Result<ListPage, ApiError> {
        let after = given(self.after);
        if after.is_some() && self.skip.is_some() {
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
        let is_kept = |(name, _): &&(String, String)| name != "skip" && name != "after";
        Ok(ListPage {
            skip: given(self.skip).unwrap_or(0),
            limit: self.limit.0,
            after,
            sort,
            query: raw.pairs().iter().filter(is_kept).cloned().collect(),
        })
    }
}

/// The order of receipts or expenses.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OperationOrder {
    /// The order: a column, after a minus if the largest comes first.
    #[param(inline, example = "-id")]
    pub sort: Option<OperationSort>,
}

/// The order of expense details.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DetailOrder {
    /// The order: a column, after a minus if the largest comes first.
    #[param(inline, example = "-id")]
    pub sort: Option<DetailSort>,
}

/// How many rows a check of the data shows.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RowLimit {
    /// Rows a check.
    #[serde(default)]
    #[param(inline, example = 20)]
    pub limit: CheckLimit,
}

/// A list as a file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Files {
    /// `csv` and `xlsx` give a file of all rows that match, whatever the paging says. The header
    /// `Accept` does the same.
    #[param(inline, example = "json")]
    format: Option<FormatName>,
    /// The language of headings in files. `ru`: CSV with semicolons and decimal commas, too.
    #[param(inline, example = "ru")]
    lang: Option<LanguageName>,
}

impl Files {
    /// Returns the language that is asked for.
    pub fn language(&self) -> Language {
        self.lang.as_ref().map(|name| name.0).unwrap_or_default()
    }

    /// Returns the file that `format` or the header `Accept` asks for; `None` for JSON.
    pub fn export(self, raw: RawQuery) -> Option<Export> {
        let format = match given(self.format) {
            Some(AnswerFormat(format)) => format,
            None => raw.accepted_file(),
        };
        format.map(|format| Export {
            format,
            language: given(self.lang).unwrap_or_default(),
            path: raw.path().to_owned(),
            filters: raw.into_pairs(),
        })
    }
}
