//! How new the files of the sources are: which came in, which were found unchanged, which fail.
//!
//! Written by the import, in the transaction of a file where one changes; read by the freshness of
//! a department and by its data quality. A failing file stays one until it goes in, is found
//! unchanged, or is no longer offered.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{
    departments, failing_files, file_organizations, import_sources, organizations,
};
use super::{CHUNK, DbConn, DbError, on_conn};
use crate::domain::DepartmentScope;

/// A file of a source.
#[derive(Clone, Copy, Debug)]
pub struct FileKey<'f> {
    /// Whose rows it holds.
    pub department_id: i64,
    /// The source's name.
    pub source: &'f str,
    /// Its name there.
    pub path: &'f str,
}

/// A file that can't be imported now.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = failing_files)]
pub struct FailingFile {
    /// Whose rows it should hold.
    pub department_id: i64,
    /// The source's name.
    pub source: String,
    /// Its name there.
    pub path: String,
    /// `receipts`, `expenses`, `expense_details` or `adjustments`, as far as that is known.
    pub kind: Option<String>,
    /// Since when it fails (UTC).
    pub since: NaiveDateTime,
    /// When it was last tried (UTC).
    pub tried_at: NaiveDateTime,
    /// Why it fails.
    pub reason: String,
    /// The kind of failure, as a journal entry has it among its remarks. None for files that have
    /// failed since before it was kept.
    pub code: Option<String>,
}

/// Why a file can't be imported.
#[derive(Clone, Copy)]
pub struct Failure<'f> {
    /// The table that its rows go to, as far as that is known.
    pub kind: Option<&'f str>,
    /// In words.
    pub reason: &'f str,
    /// The kind of failure.
    pub code: Option<&'f str>,
}

/// When a source was last looked through (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceTimes {
    /// With or without failing files.
    pub checked_at: NaiveDateTime,
    /// Without failing files.
    pub completed_at: Option<NaiveDateTime>,
}

/// The rows of one organization in a file.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct FileOrganization {
    /// The department.
    pub department_id: i64,
    /// The source's name.
    pub source: String,
    /// The file's name there.
    pub path: String,
    /// The organization; of one that was merged, the one that it was merged into.
    pub organization_id: i64,
    /// Its name.
    pub organization: String,
    /// The table of the rows.
    pub kind: String,
    /// Whether the file held such rows when it last went in.
    pub is_named: bool,
    /// When the file went in whole with such rows (UTC).
    pub arrived_at: Option<NaiveDateTime>,
    /// When it was last found to be in the tables as it is (UTC).
    pub checked_at: NaiveDateTime,
    /// The newest document that was not dated after the day the file went in.
    pub newest_document: Option<NaiveDate>,
}

macro_rules! of_file {
    ($table:ident, $file:expr) => {
        $table::table
            .filter($table::department_id.eq($file.department_id))
            .filter($table::source.eq($file.source))
            .filter($table::path.eq($file.path))
    };
}

/// Notes that a file went in: the organizations whose rows it holds, each with its newest document.
/// With `is_whole`, none of its rows was rejected, and its total is theirs. Returns whether it
/// failed before.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_arrival(
    conn: &mut DbConn,
    file: FileKey<'_>,
    kind: &str,
    organizations: &BTreeMap<i64, Option<NaiveDate>>,
    is_whole: bool,
    now: NaiveDateTime,
) -> Result<bool, DbError> {
    let failures = on_conn!(conn, |c| diesel::delete(of_file!(failing_files, file))
        .execute(c)
        .await)?;
    let forgotten = diesel::update(of_file!(file_organizations, file))
        .set(file_organizations::is_named.eq(false));
    on_conn!(conn, |c| forgotten.execute(c).await)?;
    for (organization_id, newest_document) in organizations {
        let state = (
            file_organizations::kind.eq(kind),
            file_organizations::is_named.eq(true),
            is_whole.then_some(file_organizations::arrived_at.eq(now)),
            file_organizations::checked_at.eq(now),
            file_organizations::newest_document.eq(newest_document),
        );
        let row = (
            file_organizations::department_id.eq(file.department_id),
            file_organizations::source.eq(file.source),
            file_organizations::path.eq(file.path),
            file_organizations::organization_id.eq(organization_id),
            state,
        );
        on_conn!(conn, |c| {
            diesel::insert_into(file_organizations::table)
                .values(row)
                .on_conflict((
                    file_organizations::department_id,
                    file_organizations::source,
                    file_organizations::path,
                    file_organizations::organization_id,
                ))
                .do_update()
                .set(state)
                .execute(c)
                .await
        })?;
    }
    Ok(failures > 0)
}

/// Notes that a file can't be imported; since when it fails stays.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_failure(
    conn: &mut DbConn,
    file: FileKey<'_>,
    failure: Failure<'_>,
    now: NaiveDateTime,
) -> Result<(), DbError> {
    let state = (
        failing_files::kind.eq(failure.kind),
        failing_files::reason.eq(failure.reason),
        failing_files::code.eq(failure.code),
        failing_files::tried_at.eq(now),
    );
    let row = (
        failing_files::department_id.eq(file.department_id),
        failing_files::source.eq(file.source),
        failing_files::path.eq(file.path),
        failing_files::since.eq(now),
        state,
    );
    on_conn!(conn, |c| {
        diesel::insert_into(failing_files::table)
            .values(row)
            .on_conflict((
                failing_files::department_id,
                failing_files::source,
                failing_files::path,
            ))
            .do_update()
            .set(state)
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Notes that files were found to be in the tables as they are. Returns how many of them failed
/// before.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_checked(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
    paths: &[String],
    now: NaiveDateTime,
) -> Result<usize, DbError> {
    let mut forgotten = 0;
    for paths in paths.chunks(CHUNK) {
        let checked = file_organizations::table
            .filter(file_organizations::department_id.eq(department_id))
            .filter(file_organizations::source.eq(source))
            .filter(file_organizations::path.eq_any(paths))
            .filter(file_organizations::is_named.eq(true));
        let checked = diesel::update(checked).set(file_organizations::checked_at.eq(now));
        on_conn!(conn, |c| checked.execute(c).await)?;
        forgotten += forget_failures(conn, department_id, source, paths).await?;
    }
    Ok(forgotten)
}

/// Forgets that files fail: they are no longer offered. Returns how many did.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn forget_failures(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
    paths: &[String],
) -> Result<usize, DbError> {
    let mut forgotten = 0;
    for paths in paths.chunks(CHUNK) {
        let gone = failing_files::table
            .filter(failing_files::department_id.eq(department_id))
            .filter(failing_files::source.eq(source))
            .filter(failing_files::path.eq_any(paths));
        forgotten += on_conn!(conn, |c| diesel::delete(gone).execute(c).await)?;
    }
    Ok(forgotten)
}

/// Notes that a source was looked through; `is_complete`: without a failing file.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_source_check(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
    times: SourceTimes,
) -> Result<(), DbError> {
    let SourceTimes {
        checked_at,
        completed_at,
    } = times;
    let row = (
        import_sources::department_id.eq(department_id),
        import_sources::source.eq(source),
        import_sources::checked_at.eq(checked_at),
        import_sources::completed_at.eq(completed_at),
    );
    on_conn!(conn, |c| {
        diesel::insert_into(import_sources::table)
            .values(row)
            .on_conflict((import_sources::department_id, import_sources::source))
            .do_update()
            .set((
                import_sources::checked_at.eq(checked_at),
                // An older time without failing files stays.
                completed_at.map(|completed_at| import_sources::completed_at.eq(completed_at)),
            ))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Returns when the sources of a department were last looked through, by name.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_source_times(
    conn: &mut DbConn,
    department_id: i64,
) -> Result<HashMap<String, SourceTimes>, DbError> {
    let rows: Vec<(String, NaiveDateTime, Option<NaiveDateTime>)> = on_conn!(conn, |c| {
        import_sources::table
            .filter(import_sources::department_id.eq(department_id))
            .select((
                import_sources::source,
                import_sources::checked_at,
                import_sources::completed_at,
            ))
            .load(c)
            .await
    })?;
    let times = |(source, checked_at, completed_at)| {
        (
            source,
            SourceTimes {
                checked_at,
                completed_at,
            },
        )
    };
    Ok(rows.into_iter().map(times).collect())
}

/// Notes when all sources of a department were last looked through, and when last without a failing
/// file. What is `None` stays as it is.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_department_check(
    conn: &mut DbConn,
    department_id: i64,
    checked_at: Option<NaiveDateTime>,
    completed_at: Option<NaiveDateTime>,
) -> Result<(), DbError> {
    let own = || departments::table.filter(departments::id.eq(department_id));
    if let Some(checked_at) = checked_at {
        let checked = diesel::update(own()).set(departments::checked_at.eq(checked_at));
        on_conn!(conn, |c| checked.execute(c).await)?;
    }
    if let Some(completed_at) = completed_at {
        let completed = diesel::update(own()).set(departments::data_as_of.eq(completed_at));
        on_conn!(conn, |c| completed.execute(c).await)?;
    }
    Ok(())
}

/// Returns the files of a scope that can't be imported now, those that fail longest first.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_failing_files(
    conn: &mut DbConn,
    scope: DepartmentScope,
) -> Result<Vec<FailingFile>, DbError> {
    Ok(on_conn!(conn, |c| {
        let mut query = failing_files::table
            .select(FailingFile::as_select())
            .into_boxed();
        if let Some(id) = scope.id() {
            query = query.filter(failing_files::department_id.eq(id));
        }
        query
            .order((
                failing_files::since,
                failing_files::source,
                failing_files::path,
            ))
            .load(c)
            .await
    })?)
}

/// Returns how many files of a department can't be imported now.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn count_failing_files(conn: &mut DbConn, department_id: i64) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| {
        failing_files::table
            .filter(failing_files::department_id.eq(department_id))
            .count()
            .get_result(c)
            .await
    })?)
}

/// Returns which organizations the files of a scope have held, by department, organization and
/// kind.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_file_organizations(
    conn: &mut DbConn,
    scope: DepartmentScope,
) -> Result<Vec<FileOrganization>, DbError> {
    let shown = diesel::alias!(organizations as shown_organizations);
    let shown_id = shown.field(organizations::id);
    Ok(on_conn!(conn, |c| {
        let mut query = file_organizations::table
            .inner_join(
                organizations::table.on(organizations::department_id
                    .eq(file_organizations::department_id)
                    .and(organizations::id.eq(file_organizations::organization_id))),
            )
            .inner_join(
                shown.on(shown
                    .field(organizations::department_id)
                    .eq(file_organizations::department_id)
                    .and(
                        organizations::merged_into
                            .eq(shown_id.nullable())
                            .or(organizations::merged_into
                                .is_null()
                                .and(organizations::id.eq(shown_id)))
                            .assume_not_null(),
                    )),
            )
            .select((
                file_organizations::department_id,
                file_organizations::source,
                file_organizations::path,
                shown_id,
                shown.field(organizations::name),
                file_organizations::kind,
                file_organizations::is_named,
                file_organizations::arrived_at,
                file_organizations::checked_at,
                file_organizations::newest_document,
            ))
            .into_boxed();
        if let Some(id) = scope.id() {
            query = query.filter(file_organizations::department_id.eq(id));
        }
        query
            .order((
                file_organizations::department_id,
                shown.field(organizations::name),
                shown_id,
                file_organizations::kind,
            ))
            .load(c)
            .await
    })?)
}
