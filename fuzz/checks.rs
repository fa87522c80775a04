//! What must hold of any input: the fuzz targets and `tests/it/fuzz_corpus.rs` share it.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use chrono::{Datelike, NaiveDate};
use credit_portfolio::domain::{ContractRef, Currency, DateText, Money, ru_date};
use credit_portfolio::import::workbook::{self, Kind, Part, ReadingRules};
use zip::write::SimpleFileOptions;

/// A workbook is read or refused, whatever its bytes.
pub fn workbook(bytes: &[u8]) {
    let rules = ReadingRules {
        base_currency: Currency::default(),
        today: NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day"),
    };
    for kind in [
        None,
        Some(Kind::Receipts),
        Some(Kind::Expenses),
        Some(Kind::Details),
    ] {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("room for the workbook");
        let (mut rows, mut has_header) = (0, false);
        let read = workbook::read(file, kind, &rules, &mut |part| {
            match part {
                Part::Header(_) => has_header = true,
                Part::Rows(batch) => rows += batch.rows.len() + batch.rejects.len(),
            }
            ControlFlow::Continue(())
        });
        assert!(has_header || rows == 0, "rows come after their header");
        assert!(
            has_header || read.is_err(),
            "a workbook without a header is refused"
        );
    }
}

/// The same of a sheet's XML, in a workbook that is right otherwise.
pub fn sheet(xml: &[u8]) {
    const CONTENT_TYPES: &str =
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    const BOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    let parts = [
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", xml),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive
            .start_file(name, SimpleFileOptions::default())
            .expect("a part");
        archive.write_all(content).expect("its content");
    }
    workbook(archive.finish().expect("a workbook").get_ref());
}

/// An amount that is read is written and read again as the same; so is a date.
pub fn amounts_and_dates(bytes: &[u8]) {
    if let Some(head) = bytes.first_chunk()
        && let Ok(amount) = Money::from_cell(f64::from_le_bytes(*head))
    {
        assert_eq!(Money::parse(&amount.to_string()), Ok(amount));
    }
    let text = String::from_utf8_lossy(bytes);
    if let Ok(amount) = Money::parse(&text) {
        assert_eq!(Money::parse(&amount.to_string()), Ok(amount), "{text:?}");
    }
    // Whatever a text says about a day, the day's own spelling says the same.
    if let Some(DateText::Day(date)) = DateText::parse(&text) {
        assert_eq!(
            DateText::parse(&date.format("%d.%m.%Y").to_string()),
            Some(DateText::Day(date)),
            "{text:?}"
        );
    }
    if let Some(date) = ru_date(&text) {
        assert!((1900..=9999).contains(&date.year()), "{text:?}");
        assert_eq!(
            ru_date(&date.format("%d.%m.%Y").to_string()),
            Some(date),
            "{text:?}"
        );
        assert_eq!(ru_date(&date.to_string()), Some(date), "{text:?}");
    }
}

/// The spelling that is shown refers to the same contract as the text that was read.
pub fn contract_reference(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(contract) = ContractRef::parse(&text, None) else {
        assert!(text.trim().is_empty(), "{text:?} refers to nothing");
        return;
    };
    let again =
        ContractRef::parse(&contract.spelling, None).expect("a spelling refers to a contract");
    assert_eq!(contract.key(), again.key(), "{text:?}");
    assert_eq!(contract.spelling, again.spelling, "{text:?}");
}
