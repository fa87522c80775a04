//! Rejected rows: what is stored of their operations stays as it is.
//!
//! A rejected detail keeps the stored set of its expense, because the set in the file is not whole.
//! Operations that are stored although their row can't be read any more are counted: what they say
//! is no longer confirmed by their file.

use super::{LoadError, Loader};
use crate::db::{
    DbConn, KnownOperation, list_details_of, list_known_expenses, list_known_receipts,
};
use crate::import::workbook::{Kind, Reject, SeenIds};

/// So many operation ids are kept until the end of the file, to see whether another row of it was
/// taken.
const KEPT_IDS: usize = 10_000;

/// The rejected rows of a file.
#[derive(Default)]
pub(super) struct RejectedRows {
    /// Whether there are any.
    pub any: bool,
    /// The expenses of rejected details.
    expenses: SeenIds,
    /// Whether the expense of a rejected detail is unknown.
    has_nameless_details: bool,
    /// What of them is stored: the first operation ids, and how many more there are.
    still_stored: Vec<String>,
    more_stored: usize,
}

impl RejectedRows {
    /// Returns whether the details of an expense are not whole in the file; `loses_details`: stored
    /// ones are not among them, so that one of unknown expense may be theirs.
    pub(super) fn concern(&self, expense_operation_id: &str, loses_details: bool) -> bool {
        self.has_nameless_details && loses_details || self.expenses.contains(expense_operation_id)
    }

    /// Returns how many operations are stored although their rows were rejected, and the first;
    /// `seen` holds those of which another row was taken.
    pub(super) fn still_stored(&self, seen: &SeenIds) -> (usize, Option<&str>) {
        let mut left = self.still_stored.iter().filter(|id| !seen.is_taken(id));
        let first = left.next().map(String::as_str);
        (
            self.more_stored + usize::from(first.is_some()) + left.count(),
            first,
        )
    }

    fn note_stored(&mut self, id: String) {
        match self.still_stored.len() < KEPT_IDS {
            true => self.still_stored.push(id),
            false => self.more_stored += 1,
        }
    }
}

impl Loader {
    /// Notes rows that are not taken.
    ///
    /// # Errors
    /// [`LoadError`] when the database can't answer.
    pub async fn note_rejects(
        &mut self,
        conn: &mut DbConn,
        rejects: &[Reject],
    ) -> Result<(), LoadError> {
        if rejects.is_empty() {
            return Ok(());
        }
        self.rejected.any = true;
        let mut ids: Vec<&str> = Vec::new();
        for reject in rejects {
            match &reject.operation_id {
                Some(id)
                    if self.kind != Kind::Details
                        || self.rejected.expenses.take(id, 1).is_none() =>
                {
                    ids.push(id)
                }
                Some(_) => {}
                None => self.rejected.has_nameless_details = true,
            }
        }
        let department_id = self.department_id;
        let active = |(id, stored): (String, KnownOperation)| stored.is_active.then_some(id);
        let mut stored: Vec<String> = match self.kind {
            Kind::Receipts => list_known_receipts(conn, department_id, &ids)
                .await?
                .into_iter()
                .filter_map(active)
                .collect(),
            Kind::Expenses => list_known_expenses(conn, department_id, &ids)
                .await?
                .into_iter()
                .filter_map(active)
                .collect(),
            Kind::Details => {
                let details = list_details_of(conn, department_id, &ids).await?;
                details
                    .into_iter()
                    .map(|detail| detail.expense_operation_id)
                    .collect()
            }
            Kind::Adjustments => Vec::new(),
        };
        stored.sort_unstable();
        stored.dedup();
        stored
            .into_iter()
            .for_each(|id| self.rejected.note_stored(id));
        Ok(())
    }
}
