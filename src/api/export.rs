//! Lists and figures as files: CSV and XLSX, the same rows as the JSON answer.
//!
//! A file holds every row that matches, whatever `skip` and `limit` say. Rows are written as they
//! are read, to a temporary file that is then streamed; so memory does not grow with them.

mod about;
mod adjustment_template;
mod columns;
mod csv_file;
mod header;
mod table;
mod totals;
mod words;
mod xlsx_file;

use std::fs::File;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use super::error::ApiError;
use super::file_body::file_body;
use super::list::{ListPage, Parts};
use super::types::answers;
use crate::db::{DbConn, DbError, Page, PagedList, Sort, data_versions_on};
use crate::domain::{Currency, DataVersion, DepartmentScope, Language};
use crate::state::AppState;
pub use about::About;
pub use adjustment_template::adjustment_template;
use columns::column_of;
use csv_file::CsvFile;
use header::columns_at;
use table::{Row, is_list, row_of, rows_of_answer};
use xlsx_file::{Rows, SHEET_IS_FULL, XlsxFile};

const ROWS_AT_A_TIME: i64 = 1000;

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma and point; semicolon and decimal comma for Russian spreadsheets.
    Csv,
    /// A workbook with typed cells, and a sheet with the filters.
    Xlsx,
}

/// A file that is asked for instead of JSON.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its kind.
    pub format: Format,
    /// The language of its headings.
    pub language: Language,
    /// The filters as they stood in the query.
    pub filters: Vec<(String, String)>,
    /// The path of its resource, as the OpenAPI document has it.
    pub path: String,
}

/// A file while it is written.
enum Writer {
    Csv(Box<CsvFile>),
    Xlsx(Box<XlsxFile>, About),
}

/// Returns whether the column of a field has a heading.
pub fn has_heading(field: &str) -> bool {
    column_of(field).is_some()
}

/// Returns whether a value of a closed set has a Russian word.
pub fn has_word(value: &str) -> bool {
    words::russian(value).is_some()
}

/// Returns whether a filter has a name for people, or does not change what is in a file.
pub fn has_filter_name(parameter: &str) -> bool {
    about::is_without_effect(parameter)
        || about::filter_name(parameter, Language::Russian).is_some()
}

/// Returns the heading of a field's column.
fn heading_of(name: &str, language: Language) -> &str {
    column_of(name).map_or(name, |column| column.heading(language))
}

impl Export {
    /// The file of a list that is read in parts, all of one snapshot; a row becomes a `T`.
    ///
    /// # Errors
    /// [`ApiError`] when the rows can't be read or the file can't be written.
    pub async fn paged<T: Serialize + From<L::Row>, L: PagedList>(
        &self,
        state: &AppState,
        list: &L,
        sort: Option<Sort>,
    ) -> Result<HttpResponse, ApiError> {
        let writer = state
            .db
            .snapshot(async |conn| {
                let mut writer = self
                    .writer_of_list(conn, Some(list.department()), state.cache.today())
                    .await?;
                let mut parts = Parts::of_page(list, conn, &ListPage::whole(sort)).await?;
                loop {
                    let rows = parts.next(conn).await?;
                    if rows.is_empty() {
                        return Ok::<_, ApiError>(writer);
                    }
                    writer.push_all(&answers::<_, T>(rows))?;
                }
            })
            .await?;
        self.respond(writer, L::NAME).await
    }

    /// The file of a list: `fetch` gives one part of it after the other, all of one snapshot.
    /// Without a scope nothing is said of how new imported data is.
    ///
    /// # Errors
    /// [`ApiError`] when the rows can't be read or the file can't be written.
    pub async fn list<T: Serialize>(
        &self,
        state: &AppState,
        scope: impl Into<Option<DepartmentScope>>,
        name: &str,
        fetch: impl AsyncFn(&mut DbConn, Page) -> Result<Vec<T>, DbError>,
    ) -> Result<HttpResponse, ApiError> {
        let scope = scope.into();
        let writer = state
            .db
            .snapshot(async |conn| {
                let mut writer = self
                    .writer_of_list(conn, scope, state.cache.today())
                    .await?;
                let mut skip = 0;
                loop {
                    let part = fetch(
                        conn,
                        Page {
                            skip,
                            limit: ROWS_AT_A_TIME,
                        },
                    )
                    .await?;
                    writer.push_all(&part)?;
                    skip += ROWS_AT_A_TIME;
                    if (part.len() as i64) < ROWS_AT_A_TIME {
                        return Ok::<_, ApiError>(writer);
                    }
                }
            })
            .await?;
        self.respond(writer, name).await
    }

    /// The file of a list that is at hand whole.
    ///
    /// # Errors
    /// [`ApiError`] when the file can't be written.
    pub async fn rows<T: Serialize + Clone>(
        &self,
        state: &AppState,
        scope: impl Into<Option<DepartmentScope>>,
        name: &str,
        rows: Vec<T>,
    ) -> Result<HttpResponse, ApiError> {
        self.list(state, scope, name, async |_, page| {
            let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
            let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
            Ok(rows.iter().skip(skip).take(limit).cloned().collect())
        })
        .await
    }

    /// The file of a list that is at hand whole, with further lines on its second sheet and above
    /// each page on paper.
    ///
    /// # Errors
    /// [`ApiError`] when the file can't be written.
    pub async fn statement<T: Serialize>(
        &self,
        state: &AppState,
        scope: DepartmentScope,
        name: &str,
        lines: Vec<(&str, String)>,
        rows: &[T],
    ) -> Result<HttpResponse, ApiError> {
        let today = state.cache.today();
        let mut writer = state
            .db
            .snapshot(async |conn| self.writer_of_list(conn, Some(scope), today).await)
            .await?;
        if let Writer::Xlsx(file, about) = &mut writer {
            let set: Vec<String> = lines
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            file.set_page_header(&set.join("; ")).map_err(failed)?;
            lines
                .into_iter()
                .for_each(|(name, value)| about.push(name, value));
        }
        writer.push_all(rows)?;
        self.respond(writer, name).await
    }

    /// The language of the headings.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The file of figures in one currency, of which amounts in others are left out.
    ///
    /// # Errors
    /// [`ApiError`] when the file can't be written.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is said of the file on its second sheet"
    )]
    pub async fn answer(
        &self,
        state: &AppState,
        scope: DepartmentScope,
        version: DataVersion,
        name: &str,
        currency: &Currency,
        left_out: &[String],
        json: &[u8],
    ) -> Result<HttpResponse, ApiError> {
        let answer: Value = serde_json::from_slice(json).map_err(failed)?;
        let about = async |conn: &mut DbConn| {
            let mut about =
                About::of_filters(conn, self.language, scope, version, &self.filters).await?;
            about.push_currency(self.language, currency, left_out);
            about
                .push_freshness(conn, self.language, scope, state.cache.today())
                .await?;
            Ok::<_, DbError>(about)
        };
        let about = state.db.snapshot(about).await?;
        let is_by_month = self
            .filters
            .iter()
            .any(|(name, value)| name == "group_by" && value == "month");
        let rows = match is_list(&answer) {
            true if is_by_month => Rows::Months,
            true => Rows::List,
            false => Rows::Figures,
        };
        let mut writer = self.writer(about, rows)?;
        for row in rows_of_answer(&answer) {
            writer.push(&row)?;
        }
        self.respond(writer, name).await
    }

    async fn writer_of_list(
        &self,
        conn: &mut DbConn,
        scope: Option<DepartmentScope>,
        today: NaiveDate,
    ) -> Result<Writer, ApiError> {
        let Some(scope) = scope else {
            return self.writer(About::default(), Rows::List);
        };
        let version = DataVersion::of(scope, data_versions_on(conn, today).await?);
        let mut about =
            About::of_filters(conn, self.language, scope, version, &self.filters).await?;
        about
            .push_freshness(conn, self.language, scope, today)
            .await?;
        self.writer(about, Rows::List)
    }

    /// Completes a file; without rows it has the headings of its columns.
    async fn respond(&self, mut writer: Writer, name: &str) -> Result<HttpResponse, ApiError> {
        writer.begin(&columns_at(&self.path)).map_err(failed)?;
        let (kind, ending) = match writer {
            Writer::Csv(_) => ("text/csv; charset=utf-8", "csv"),
            Writer::Xlsx(..) => (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "xlsx",
            ),
        };
        // Zipping a workbook takes seconds, which a web worker does not have.
        let file = web::block(move || writer.finish())
            .await
            .map_err(failed)?
            .map_err(failed)?;
        Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, kind))
            .insert_header((
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}.{ending}\""),
            ))
            .body(file_body(file).map_err(failed)?))
    }

    fn writer(&self, about: About, rows: Rows) -> Result<Writer, ApiError> {
        Ok(match self.format {
            Format::Csv => Writer::Csv(Box::new(CsvFile::new(self.language).map_err(failed)?)),
            Format::Xlsx => Writer::Xlsx(
                Box::new(XlsxFile::new(self.language, rows).map_err(failed)?),
                about,
            ),
        })
    }
}

impl Writer {
    fn push_all<T: Serialize>(&mut self, rows: &[T]) -> Result<(), ApiError> {
        rows.iter()
            .try_for_each(|row| self.push(&row_of(&serde_json::to_value(row).map_err(failed)?)))
    }

    fn push(&mut self, row: &Row) -> Result<(), ApiError> {
        match self {
            Writer::Csv(file) => file.push(row).map_err(failed),
            Writer::Xlsx(file, _) if file.is_full() => {
                Err(ApiError::invalid("format", SHEET_IS_FULL))
            }
            Writer::Xlsx(file, _) => file.push(row).map_err(failed),
        }
    }

    /// Writes the headings of a row's columns, unless there are some.
    fn begin(&mut self, row: &Row) -> anyhow::Result<()> {
        match self {
            Writer::Csv(file) => file.begin(row),
            Writer::Xlsx(file, _) => file.begin(row),
        }
    }

    fn finish(self) -> anyhow::Result<File> {
        match self {
            Writer::Csv(file) => file.finish(),
            Writer::Xlsx(file, about) => file.finish(about.lines()),
        }
    }
}

fn failed(err: impl std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("the file can't be written: {err}"))
}
