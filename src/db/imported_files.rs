//! The ledger of files: what was last seen of each, so that an unchanged one costs nothing.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::imported_files;
use super::{CHUNK, DbConn, DbError, on_conn};

/// A version of a file, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = imported_files, treat_none_as_null = true)]
pub struct ImportedFile {
    /// Whose rows it holds.
    pub department_id: i64,
    /// The source's name.
    pub source: String,
    /// Its name there.
    pub path: String,
    /// In bytes.
    pub size: i64,
    /// As the source states it; `None` when that can't be relied on.
    pub modified_at: Option<NaiveDateTime>,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// How often in a row this version could not be imported; 0: it is in.
    pub failures: i32,
    /// Why it could not.
    pub error_message: Option<String>,
    /// The run that fetched it.
    pub run_id: i64,
    /// When that was.
    pub fetched_at: NaiveDateTime,
    /// Whether the source still offers it, as far as is known.
    pub is_offered: bool,
    /// The version of the program's reader that read it; 0: one from before that was kept.
    pub reader_version: i32,
}

/// The files of a source, by path.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn list_imported_files(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
) -> Result<HashMap<String, ImportedFile>, DbError> {
    let files: Vec<ImportedFile> = on_conn!(conn, |c| {
        imported_files::table
            .filter(imported_files::department_id.eq(department_id))
            .filter(imported_files::source.eq(source))
            .select(ImportedFile::as_select())
            .load(c)
            .await
    })?;
    Ok(files
        .into_iter()
        .map(|file| (file.path.clone(), file))
        .collect())
}

/// Notes what was seen of a file.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn upsert_imported_file(conn: &mut DbConn, file: &ImportedFile) -> Result<(), DbError> {
    on_conn!(conn, |c| {
        diesel::insert_into(imported_files::table)
            .values(file)
            .on_conflict((
                imported_files::department_id,
                imported_files::source,
                imported_files::path,
            ))
            .do_update()
            .set(file)
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Notes which files of the ledger a source offers. Returns those that it ceased or began again to
/// offer.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn record_offered_files(
    conn: &mut DbConn,
    department_id: i64,
    source: &str,
    offered: &HashSet<String>,
) -> Result<Vec<String>, DbError> {
    let known = list_imported_files(conn, department_id, source).await?;
    let mut changed = Vec::new();
    for is_offered in [false, true] {
        let of_state = known.values().filter(|file| file.is_offered != is_offered);
        let of_state = of_state.filter(|file| offered.contains(&file.path) == is_offered);
        let paths: Vec<String> = of_state.map(|file| file.path.clone()).collect();
        for paths in paths.chunks(CHUNK) {
            let files = imported_files::table
                .filter(imported_files::department_id.eq(department_id))
                .filter(imported_files::source.eq(source))
                .filter(imported_files::path.eq_any(paths));
            let update = diesel::update(files).set(imported_files::is_offered.eq(is_offered));
            on_conn!(conn, |c| update.execute(c).await)?;
        }
        changed.extend(paths);
    }
    Ok(changed)
}
