//! Deletes what imports left behind and nobody needs any more, in the background.

use crate::config::RetentionSettings;
use crate::db::{self, Db, DbError, OutdatedRows};

/// Deletes a batch of each kind of outdated rows in each department, each in a transaction of its
/// own. Returns how many rows; 0 when nothing is left to delete.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_outdated(db: &Db, settings: &RetentionSettings) -> Result<usize, DbError> {
    let kinds = [
        (OutdatedRows::SupersededRejects, settings.superseded_rejects),
        (OutdatedRows::OldRejects, settings.journal),
        (OutdatedRows::OldEntries, settings.journal),
        (OutdatedRows::OldRuns, settings.runs),
    ];
    let departments = db::list_departments(&mut db.conn().await?).await?;
    let mut deleted = 0;
    for department in departments {
        for (outdated, kept_for) in kinds {
            let Some(kept_for) = kept_for else { continue };
            let ids =
                db::list_outdated_rows(&mut db.conn().await?, department.id, outdated, kept_for)
                    .await?;
            if !ids.is_empty() {
                deleted += db
                    .write(async |conn| {
                        db::delete_outdated_rows(conn, department.id, outdated, &ids).await
                    })
                    .await?;
            }
        }
    }
    if deleted > 0 {
        log::info!("Deleted {deleted} outdated rows of the journal, of runs and of rejected rows");
    }
    Ok(deleted)
}
