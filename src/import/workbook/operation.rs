//! What the rows of receipts and of expenses have in common.

use chrono::NaiveDate;

use super::cells::RowCells;
use super::{Reject, RejectCode};
use crate::domain::{DateText, folded, ru_date};

/// The date of an operation: of the document, or the one inside the operation id, `… от 24.09.2021
/// 14:30:12`.
pub(super) fn document_date(
    cells: &RowCells<'_, '_>,
    date_field: usize,
    id_field: usize,
    operation_id: &str,
) -> Result<Option<NaiveDate>, Reject> {
    let tail = operation_id.rsplit_once(" от ").map(|(_, tail)| tail);
    let said = tail.and_then(|tail| DateText::parse(tail.split(' ').next().unwrap_or_default()));
    let in_id = match said {
        Some(DateText::Day(date)) => Some(date),
        _ => None,
    };
    match cells.date(date_field, in_id)? {
        Some(date) => Ok(Some(date)),
        None if matches!(said, Some(DateText::Either(..))) => Err(cells.reject(
            id_field,
            RejectCode::AmbiguousDate,
            "ends with a date that may mean two days",
        )),
        None if in_id.is_none() && tail.is_some_and(looks_like_a_date) => Err(cells.reject(
            id_field,
            RejectCode::NotADate,
            "ends with something like a date that is none",
        )),
        None => in_id
            .map(|date| cells.within_bounds(id_field, date))
            .transpose(),
    }
}

/// Whether a text begins with three numbers and points between: `24.09.0021`.
fn looks_like_a_date(text: &str) -> bool {
    let numbers = text.split(' ').next().unwrap_or_default().split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    numbers.clone().count() == 3 && numbers.clone().all(is_number)
}

/// Whether a text names an operation as 1C does: it ends with a day and mostly a time of day.
/// Contracts end with a day too, so that without a time its beginning must be that of an operation.
pub(super) fn names_operation(text: &str) -> bool {
    let text = folded(text);
    let Some((name, tail)) = text.rsplit_once(" от ") else {
        return false;
    };
    let (day, time) = tail.trim().split_once(' ').unwrap_or((tail.trim(), ""));
    let is_time = time.split(':').count() == 3
        && time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':');
    let is_named = || {
        let name = name.to_lowercase();
        time.is_empty() && (name.starts_with("поступление на ") || name.starts_with("списание с "))
    };
    (is_time || is_named()) && ru_date(day).is_some()
}

#[cfg(test)]
mod tests {
    use super::names_operation;

    #[test]
    fn operations_are_recognized_by_their_names() {
        for text in [
            "Поступление на расчетный счет 0000-000123 от 05.03.2024 12:00:00",
            "Поступление на расчетный счет 0000-000123 от 05.03.2024",
            "списание с расчетного счета 0000-000123 от 5.03.2024",
            "Платеж 17 от 05.03.2024 9:00:00",
        ] {
            assert!(names_operation(text), "{text}");
        }
        for text in [
            "Договор займа 12 от 05.03.2024",
            "Поступление на расчетный счет",
            "от 05.03.2024 12:00",
            "Итого",
        ] {
            assert!(!names_operation(text), "{text}");
        }
    }
}
