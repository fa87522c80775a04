//! The workbook that adjustments are entered into.

use crate::domain::AdjustmentKind;

/// Returns an empty workbook of adjustments: its headings, and the kinds on a second sheet.
///
/// # Errors
/// When the workbook can't be written.
pub fn adjustment_template() -> anyhow::Result<Vec<u8>> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let sheet = workbook.add_worksheet().set_name("Лист_1")?;
    for (column, heading) in (0..).zip(crate::import::workbook::adjustment_headings()) {
        sheet.write_string_with_format(0, column, heading, &bold)?;
        sheet.set_column_width(column, 24)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let kinds = workbook.add_worksheet().set_name("Виды")?;
    for (row, kind) in (0..).zip(AdjustmentKind::ALL) {
        kinds.write_string(row, 0, kind.russian().first().copied().unwrap_or_default())?;
        kinds.write_string(row, 1, kind.as_str())?;
    }
    kinds.set_column_width(0, 30)?;
    Ok(workbook.save_to_buffer()?)
}
