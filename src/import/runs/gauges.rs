//! The metrics of imports, read from the database: every process reports the same, whichever of
//! them ran the import.

use std::collections::HashMap;

use crate::db::{self, Db, DbConn, DbError};
use crate::domain::DepartmentScope;
use crate::import::runs::doubts::ALL_FILES;
use crate::metrics;

/// Sets the gauges of imports to what the database holds.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn refresh_gauges(db: &Db) -> Result<(), DbError> {
    let read = async |conn: &mut DbConn| {
        Ok::<_, DbError>((
            db::list_failing_files(conn, DepartmentScope::All).await?,
            db::list_department_ages(conn).await?,
            db::last_completed_at(conn).await?,
        ))
    };
    let (files, departments, completed_at) = db.snapshot(read).await?;
    let (mut failing, mut empty): (HashMap<i64, i64>, HashMap<i64, i64>) =
        (HashMap::new(), HashMap::new());
    for file in files {
        let counts = if file.path == ALL_FILES {
            &mut empty
        } else {
            &mut failing
        };
        *counts.entry(file.department_id).or_default() += 1;
    }
    for department in departments {
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
    if let Some(completed_at) = completed_at {
        metrics::IMPORT_COMPLETED_AT.set(completed_at.and_utc().timestamp());
    }
    Ok(())
}
