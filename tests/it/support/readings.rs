//! What is read from the bytes of a workbook: rows, rejects, totals.

use std::io::Write;
use std::ops::ControlFlow;

use credit_portfolio::domain::Currency;
use credit_portfolio::import::workbook::{
    self, Kind, Part, ReadingRules, ReceiptRow, Reject, Rows, WorkbookError, WorkbookTotals,
};

/// All parts of a sheet.
#[derive(Debug)]
pub struct Content {
    pub kind: Kind,
    pub rows: Vec<Rows>,
    pub rejects: Vec<Reject>,
    pub totals: WorkbookTotals,
}

/// The rules of an import on 2026-11-25.
pub fn rules() -> ReadingRules {
    ReadingRules {
        base_currency: Currency::default(),
        today: "2026-11-25".parse().unwrap(),
    }
}

pub fn read_bytes(bytes: &[u8], kind: Option<Kind>) -> Result<Content, WorkbookError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let (mut header, mut rows, mut rejects) = (None, Vec::new(), Vec::new());
    let totals = workbook::read(file, kind, &rules(), &mut |part| {
        match part {
            Part::Header(found) => header = Some(found),
            Part::Rows(batch) => {
                rows.push(batch.rows);
                rejects.extend(batch.rejects);
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(Content {
        kind: header.unwrap().kind,
        rows,
        rejects,
        totals,
    })
}

pub fn receipts(content: &Content) -> Vec<&ReceiptRow> {
    let rows = content.rows.iter().flat_map(|rows| match rows {
        Rows::Receipts(rows) => rows,
        other => panic!("{other:?}"),
    });
    rows.collect()
}

pub fn rejects(content: &Content) -> Vec<String> {
    let shown = |reject: &Reject| {
        format!(
            "{} {} {:?} {}",
            reject.row_number, reject.column, reject.value, reject.code
        )
    };
    content.rejects.iter().map(shown).collect()
}
