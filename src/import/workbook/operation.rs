//! What the rows of receipts and of expenses have in common.

use chrono::NaiveDate;

use super::cells::RowCells;
use crate::domain::{Currency, ru_date};

/// The date inside an operation id, `… от 24.09.2021 14:30:12`: it stands in for a missing
/// document date.
pub(super) fn date_in(operation_id: &str) -> Option<NaiveDate> {
    let (_, tail) = operation_id.rsplit_once(" от ")?;
    ru_date(tail)
}

/// The currency of a row; without one, the base currency.
pub(super) fn currency(cells: &RowCells<'_, '_>, field: usize, base_currency: &Currency) -> Currency {
    cells.text(field).and_then(|text| Currency::parse(&text)).unwrap_or_else(|| base_currency.clone())
}
