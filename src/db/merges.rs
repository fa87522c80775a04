//! Merges, splits and their undoing: who is who, corrected by hand.
//!
//! Aliases are the truth: a merge makes the aliases of one row those of another one, a split gives
//! some of them to a new row, and operations are placed by the aliases that recognized them; so the
//! next import repeats it. All of it runs in one transaction, under the department's import lock,
//! and leaves a record by which it is undone.

mod absorb;
mod changes;
mod concern;
mod contracts;
mod list;
mod record;
mod resolve;
mod scoped;
mod split;
mod split_by_lender;
mod subject;
mod undo;

pub use list::{MergeRow, find_merge, list_merges, merges_into};
pub use split::split_row;
pub use split_by_lender::split_contract_by_lender;
pub use undo::undo_merge;

use super::{AliasKind, DbConn, DbError};
use absorb::absorb;
use changes::Changes;
use record::{Action, Record};
use subject::Subject;

/// Why rows can't be merged or split.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A row that is named does not exist in the department.
    #[error("there is no {what} {id}")]
    Missing {
        /// What it would be.
        what: &'static str,
        /// Its id.
        id: i64,
    },
    /// What is stored is in the way.
    #[error("{0}")]
    Refused(String),
    /// A field of the request can't be used with these rows.
    #[error("{parameter}: {detail}")]
    Invalid {
        /// The field that can't be used.
        parameter: &'static str,
        /// Why.
        detail: String,
    },
    /// The database can't answer.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Returns the department of the row of a kind and id.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn find_department_of(
    conn: &mut DbConn,
    kind: AliasKind,
    id: i64,
) -> Result<Option<i64>, DbError> {
    Ok(subject::find(conn, kind, id)
        .await?
        .map(|row| row.department_id))
}

/// Merges a row into another one of its kind and department: `author` asks for it. Returns the
/// merge.
///
/// # Errors
/// [`MergeError`] when they can't be merged; nothing is changed then.
pub async fn merge_rows(
    conn: &mut DbConn,
    kind: AliasKind,
    id: i64,
    into: i64,
    author: &str,
) -> Result<MergeRow, MergeError> {
    let (source, target) = (live(conn, kind, id).await?, live(conn, kind, into).await?);
    check_pair(kind, &source, &target)?;
    let mut record = Record::begin(conn, &source, &target).await?;
    let mut changes = Changes::new(target.department_id);
    absorb(conn, &mut changes, &mut record, kind, (id, into), None).await?;
    if kind != AliasKind::Contract {
        record.forwarded = subject::retire(conn, kind, id, into).await?;
    }
    if target.inn.is_none() && source.inn.is_some() {
        subject::change_inn(conn, kind, into, None, source.inn.as_deref()).await?;
        record.filled_inn.clone_from(&source.inn);
    }
    record.touched = changes.settle(conn).await?;
    let merge_id = record::insert(
        conn,
        (kind, Action::Merge),
        &source,
        &target,
        &record,
        author,
    )
    .await?;
    stored(conn, merge_id).await
}

/// Returns a row that was not merged into another one.
async fn live(conn: &mut DbConn, kind: AliasKind, id: i64) -> Result<Subject, MergeError> {
    let what = kind.label();
    let row = subject::find(conn, kind, id)
        .await?
        .ok_or(MergeError::Missing { what, id })?;
    match row.merged_into {
        None => Ok(row),
        Some(into) => Err(MergeError::Refused(format!(
            "{what} {id} was merged into {into}: use that one"
        ))),
    }
}

/// Checks that two rows may be one.
fn check_pair(kind: AliasKind, source: &Subject, target: &Subject) -> Result<(), MergeError> {
    let what = kind.label();
    let refuse = |detail: String| Err(MergeError::Refused(detail));
    if source.id == target.id {
        return refuse(format!("{what} {} can't be merged into itself", source.id));
    }
    if source.department_id != target.department_id {
        return refuse(format!(
            "{what} {} belongs to another department than {}",
            source.id, target.id
        ));
    }
    if source.organization_id != target.organization_id {
        return refuse(
            "the contracts belong to two organizations: merge these if they are one".to_owned(),
        );
    }
    match (&source.inn, &target.inn) {
        (Some(one), Some(other)) if one != other => {
            let detail = format!(
                "two INNs are never one {what}: {one} and {other}; correct the wrong one first"
            );
            Err(MergeError::Invalid {
                parameter: "into",
                detail,
            })
        }
        _ => Ok(()),
    }
}

/// Returns a merge that was just stored.
async fn stored(conn: &mut DbConn, id: i64) -> Result<MergeRow, MergeError> {
    list::find_by_id(conn, id)
        .await?
        .ok_or(MergeError::Missing { what: "merge", id })
}
