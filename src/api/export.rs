//! Lists and figures as files: CSV and XLSX, the same rows as the JSON answer.
//!
//! A file holds every row that matches, whatever `skip` and `limit` say. Rows are written as they
//! are read, to a temporary file that is then streamed; so memory does not grow with them.

mod csv_file;
mod table;
mod xlsx_file;

use std::fs::File;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::error::ApiError;
use crate::app::AppState;
use crate::db::{DbConn, DbError, Page};
use crate::domain::{AdjustmentKind, DataVersion, DepartmentScope};
use csv_file::CsvFile;
use table::{Row, rows_of_answer, rows_of_value};
use xlsx_file::{SHEET_IS_FULL, XlsxFile};

const ROWS_AT_A_TIME: i64 = 1000;
const STREAMED_BYTES: usize = 64 * 1024;

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma and point; semicolon and decimal comma for Russian spreadsheets.
    Csv {
        /// `lang=ru`.
        is_russian: bool,
    },
    /// A workbook with typed cells, and a sheet with the filters.
    Xlsx,
}

/// A file that is asked for instead of JSON.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its kind.
    pub format: Format,
    /// The filters that were asked for, as they stood in the query.
    pub filters: Vec<(String, String)>,
}

/// A file while it is written.
enum Writer {
    Csv(Box<CsvFile>),
    Xlsx(Box<XlsxFile>),
}

impl Export {
    /// The file of a list: `fetch` gives one part of it after the other, all of one snapshot.
    ///
    /// # Errors
    /// [`ApiError`] when the rows can't be read or the file can't be written.
    pub async fn list<T: Serialize>(
        &self,
        state: &AppState,
        scope: DepartmentScope,
        name: &str,
        fetch: impl AsyncFn(&mut DbConn, Page) -> Result<Vec<T>, DbError>,
    ) -> Result<HttpResponse, ApiError> {
        let writer = state
            .db
            .snapshot(async |conn| {
                let versions = crate::db::data_versions_on(conn, state.cache.today()).await?;
                let mut writer = self.writer(DataVersion::of(scope, versions))?;
                let mut skip = 0;
                loop {
                    let part = fetch(conn, Page { skip, limit: ROWS_AT_A_TIME }).await?;
                    for row in &part {
                        let value = serde_json::to_value(row).map_err(failed)?;
                        writer.push(&rows_of_value(&value))?;
                    }
                    skip += ROWS_AT_A_TIME;
                    if (part.len() as i64) < ROWS_AT_A_TIME {
                        return Ok::<_, ApiError>(writer);
                    }
                }
            })
            .await?;
        self.sent(writer, name).await
    }

    /// The file of a list that is at hand whole.
    ///
    /// # Errors
    /// [`ApiError`] when the file can't be written.
    pub async fn rows<T: Serialize + Clone>(
        &self,
        state: &AppState,
        scope: DepartmentScope,
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

    /// The file of an answer.
    ///
    /// # Errors
    /// [`ApiError`] when the file can't be written.
    pub async fn answer(&self, version: DataVersion, name: &str, json: &[u8]) -> Result<HttpResponse, ApiError> {
        let answer: Value = serde_json::from_slice(json).map_err(failed)?;
        let mut writer = self.writer(version)?;
        for row in rows_of_answer(&answer) {
            writer.push(&row)?;
        }
        self.sent(writer, name).await
    }

    fn writer(&self, version: DataVersion) -> Result<Writer, ApiError> {
        Ok(match self.format {
            Format::Csv { is_russian } => Writer::Csv(Box::new(CsvFile::new(is_russian).map_err(failed)?)),
            Format::Xlsx => Writer::Xlsx(Box::new(XlsxFile::new(&self.filters, version).map_err(failed)?)),
        })
    }

    async fn sent(&self, writer: Writer, name: &str) -> Result<HttpResponse, ApiError> {
        let (kind, ending) = match writer {
            Writer::Csv(_) => ("text/csv; charset=utf-8", "csv"),
            Writer::Xlsx(_) => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        };
        // Zipping a workbook takes seconds, which a web worker does not have.
        let file = web::block(move || writer.finish()).await.map_err(failed)?.map_err(failed)?;
        let file = tokio::fs::File::from_std(file);
        let chunks = stream::try_unfold(file, async |mut file| {
            let mut chunk = vec![0; STREAMED_BYTES];
            let count = file.read(&mut chunk).await?;
            chunk.truncate(count);
            Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(chunk), file)))
        });
        Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, kind))
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{ending}\"")))
            .streaming(chunks))
    }
}

impl Writer {
    fn push(&mut self, row: &Row) -> Result<(), ApiError> {
        match self {
            Writer::Csv(file) => file.push(row).map_err(failed),
            Writer::Xlsx(file) if file.is_full() => Err(ApiError::invalid("format", SHEET_IS_FULL)),
            Writer::Xlsx(file) => file.push(row).map_err(failed),
        }
    }

    fn finish(self) -> anyhow::Result<File> {
        match self {
            Writer::Csv(file) => file.finish(),
            Writer::Xlsx(file) => file.finish(),
        }
    }
}

/// An empty workbook of adjustments: its headings, and the kinds on a second sheet.
///
/// # Errors
/// When the workbook can't be written.
pub fn adjustment_template() -> anyhow::Result<Vec<u8>> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let sheet = workbook.add_worksheet().set_name("Лист_1")?;
    for (column, heading) in (0..).zip(crate::import::workbook::adjustment_headings()) {
        sheet.write_string_with_format(0, column, heading, &bold)?;
        sheet.set_column_width(column, 24)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let kinds = workbook.add_worksheet().set_name("Виды")?;
    for (row, kind) in (0..).zip(AdjustmentKind::ALL) {
        kinds.write_string(row, 0, kind.russian().first().copied().unwrap_or_default())?;
        kinds.write_string(row, 1, kind.as_str())?;
    }
    kinds.set_column_width(0, 30)?;
    Ok(workbook.save_to_buffer()?)
}

fn failed(err: impl std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("the file can't be written: {err}"))
}
