//! Workbooks with 1C's quirks, and files that are none.

use chrono::NaiveDate;
use credit_portfolio::demo::{Cell, Sheet};
use credit_portfolio::domain::{Currency, Money};
use credit_portfolio::import::workbook::{
    ExpenseRow, Kind, ReceiptRow, Reject, Rows, WorkbookError, WorkbookTotals,
};

use crate::support::readings::{Content, read_bytes};
use crate::support::workbooks::{
    AMOUNT_COLUMN, a_receipt, an_expense, details_sheet, expenses_sheet, interest, principal,
    receipts_sheet,
};

/// The rows of one kind.
struct SheetContent<R> {
    rows: Vec<R>,
    rejects: Vec<Reject>,
    rows_total: Money,
    control_total: Option<Money>,
}

fn read(sheet: &Sheet, kind: Option<Kind>) -> Result<Content, WorkbookError> {
    read_bytes(&sheet.to_xlsx().unwrap(), kind)
}

fn content<R>(sheet: &Sheet, kind: Kind, rows_of: impl Fn(Rows) -> Vec<R>) -> SheetContent<R> {
    let Content {
        rows,
        rejects,
        totals,
        ..
    } = read(sheet, Some(kind)).unwrap();
    let WorkbookTotals {
        rows_total,
        control_total,
        ..
    } = totals;
    SheetContent {
        rows: rows.into_iter().flat_map(rows_of).collect(),
        rejects,
        rows_total,
        control_total,
    }
}

fn read_receipts(sheet: &Sheet) -> SheetContent<ReceiptRow> {
    content(sheet, Kind::Receipts, |rows| match rows {
        Rows::Receipts(rows) => rows,
        other => panic!("{other:?}"),
    })
}

fn read_expenses(sheet: &Sheet) -> SheetContent<ExpenseRow> {
    content(sheet, Kind::Expenses, |rows| match rows {
        Rows::Expenses(rows) => rows,
        other => panic!("{other:?}"),
    })
}

fn day(text: &str) -> Option<NaiveDate> {
    Some(text.parse().unwrap())
}

#[test]
fn the_header_decides_the_kind_where_the_name_does_not() {
    assert_eq!(
        read(&receipts_sheet(&[a_receipt(1)]), None).unwrap().kind,
        Kind::Receipts
    );
    assert_eq!(
        read(&expenses_sheet(&[an_expense(1)]), None).unwrap().kind,
        Kind::Expenses
    );
    assert_eq!(
        read(&details_sheet(&[principal(1, 1)]), None).unwrap().kind,
        Kind::Details
    );
    assert!(matches!(
        read(&Sheet::new(&["Товар", "Цена"]), None),
        Err(WorkbookError::UnknownKind)
    ));
}

#[test]
fn a_workbook_of_1c_reads_cleanly() {
    let bytes = receipts_sheet(&[a_receipt(1)]).to_xlsx().unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    assert!(
        !names.iter().any(|name| name.starts_with("docProps")),
        "{names:?}"
    );
    let mut xml = String::new();
    std::io::Read::read_to_string(
        &mut zip.by_name("xl/worksheets/sheet1.xml").unwrap(),
        &mut xml,
    )
    .unwrap();
    assert!(
        xml.starts_with('\u{feff}') && xml.contains(r#"<dimension ref="I2"/>"#),
        "{}",
        &xml[..300]
    );

    let mut operation = a_receipt(1).amounting_to(6_599_178);
    operation.counterparty = String::new();
    let sheet = receipts_sheet(&[operation]);
    let xml = sheet.to_xlsx().unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&xml)).unwrap();
    let mut xml = String::new();
    std::io::Read::read_to_string(
        &mut zip.by_name("xl/worksheets/sheet1.xml").unwrap(),
        &mut xml,
    )
    .unwrap();
    assert!(
        xml.contains(r#" t="e"/>"#),
        "an empty cell is an error cell without a value"
    );
    let content = read_receipts(&sheet);
    assert_eq!(content.rejects, []);
    let row = &content.rows[0];
    assert_eq!(
        row.operation_id,
        "Поступление на расчетный счет 0000-000001 от 05.03.2024 12:00:00"
    );
    assert_eq!(
        (row.amount, row.payer.as_deref()),
        (Money::from_kopecks(6_599_178), None)
    );
    assert_eq!(row.contract.as_ref().unwrap().key(), "1|2024-02-01");
    assert_eq!(row.document_date, day("2024-03-05"));
}

#[test]
fn amounts_may_be_text_and_dates_may_be_real_ones() {
    let mut sheet = expenses_sheet(&[
        an_expense(1).with_amount_cell(Cell::text("1\u{a0}234 567,89")),
        an_expense(2).with_amount_cell(Cell::Number("5".to_owned())),
        an_expense(3).on("2024-03-07"),
        an_expense(4).on(""),
        an_expense(5),
    ]);
    // 2024-03-08 as a spreadsheet counts days, with a date's number format.
    sheet.rows[5][3] = Cell::Date(45359);
    let content = read_expenses(&sheet);
    assert_eq!(content.rejects, []);
    assert_eq!(content.rows[0].amount, Money::from_kopecks(123_456_789));
    assert_eq!(content.rows[1].amount, Money::from_kopecks(500));
    let dates: Vec<_> = content.rows[2..]
        .iter()
        .map(|row| row.document_date)
        .collect();
    assert_eq!(
        dates,
        [day("2024-03-07"), day("2024-03-05"), day("2024-03-08")],
        "the id's date stands in"
    );
}

#[test]
fn columns_are_found_by_their_text_in_any_order_below_a_title() {
    let mut sheet = Sheet::new(&["Выгрузка из 1С за 2024 год"]);
    sheet.rows.push(Vec::new());
    sheet.rows.push(
        [
            "  СУММА",
            "Лишнее",
            "Организация ",
            "Поступление на  расчётный\u{a0}счет",
        ]
        .map(Cell::text)
        .to_vec(),
    );
    sheet.rows.push(vec![
        Cell::amount(7),
        Cell::text("x"),
        Cell::text("О"),
        Cell::text("id 1 от 01.02.2024 10:00:00"),
    ]);
    let content = read_receipts(&sheet);
    assert_eq!(content.rows.len(), 1);
    assert_eq!(content.rows[0].document_date, day("2024-02-01"));
    assert_eq!(
        content.rows[0].currency,
        Currency::default(),
        "an absent column means the base currency"
    );
}

#[test]
fn a_missing_required_column_is_named() {
    let err = read(
        &Sheet::new(&["Поступление на расчетный счет", "Организация"]),
        Some(Kind::Receipts),
    )
    .unwrap_err();
    insta::assert_snapshot!(err, @"receipts: the header row lacks the required column «Сумма»");
}

#[test]
fn a_bad_row_is_rejected_alone_with_row_column_value_and_reason() {
    let mut nameless = an_expense(3);
    nameless.organization = String::new();
    let mut sheet = expenses_sheet(&[
        an_expense(1),
        an_expense(2).with_amount_cell(Cell::text("abc")),
        nameless,
        an_expense(4).with_amount_cell(Cell::Empty),
        an_expense(5).on("32.01.2024"),
        an_expense(1).amounting_to(7),
        an_expense(6),
    ]);
    sheet.rows[7][0] = Cell::Empty;
    let content = read_expenses(&sheet);
    assert_eq!(content.rows.len(), 1);
    let rejects: Vec<String> = content
        .rejects
        .iter()
        .map(|reject| {
            format!(
                "{} | {} | {} | {}",
                reject.row_number, reject.column, reject.value, reject.reason
            )
        })
        .collect();
    insta::assert_snapshot!(rejects.join("\n"), @r"
    3 | Сумма | abc | is not an amount
    4 | Организация |  | is empty
    5 | Сумма |  | is empty
    6 | Вх. дата | 32.01.2024 | is not a date
    7 | Списание с расчетного счета | Списание с расчетного счета 0000-000001 от 05.03.2024 12:00:00 | stands in row 2 already
    8 | Списание с расчетного счета |  | is empty
    ");
}

#[test]
fn the_control_total_is_read_and_not_taken_for_a_row() {
    let mut sheet = details_sheet(&[principal(1, 70), interest(1, 30)]);
    sheet.push_total(3, 100);
    let content = content(&sheet, Kind::Details, |rows| match rows {
        Rows::Details(rows) => rows,
        other => panic!("{other:?}"),
    });
    assert_eq!(content.rows.len(), 2);
    assert_eq!(content.control_total, Some(Money::from_kopecks(100)));
    assert_eq!(content.rows_total, Money::from_kopecks(100));
}

#[test]
fn the_control_total_counts_rejected_rows_whose_amount_is_readable() {
    let mut nameless = a_receipt(2).amounting_to(5);
    nameless.organization = String::new();
    let mut sheet = receipts_sheet(&[a_receipt(1).amounting_to(10), nameless]);
    sheet.push_total(AMOUNT_COLUMN, 15);
    let content = read_receipts(&sheet);
    assert_eq!(
        (content.rows_total, content.control_total),
        (Money::from_kopecks(15), Some(Money::from_kopecks(15)))
    );
}

#[test]
fn files_that_are_no_workbooks_say_what_they_are() {
    let whole = receipts_sheet(&[a_receipt(1)]).to_xlsx().unwrap();
    let message_of = |bytes: &[u8]| {
        read_bytes(bytes, Some(Kind::Receipts))
            .err()
            .unwrap()
            .to_string()
    };
    assert!(message_of(b"").contains("empty (0 bytes)"));
    assert!(
        message_of(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0]).contains("password")
    );
    assert!(message_of(b"<html>404</html>").contains("an HTML page"));
    assert!(message_of(b"PK").contains("cut off"));
    for length in (4..whole.len() - 1).step_by(97) {
        assert!(
            message_of(&whole[..length]).contains("cut off"),
            "cut off after {length} bytes"
        );
    }
}
