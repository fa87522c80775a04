//! Merges, splits and their undoing, as REST interface and dashboard have them done.

use super::AppState;
use crate::db::{self, AliasKind, DbConn, MergeError, MergeRow};
use crate::domain::{ChangedData, DepartmentScope};

impl AppState {
    /// Merges a row of a scope into another one of its kind: `author` asks for it.
    ///
    /// # Errors
    /// [`MergeError`] when one of them is missing or they can't be merged; nothing is changed then.
    pub async fn merge(
        &self,
        scope: DepartmentScope,
        kind: AliasKind,
        (id, into): (i64, i64),
        author: &str,
    ) -> Result<MergeRow, MergeError> {
        let department_id = self.department_of(scope, kind, id).await?;
        self.department_of(scope, kind, into).await?;
        let done = async |conn: &mut DbConn| db::merge_rows(conn, kind, id, into, author).await;
        self.change_who_is_who(department_id, done).await
    }

    /// Undoes a merge or split of a scope; what imports stored since is placed by the names in it.
    ///
    /// # Errors
    /// [`MergeError`] when the scope has none of that id, it can't be undone, or the database can't
    /// answer.
    pub async fn undo_merge(
        &self,
        scope: DepartmentScope,
        id: i64,
    ) -> Result<MergeRow, MergeError> {
        let known = db::find_merge(&mut self.db.conn().await?, scope, id).await?;
        let known = known.ok_or(MergeError::Missing { what: "merge", id })?;
        let undone = async |conn: &mut DbConn| db::undo_merge(conn, id).await;
        self.change_who_is_who(known.department_id, undone).await
    }

    /// Returns the department of a row of a scope.
    ///
    /// # Errors
    /// [`MergeError::Missing`] when the scope has none of that kind and id.
    pub async fn department_of(
        &self,
        scope: DepartmentScope,
        kind: AliasKind,
        id: i64,
    ) -> Result<i64, MergeError> {
        let department_id = db::find_department_of(&mut self.db.conn().await?, kind, id).await?;
        let visible = department_id.filter(|found| scope.id().is_none_or(|own| own == *found));
        let what = kind.label();
        visible.ok_or(MergeError::Missing { what, id })
    }

    /// Merges, splits or undoes under the department's import lock, in one transaction with its
    /// generation: any figure may be another one then.
    ///
    /// # Errors
    /// The body's, or [`MergeError::Database`] when the transaction fails.
    pub async fn change_who_is_who(
        &self,
        department_id: i64,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<MergeRow, MergeError>,
    ) -> Result<MergeRow, MergeError> {
        let changed = async |conn: &mut DbConn| {
            db::lock_import_briefly(conn, department_id).await?;
            Ok::<_, MergeError>((body(conn).await?, ChangedData::everything()))
        };
        let done = self.change_figures(department_id, changed).await?;
        let undone = if done.undone_at.is_some() {
            "undone"
        } else {
            "done"
        };
        log::info!(
            "{} {} of {} {} and {}: {undone}",
            done.action,
            done.id,
            done.kind,
            done.source_id,
            done.target_id
        );
        Ok(done)
    }
}
