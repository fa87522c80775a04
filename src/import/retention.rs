//! Deletes what imports left behind and nobody needs any more, in the background.

use crate::config::RetentionSettings;
use crate::db::{self, Db, DbConn, DbError};

/// Deletes one batch of each kind in each department, each in a transaction of its own. Returns how many rows; 0 when
/// nothing is left to delete.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub async fn delete_outdated(db: &Db, settings: &RetentionSettings) -> Result<usize, DbError> {
    let mut deleted = 0;
    let departments = db::list_departments(&mut db.conn().await?).await?;
    for department in departments {
        let id = department.id;
        if let Some(kept_for) = settings.superseded_rejects {
            let batch = async |conn: &mut DbConn| db::delete_superseded_rejects(conn, id, kept_for).await;
            deleted += db.write(batch).await?;
        }
        if let Some(kept_for) = settings.journal {
            deleted += db.write(async |conn: &mut DbConn| db::delete_old_journal(conn, id, kept_for).await).await?;
        }
        if let Some(kept_for) = settings.runs {
            deleted += db.write(async |conn: &mut DbConn| db::delete_old_runs(conn, id, kept_for).await).await?;
        }
    }
    if deleted > 0 {
        log::info!("Deleted {deleted} outdated rows of the journal, of runs and of rejected rows");
    }
    Ok(deleted)
}
