//! Snapshots: the versions of files that rows came from, so that an older version never overwrites
//! a newer one.
//!
//! A row keeps the snapshot and the version that its content came from. Rows that a newer version
//! holds unchanged are not written: the snapshot that they came from is confirmed instead, one row
//! for all of them.

use std::collections::{BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{file_organizations, snapshots};
use super::{CHUNK, DbConn, DbError, on_conn};

/// A version of a file that is about to be loaded. Times are UTC.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = snapshots)]
pub struct NewSnapshot {
    /// Whose rows it holds.
    pub department_id: i64,
    /// The source's name.
    pub source: String,
    /// The table of its rows.
    pub kind: String,
    /// The file's name.
    pub name: String,
    /// Its name without a date.
    pub series: String,
    /// The date in its name.
    pub name_date: Option<NaiveDate>,
    /// When this version was written.
    pub version_at: NaiveDateTime,
    /// The same.
    pub confirmed_at: NaiveDateTime,
    /// The run that loads it.
    pub run_id: i64,
}

/// A snapshot as stored. Times are UTC.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = snapshots)]
pub struct SnapshotRow {
    /// Its id.
    pub id: i64,
    /// The source's name.
    pub source: String,
    /// The table of its rows.
    pub kind: String,
    /// The file's name.
    pub name: String,
    /// Its name without a date.
    pub series: String,
    /// The date in its name.
    pub name_date: Option<NaiveDate>,
    /// The version that was last loaded.
    pub version_at: NaiveDateTime,
    /// The newest version, of any file, that held rows which this file had brought.
    pub confirmed_at: NaiveDateTime,
    /// The run that loaded it last.
    pub run_id: i64,
}

/// Returns the snapshots of one kind whose names differ only in a date, from all sources of a
/// department.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_series(
    conn: &mut DbConn,
    department_id: i64,
    kind: &str,
    series: &str,
) -> Result<Vec<SnapshotRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        snapshots::table
            .filter(snapshots::department_id.eq(department_id))
            .filter(snapshots::kind.eq(kind))
            .filter(snapshots::series.eq(series))
            .select(SnapshotRow::as_select())
            .load(c)
            .await
    })?)
}

/// Returns snapshots of a department by their ids.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_snapshots(
    conn: &mut DbConn,
    department_id: i64,
    ids: &[i64],
) -> Result<Vec<SnapshotRow>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let rows: Vec<SnapshotRow> = on_conn!(conn, |c| {
            snapshots::table
                .filter(snapshots::department_id.eq(department_id))
                .filter(snapshots::id.eq_any(ids))
                .select(SnapshotRow::as_select())
                .load(c)
                .await
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// Notes which version of a file is loaded now. Returns the snapshot's id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn upsert_snapshot(conn: &mut DbConn, snapshot: &NewSnapshot) -> Result<i64, DbError> {
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(snapshots::table)
            .values(snapshot)
            .on_conflict((
                snapshots::department_id,
                snapshots::source,
                snapshots::kind,
                snapshots::name,
            ))
            .do_update()
            .set((
                snapshots::version_at.eq(snapshot.version_at),
                snapshots::run_id.eq(snapshot.run_id),
            ))
            .returning(snapshots::id)
            .get_result(c)
            .await
    })?)
}

/// Returns the snapshot of a file, if it was loaded.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_snapshot(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
    name: &str,
) -> Result<Option<SnapshotRow>, DbError> {
    Ok(on_conn!(conn, |c| {
        snapshots::table
            .filter(snapshots::department_id.eq(department_id))
            .filter(snapshots::source.eq(source))
            .filter(snapshots::name.eq(name))
            .select(SnapshotRow::as_select())
            .order(snapshots::version_at.desc())
            .first(c)
            .await
            .optional()
    })?)
}

/// Notes that a file has the same content in a newer version, which so confirms what the version
/// before did.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn repeat_snapshot(
    conn: &mut DbConn,
    department_id: i64,
    snapshot: &SnapshotRow,
    version_at: NaiveDateTime,
) -> Result<(), DbError> {
    let all = || snapshots::table.filter(snapshots::department_id.eq(department_id));
    let confirmed = all()
        .filter(snapshots::kind.eq(&snapshot.kind))
        .filter(snapshots::series.eq(&snapshot.series))
        .filter(snapshots::confirmed_at.eq(snapshot.version_at));
    on_conn!(conn, |c| diesel::update(confirmed)
        .set(snapshots::confirmed_at.eq(version_at))
        .execute(c)
        .await)?;
    let whole = all()
        .filter(snapshots::id.eq(snapshot.id))
        .filter(snapshots::whole_at.eq(snapshot.version_at));
    on_conn!(conn, |c| diesel::update(whole)
        .set(snapshots::whole_at.eq(version_at))
        .execute(c)
        .await)?;
    let own = all().filter(snapshots::id.eq(snapshot.id));
    on_conn!(conn, |c| diesel::update(own)
        .set(snapshots::version_at.eq(version_at))
        .execute(c)
        .await)?;
    Ok(())
}

/// Notes that a version held the rows of some snapshots. What a newer version confirmed stays.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn confirm_snapshots(
    conn: &mut DbConn,
    department_id: i64,
    ids: &BTreeSet<i64>,
    version_at: NaiveDateTime,
) -> Result<(), DbError> {
    let ids: Vec<i64> = ids.iter().copied().collect();
    for ids in ids.chunks(CHUNK) {
        let older = snapshots::table
            .filter(snapshots::department_id.eq(department_id))
            .filter(snapshots::id.eq_any(ids))
            .filter(snapshots::confirmed_at.lt(version_at));
        on_conn!(conn, |c| diesel::update(older)
            .set(snapshots::confirmed_at.eq(version_at))
            .execute(c)
            .await)?;
    }
    Ok(())
}

/// Notes that a version went in whole. A newer one that did stays.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_whole_snapshot(
    conn: &mut DbConn,
    department_id: i64,
    id: i64,
    version_at: NaiveDateTime,
) -> Result<(), DbError> {
    let older = snapshots::table
        .filter(snapshots::department_id.eq(department_id))
        .filter(snapshots::id.eq(id))
        .filter(
            snapshots::whole_at
                .is_null()
                .or(snapshots::whole_at.lt(version_at)),
        );
    on_conn!(conn, |c| diesel::update(older)
        .set(snapshots::whole_at.eq(version_at))
        .execute(c)
        .await)?;
    Ok(())
}

/// The snapshots of the files that organizations are noted of.
macro_rules! of_file_organization {
    () => {
        snapshots::table.on(snapshots::department_id
            .eq(file_organizations::department_id)
            .and(snapshots::source.eq(file_organizations::source))
            .and(snapshots::kind.eq(file_organizations::kind))
            .and(snapshots::name.eq(file_organizations::path)))
    };
}

/// A version of a file that went in whole.
#[derive(Clone, Debug)]
pub struct WholeSnapshot {
    /// The version (UTC).
    pub whole_at: NaiveDateTime,
    /// The file's name without its date.
    pub series: String,
    /// The date in its name.
    pub name_date: Option<NaiveDate>,
}

/// Returns the newest version that went in whole of the files that name an organization, by
/// organization.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_whole_snapshots(
    conn: &mut DbConn,
    department_id: i64,
    kind: &str,
) -> Result<HashMap<i64, WholeSnapshot>, DbError> {
    let rows: Vec<(i64, Option<NaiveDateTime>, String, Option<NaiveDate>)> = on_conn!(conn, |c| {
        file_organizations::table
            .inner_join(of_file_organization!())
            .filter(file_organizations::department_id.eq(department_id))
            .filter(file_organizations::kind.eq(kind))
            .filter(file_organizations::is_named.eq(true))
            .filter(snapshots::whole_at.is_not_null())
            .select((
                file_organizations::organization_id,
                snapshots::whole_at,
                snapshots::series,
                snapshots::name_date,
            ))
            .order(snapshots::whole_at)
            .load(c)
            .await
    })?;
    let newest = rows
        .into_iter()
        .filter_map(|(organization_id, whole_at, series, name_date)| {
            Some((
                organization_id,
                WholeSnapshot {
                    whole_at: whole_at?,
                    series,
                    name_date,
                },
            ))
        });
    // The later row of an organization takes the place of the earlier one.
    Ok(newest.collect())
}

/// Returns whether a version of another file, newer than the one that was loaded of this file,
/// names one of its organizations.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn has_newer_files(
    conn: &mut DbConn,
    department_id: i64,
    snapshot: &SnapshotRow,
) -> Result<bool, DbError> {
    let organization_ids: Vec<i64> = on_conn!(conn, |c| {
        file_organizations::table
            .filter(file_organizations::department_id.eq(department_id))
            .filter(file_organizations::source.eq(&snapshot.source))
            .filter(file_organizations::path.eq(&snapshot.name))
            .select(file_organizations::organization_id)
            .load(c)
            .await
    })?;
    let newer: i64 = on_conn!(conn, |c| {
        file_organizations::table
            .inner_join(of_file_organization!())
            .filter(file_organizations::department_id.eq(department_id))
            .filter(file_organizations::kind.eq(&snapshot.kind))
            .filter(file_organizations::organization_id.eq_any(&organization_ids))
            .filter(snapshots::version_at.gt(snapshot.version_at))
            .count()
            .get_result(c)
            .await
    })?;
    Ok(newer > 0)
}

/// Returns the organizations that the versions of a workbook name which are newer than that
/// version.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_organizations_of_newer(
    conn: &mut DbConn,
    department_id: i64,
    kind: &str,
    series: &str,
    version_at: NaiveDateTime,
) -> Result<Vec<i64>, DbError> {
    Ok(on_conn!(conn, |c| {
        file_organizations::table
            .inner_join(of_file_organization!())
            .filter(file_organizations::department_id.eq(department_id))
            .filter(file_organizations::kind.eq(kind))
            .filter(file_organizations::is_named.eq(true))
            .filter(snapshots::series.eq(series))
            .filter(snapshots::version_at.gt(version_at))
            .select(file_organizations::organization_id)
            .distinct()
            .load(c)
            .await
    })?)
}
