//! The metrics of imports, read from the database: every process reports the same, whichever of
//! them ran the import.

use std::collections::HashMap;

use crate::db::{self, Db, DbError};
use crate::domain::DepartmentScope;
use crate::import::runs::doubts::ALL_FILES;
use crate::metrics;

/// Sets the gauges of imports to what the database holds.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn refresh_gauges(db: &Db) -> Result<(), DbError> {
    let mut conn = db.conn().await?;
    let (mut failing, mut empty): (HashMap<i64, i64>, HashMap<i64, i64>) =
        (HashMap::new(), HashMap::new());
    for file in db::list_failing_files(&mut conn, DepartmentScope::All).await? {
        let counts = if file.path == ALL_FILES {
            &mut empty
        } else {
            &mut failing
        };
        *counts.entry(file.department_id).or_default() += 1;
    }
    for department in db::list_department_ages(&mut conn).await? {
        let label = department.id.to_string();
        let count = failing.get(&department.id).copied().unwrap_or_default();
        metrics::IMPORT_FILES_FAILING
            .with_label_values(&[&label])
            .set(count);
        let count = empty.get(&department.id).copied().unwrap_or_default();
        metrics::IMPORT_SOURCES_EMPTY
            .with_label_values(&[&label])
            .set(count);
        if let Some(checked_at) = department.checked_at {
            metrics::IMPORT_CHECKED_AT
                .with_label_values(&[&label])
                .set(checked_at.and_utc().timestamp());
        }
    }
    if let Some(completed_at) = db::last_completed_at(&mut conn).await? {
        metrics::IMPORT_COMPLETED_AT.set(completed_at.and_utc().timestamp());
    }
    Ok(())
}
