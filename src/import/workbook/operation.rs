//! What the rows of receipts and of expenses have in common.

use chrono::NaiveDate;

use super::Reject;
use super::cells::RowCells;
use crate::domain::ru_date;

/// The date of an operation: of the document, or the one inside the operation id, `… от 24.09.2021 14:30:12`.
pub(super) fn document_date(
    cells: &RowCells<'_, '_>,
    date_field: usize,
    id_field: usize,
    operation_id: &str,
) -> Result<Option<NaiveDate>, Reject> {
    let in_id = operation_id.rsplit_once(" от ").and_then(|(_, tail)| ru_date(tail));
    match cells.date(date_field, in_id)? {
        Some(date) => Ok(Some(date)),
        None => in_id.map(|date| cells.within_bounds(id_field, date)).transpose(),
    }
}

/// Whether a text names an operation as 1C does: it ends with day and time of day.
pub(super) fn names_operation(text: &str) -> bool {
    let Some((_, tail)) = text.rsplit_once(" от ") else { return false };
    let Some((day, time)) = tail.trim().split_once(' ') else { return false };
    let is_time = time.split(':').count() == 3 && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    is_time && ru_date(day).is_some()
}
