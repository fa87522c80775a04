//! Workbooks as other writers and other versions of 1C make them: the same rows come out.

use std::io::{Cursor, Read, Write};

use chrono::NaiveDate;
use credit_portfolio::demo::Cell;
use credit_portfolio::import::workbook::{Kind, Rows};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::support::readings::read_bytes;
use crate::support::workbooks::{a_receipt, receipts, receipts_sheet, with_part_of};

#[test]
fn serial_dates_count_from_1904_where_the_workbook_says_so() {
    // 2024-03-05, with and without a date format, in both systems.
    for (epoch, serial) in [("", 45_356), ("<workbookPr date1904=\"1\"/>", 43_894)] {
        let mut sheet = receipts_sheet(&[a_receipt(1), a_receipt(2)]);
        let date = sheet.rows[0]
            .iter()
            .position(|cell| *cell == Cell::text("Дата входящего документа"))
            .unwrap();
        sheet.rows[1][date] = Cell::Date(serial);
        sheet.rows[2][date] = Cell::Number(serial.to_string());
        let book = with_part_of(&sheet.to_xlsx().unwrap(), "xl/workbook.xml", |was, part| {
            let was = std::str::from_utf8(was).unwrap();
            part.write_all(
                was.replace("<sheets>", &format!("{epoch}<sheets>"))
                    .as_bytes(),
            )
            .unwrap();
        });
        let rows = read_bytes(&book, Some(Kind::Receipts)).unwrap().rows;
        let [Rows::Receipts(rows)] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        let dates: Vec<_> = rows.iter().map(|row| row.document_date).collect();
        assert_eq!(dates, [NaiveDate::from_ymd_opt(2024, 3, 5); 2], "{epoch}");
    }
}

/// The same workbook with its parts called by other names.
fn renamed(whole: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(whole)).unwrap();
    let mut changed = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let name = part.name().unwrap().replace(from, to);
        changed
            .start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        std::io::copy(&mut part, &mut changed).unwrap();
    }
    changed.finish().unwrap().into_inner()
}

#[test]
fn shared_strings_are_found_under_a_name_in_another_letter_case() {
    let whole = receipts(&[a_receipt(1)]);
    let content = read_bytes(
        &renamed(&whole, "sharedStrings", "SharedStrings"),
        Some(Kind::Receipts),
    )
    .unwrap();
    let [Rows::Receipts(rows)] = content.rows.as_slice() else {
        panic!("{content:?}")
    };
    assert_eq!(
        rows[0].operation_id,
        "Поступление на расчетный счет 0000-000001 от 05.03.2024 12:00:00"
    );
}

#[test]
fn texts_may_stand_in_their_cells() {
    let whole = receipts(&[a_receipt(1), a_receipt(2)]);
    let mut archive = ZipArchive::new(Cursor::new(&whole)).unwrap();
    let mut strings = String::new();
    archive
        .by_name("xl/sharedStrings.xml")
        .unwrap()
        .read_to_string(&mut strings)
        .unwrap();
    let texts: Vec<&str> = strings
        .split("<si>")
        .skip(1)
        .map(|text| text.split_once("</si>").unwrap().0)
        .collect();
    let inline = with_part_of(&whole, "xl/worksheets/sheet1.xml", |was, part| {
        let mut sheet = std::str::from_utf8(was).unwrap().to_owned();
        for (index, text) in texts.iter().enumerate() {
            sheet = sheet.replace(
                &format!(r#" t="s"><v>{index}</v>"#),
                &format!(r#" t="inlineStr"><is>{text}</is>"#),
            );
        }
        assert!(
            !sheet.contains(r#"t="s""#),
            "no shared text is left: {sheet}"
        );
        part.write_all(sheet.as_bytes()).unwrap();
    });
    let [shared, inline] =
        [whole, inline].map(|book| read_bytes(&book, Some(Kind::Receipts)).unwrap());
    assert_eq!(format!("{:?}", inline.rows), format!("{:?}", shared.rows));
    assert_eq!(inline.rows.iter().map(Rows::len).sum::<usize>(), 2);
}

#[test]
fn a_sheet_whose_header_does_not_fit_is_passed_over() {
    let whole = receipts(&[a_receipt(1)]);
    let cover = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Титул</t></is></c></row></sheetData></worksheet>"#;
    // A cover stands before the sheet of the rows.
    let changed = |book: &[u8], part: &str, from: &str, to: &str| {
        with_part_of(book, part, |was, out| {
            let was = std::str::from_utf8(was).unwrap();
            assert!(was.contains(from), "{part}: {was}");
            out.write_all(was.replace(from, to).as_bytes()).unwrap();
        })
    };
    let sheets = r#"<sheet name="Титул" sheetId="7" r:id="rId7"/><sheet name="Данные" sheetId="1" r:id="rId1"/></sheets>"#;
    let relation = |id: u8, target: &str| {
        format!(
            r#"<Relationship Id="rId{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/{target}"/>"#
        )
    };
    let relations = relation(7, "cover.xml") + "</Relationships>";
    let book = changed(
        &whole,
        "xl/workbook.xml",
        r#"<sheet name="Лист_1" sheetId="1" r:id="rId1"/></sheets>"#,
        sheets,
    );
    let book = changed(
        &book,
        "xl/_rels/workbook.xml.rels",
        "</Relationships>",
        &relations,
    );
    let mut book = ZipWriter::new_append(Cursor::new(book)).unwrap();
    book.start_file("xl/worksheets/cover.xml", SimpleFileOptions::default())
        .unwrap();
    book.write_all(cover.as_bytes()).unwrap();
    let book = book.finish().unwrap().into_inner();
    for kind in [None, Some(Kind::Receipts)] {
        let content = read_bytes(&book, kind).unwrap();
        assert_eq!(
            (
                content.kind,
                content.rows.iter().map(Rows::len).sum::<usize>()
            ),
            (Kind::Receipts, 1)
        );
    }
}
