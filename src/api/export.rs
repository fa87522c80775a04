//! Lists and figures as files: CSV and XLSX, the same rows as the JSON answer.
//!
//! A file holds every row that matches, whatever `skip` and `limit` say. It is written in its turn
//! (`state::ExportQueue`), away from the threads and connections of other requests: rows are read
//! part by part, and written to a temporary file while the next ones are read. The file is streamed
//! when it is complete; so memory does not grow with it, and a fault midway is an error.

mod about;
mod adjustment_template;
mod columns;
mod csv_file;
mod fields;
mod header;
mod row_pipe;
mod table;
mod totals;
mod words;
mod writer;
mod xlsx_file;

use std::fs::File;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use super::compression::NoCompression;
use super::error::ApiError;
use super::file_body::file_body;
use super::list::{ListPage, Parts};
use crate::db::{DbConn, DbError, Page, PagedList, Reads, Sort, data_versions_on};
use crate::domain::{Currency, DataVersion, DepartmentScope, Language};
use crate::state::AppState;
pub use about::About;
pub use adjustment_template::adjustment_template;
use columns::column_of;
use header::fields_at;
use row_pipe::RowPipe;
use table::{is_list, rows_of_answer};
use writer::Writer;
use xlsx_file::Rows;

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
    /// [`ApiError`] when the rows can't be read, the file can't be written, or too many are.
    pub async fn paged<T, L>(
        self,
        state: &AppState,
        list: L,
        sort: Option<Sort>,
    ) -> Result<HttpResponse, ApiError>
    where
        T: Serialize + From<L::Row>,
        L: PagedList<Row: Send + 'static> + Send + 'static,
    {
        let today = state.cache.today();
        self.in_turn(
            state,
            L::NAME,
            async move |export: &Export, reads: &Reads| {
                let read = async |conn: &mut DbConn| {
                    let writer = export
                        .writer_of_list(conn, Some(list.department()), today)
                        .await?;
                    let pipe = RowPipe::start::<T>(writer, fields_at(&export.path));
                    let mut parts = Parts::of_page(&list, conn, &ListPage::whole(sort)).await?;
                    loop {
                        let rows = parts.next(conn).await?;
                        if rows.is_empty() || !pipe.push(rows).await {
                            return Ok::<_, ApiError>(pipe);
                        }
                    }
                };
                reads.snapshot(read).await?.finish().await
            },
        )
        .await
    }

    /// The file of a list of the primary, which has what no generation covers: `fetch` gives one part of it after the other, all of one snapshot, and an
    /// empty one at the end. Without a scope nothing is said of how new imported data is.
    ///
    /// # Errors
    /// As [`Export::paged`].
    pub async fn list<T: Serialize + Send + 'static>(
        self,
        state: &AppState,
        scope: impl Into<Option<DepartmentScope>>,
        name: &str,
        mut fetch: impl AsyncFnMut(&mut DbConn, Page) -> Result<Vec<T>, DbError> + Send + 'static,
    ) -> Result<HttpResponse, ApiError> {
        let (scope, today) = (scope.into(), state.cache.today());
        self.in_turn(state, name, async move |export: &Export, reads: &Reads| {
            let read = async |conn: &mut DbConn| {
                let writer = export.writer_of_list(conn, scope, today).await?;
                let pipe = RowPipe::start::<T>(writer, fields_at(&export.path));
                let mut page = Page {
                    skip: 0,
                    limit: ROWS_AT_A_TIME,
                };
                loop {
                    let part = fetch(conn, page).await?;
                    if part.is_empty() || !pipe.push(part).await {
                        return Ok::<_, ApiError>(pipe);
                    }
                    page.skip += page.limit;
                }
            };
            reads.primary().snapshot(read).await?.finish().await
        })
        .await
    }

    /// The file of a list that is at hand whole.
    ///
    /// # Errors
    /// As [`Export::paged`].
    pub async fn rows<T: Serialize + Send + 'static>(
        self,
        state: &AppState,
        scope: impl Into<Option<DepartmentScope>>,
        name: &str,
        rows: Vec<T>,
    ) -> Result<HttpResponse, ApiError> {
        let (scope, today) = (scope.into(), state.cache.today());
        self.in_turn(state, name, async move |export: &Export, reads: &Reads| {
            let begin = async |conn: &mut DbConn| export.writer_of_list(conn, scope, today).await;
            export
                .complete(reads.primary().snapshot(begin).await?, rows)
                .await
        })
        .await
    }

    /// The file of a list that is at hand whole, with further lines on its second sheet and above
    /// each page on paper.
    ///
    /// # Errors
    /// As [`Export::paged`].
    pub async fn statement<T: Serialize + Send + 'static>(
        self,
        state: &AppState,
        scope: DepartmentScope,
        name: &str,
        lines: Vec<(&'static str, String)>,
        rows: Vec<T>,
    ) -> Result<HttpResponse, ApiError> {
        let today = state.cache.today();
        self.in_turn(state, name, async move |export: &Export, reads: &Reads| {
            let begin =
                async |conn: &mut DbConn| export.writer_of_list(conn, Some(scope), today).await;
            let mut writer = reads.primary().snapshot(begin).await?;
            writer.push_about(lines)?;
            export.complete(writer, rows).await
        })
        .await
    }

    /// The language of the headings.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The file of figures in one currency, of which amounts in others are left out.
    ///
    /// # Errors
    /// As [`Export::paged`].
    #[expect(
        clippy::too_many_arguments,
        reason = "each is said of the file on its second sheet"
    )]
    pub async fn answer(
        self,
        state: &AppState,
        scope: DepartmentScope,
        version: DataVersion,
        name: &str,
        currency: Currency,
        left_out: Vec<String>,
        json: &[u8],
    ) -> Result<HttpResponse, ApiError> {
        let answer: Value = serde_json::from_slice(json).map_err(failed)?;
        let today = state.cache.today();
        self.in_turn(state, name, async move |export: &Export, reads: &Reads| {
            let language = export.language;
            let about = async |conn: &mut DbConn| {
                let mut about =
                    About::of_filters(conn, language, scope, version, &export.filters).await?;
                about.push_currency(language, &currency, &left_out);
                about.push_freshness(conn, language, scope, today).await?;
                Ok::<_, DbError>(about)
            };
            let about = reads.primary().snapshot(about).await?;
            let is_by_month = export
                .filters
                .iter()
                .any(|(name, value)| name == "group_by" && value == "month");
            let rows = match is_list(&answer) {
                true if is_by_month => Rows::Months,
                true => Rows::List,
                false => Rows::Figures,
            };
            let writer = Writer::new(export.format, language, about, rows)?;
            export.complete(writer, rows_of_answer(&answer)).await
        })
        .await
    }

    async fn writer_of_list(
        &self,
        conn: &mut DbConn,
        scope: Option<DepartmentScope>,
        today: NaiveDate,
    ) -> Result<Writer, ApiError> {
        let mut about = About::default();
        if let Some(scope) = scope {
            let version = DataVersion::of(scope, data_versions_on(conn, today).await?);
            about = About::of_filters(conn, self.language, scope, version, &self.filters).await?;
            about
                .push_freshness(conn, self.language, scope, today)
                .await?;
        }
        Writer::new(self.format, self.language, about, Rows::List)
    }

    /// Writes rows that are at hand whole.
    async fn complete<T: Serialize + Send + 'static>(
        &self,
        writer: Writer,
        rows: Vec<T>,
    ) -> Result<File, ApiError> {
        let pipe = RowPipe::start::<T>(writer, fields_at(&self.path));
        pipe.push(rows).await;
        pipe.finish().await
    }

    /// Writes a file when it is its turn, and answers with it.
    async fn in_turn(
        self,
        state: &AppState,
        name: &str,
        write: impl AsyncFnOnce(&Export, &Reads) -> Result<File, ApiError> + Send + 'static,
    ) -> Result<HttpResponse, ApiError> {
        let format = self.format;
        let written = state
            .exports
            .run(async move |reads: &Reads| write(&self, reads).await);
        let file = written.await??;
        let (kind, ending) = match format {
            Format::Csv => ("text/csv; charset=utf-8", "csv"),
            Format::Xlsx => (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "xlsx",
            ),
        };
        let mut response = HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, kind))
            .insert_header((
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}.{ending}\""),
            ))
            .body(file_body(file).map_err(failed)?);
        if format == Format::Xlsx {
            // It is compressed by itself.
            response.extensions_mut().insert(NoCompression);
        }
        Ok(response)
    }
}

fn failed(err: impl std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("the file can't be written: {err}"))
}
