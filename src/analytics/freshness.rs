//! How new the data is: by department, and by organization and kind of export; and which files fail
//! now.
//!
//! Read from what the import keeps of its files, never from operations.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{self, DbConn, DbError};
use crate::domain::DepartmentScope;

/// How new the data is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Freshness {
    pub(crate) departments: Vec<DepartmentFreshness>,
    /// By organization and kind.
    #[serde(rename = "data")]
    pub exports: Vec<ExportFreshness>,
    /// The files that can't be imported now, those that fail longest first.
    pub failing_files: Vec<FailingFile>,
}

/// How new the data of a department is. Times are UTC.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DepartmentFreshness {
    pub(crate) department_id: i64,
    pub(crate) department: String,
    /// When the data was last known to be complete: all sources looked through, no file failing.
    pub(crate) data_as_of: Option<NaiveDateTime>,
    /// When all sources were last looked through, whatever became of their files.
    pub(crate) checked_at: Option<NaiveDateTime>,
    /// The newest document that is not dated after today.
    pub(crate) data_through: Option<NaiveDate>,
    /// How many files can't be imported now.
    pub(crate) files_failing: usize,
}

/// How new the exports of one kind of an organization are. Times are UTC.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportFreshness {
    /// The department.
    pub department_id: i64,
    /// The organization.
    pub organization_id: i64,
    /// Its name.
    pub organization: String,
    /// `receipts`, `expenses`, `expense_details` or `adjustments`.
    pub kind: String,
    /// When a file last went in whole: without rejected rows or another difference.
    pub arrived_at: Option<NaiveDateTime>,
    /// When a file that holds such rows was last found to be in the tables as it is: an unchanged
    /// one is fresh.
    pub checked_at: NaiveDateTime,
    /// The newest document that was not dated after the day its file went in.
    pub newest_document: Option<NaiveDate>,
    /// The files that held such rows when they last went in, and can't be imported now.
    pub failing_files: Vec<String>,
}

/// A file that can't be imported now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FailingFile {
    /// Whose rows it should hold.
    pub department_id: i64,
    /// The source's name.
    pub source: String,
    /// Its name there.
    #[serde(rename = "name")]
    pub path: String,
    /// `receipts`, `expenses`, `expense_details` or `adjustments`, as far as that is known.
    pub kind: Option<String>,
    /// Since when it fails (UTC).
    pub since: NaiveDateTime,
    /// When it was last tried (UTC).
    pub tried_at: NaiveDateTime,
    /// Why it fails.
    pub reason: String,
    /// The kind of failure, as the journal has it among its remarks: `file_damaged`, for example.
    pub code: Option<String>,
}

impl From<db::FailingFile> for FailingFile {
    fn from(row: db::FailingFile) -> FailingFile {
        FailingFile {
            department_id: row.department_id,
            source: row.source,
            path: row.path,
            kind: row.kind,
            since: row.since,
            tried_at: row.tried_at,
            reason: row.reason,
            code: row.code,
        }
    }
}

/// Returns how new the data of a scope is; documents dated after `today` say nothing of that.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn freshness(
    conn: &mut DbConn,
    scope: DepartmentScope,
    today: NaiveDate,
) -> Result<Freshness, DbError> {
    let failing_files = db::list_failing_files(conn, scope).await?;
    let exports = exports(conn, scope, &failing_files).await?;
    let versions = db::data_versions_on(conn, today).await?;
    let ages = db::list_department_ages(conn).await?.into_iter();
    let departments = ages
        .filter(|age| scope.id().is_none_or(|id| id == age.id))
        .map(|age| DepartmentFreshness {
            data_through: versions
                .iter()
                .find(|(id, _)| *id == age.id)
                .and_then(|(_, version)| version.through),
            files_failing: failing_files
                .iter()
                .filter(|file| file.department_id == age.id)
                .count(),
            department_id: age.id,
            department: age.name,
            data_as_of: age.as_of,
            checked_at: age.checked_at,
        });
    Ok(Freshness {
        departments: departments.collect(),
        exports,
        failing_files: failing_files.into_iter().map(FailingFile::from).collect(),
    })
}

async fn exports(
    conn: &mut DbConn,
    scope: DepartmentScope,
    failing: &[db::FailingFile],
) -> Result<Vec<ExportFreshness>, DbError> {
    let mut exports: Vec<ExportFreshness> = Vec::new();
    for held in db::list_file_organizations(conn, scope).await? {
        let fails = held.is_named
            && failing.iter().any(|file| {
                (file.department_id, &file.source, &file.path)
                    == (held.department_id, &held.source, &held.path)
            });
        let failing_files = if fails { vec![held.path] } else { Vec::new() };
        match exports.last_mut() {
            Some(export)
                if (export.organization_id, &export.kind) == (held.organization_id, &held.kind) =>
            {
                export.arrived_at = export.arrived_at.max(held.arrived_at);
                export.checked_at = export.checked_at.max(held.checked_at);
                export.newest_document = export.newest_document.max(held.newest_document);
                export.failing_files.extend(failing_files);
            }
            _ => exports.push(ExportFreshness {
                department_id: held.department_id,
                organization_id: held.organization_id,
                organization: held.organization,
                kind: held.kind,
                arrived_at: held.arrived_at,
                checked_at: held.checked_at,
                newest_document: held.newest_document,
                failing_files,
            }),
        }
    }
    Ok(exports)
}
