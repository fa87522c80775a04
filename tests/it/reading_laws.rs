//! A law of reading: whatever a sheet is written like, what a person reads in it goes in, or the row
//! is rejected.
//!
//! Inputs are generated from what they mean, so that the expectation never comes from the code
//! under test; an independent reader of spreadsheets says what stands in the cells of whole
//! workbooks. How amounts, dates and currencies are read is tested beside their types.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use credit_portfolio::domain::Money;
use credit_portfolio::import::workbook::{Kind, ReceiptRow, Rows};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::packages::{HEADINGS, a_sheet, book, cell, number, operation_id, text, texts};
use crate::support::readings::{Content, read_bytes};

/// A row of receipts by its meaning.
#[derive(Clone, Debug)]
struct Receipt {
    number: u32,
    kopecks: i64,
    comment: String,
}

fn receipts_strategy() -> impl Strategy<Value = Vec<Receipt>> {
    let receipt = (1_i64..1_000_000_000, "[а-яА-Я <&_x0-9]{0,12}");
    vec(receipt, 1..30).prop_map(|rows| {
        let row = |(number, (kopecks, comment)): (u32, (i64, String))| Receipt {
            number,
            kopecks,
            comment,
        };
        (1..).zip(rows).map(row).collect()
    })
}

fn read_receipts(content: &Content) -> Vec<ReceiptRow> {
    let rows = content.rows.iter().flat_map(|rows| match rows {
        Rows::Receipts(rows) => rows.clone(),
        other => panic!("{other:?}"),
    });
    rows.collect()
}

/// An amount as text or number, in one of its spellings.
fn amount_cell(kopecks: i64, spelling: usize) -> String {
    let decimal = format!("{}.{:02}", kopecks / 100, kopecks % 100);
    match spelling % 3 {
        0 => number(&decimal),
        1 => text(&decimal.replace('.', ",")),
        _ => cell("t=\"str\"", &format!("<f>A1</f><v>{decimal}</v>")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rows in whatever order of columns, with whatever in their headings that nobody sees, over
    /// however many sheets, give the same operations; calamine reads the same cells.
    #[test]
    fn the_same_rows_come_out_of_every_layout(
        receipts in receipts_strategy(),
        order in Just(vec![0_usize, 1, 2, 3, 4]).prop_shuffle(),
        unseen in select(vec!["", "\u{feff}", "\u{ad}", "\u{200b}", " ", "\u{a0}\u{a0}"]),
        sheets in 1_usize..4,
        hidden in any::<bool>(),
        spelling in 0_usize..3,
    ) {
        let headings: Vec<String> = HEADINGS.iter().map(|heading| {
            let (front, back) = heading.split_at(heading.char_indices().nth(3).map_or(0, |(at, _)| at));
            // A space within a word would be another heading.
            if unseen.trim().is_empty() { format!("{unseen}{heading}{unseen}") } else { format!("{front}{unseen}{back}") }
        }).collect();
        let turned = |cells: Vec<String>| -> Vec<String> { order.iter().map(|at| cells[*at].clone()).collect() };
        let per_sheet = receipts.len().div_ceil(sheets);
        let mut parts = Vec::new();
        for (at, chunk) in receipts.chunks(per_sheet).enumerate() {
            let mut rows = vec![turned(headings.iter().map(|heading| text(heading)).collect())];
            for receipt in chunk {
                let mut cells = texts(&[&operation_id(receipt.number), "ООО «Ромашка»"]);
                cells.push(amount_cell(receipt.kopecks, spelling + receipt.number as usize));
                cells.extend([text("№ 1 от 01.02.2024"), text(&receipt.comment)]);
                rows.push(turned(cells));
            }
            parts.push(a_sheet(&format!("Лист_{at}"), rows));
        }
        if hidden {
            let old = vec![texts(&HEADINGS), texts(&[&operation_id(999), "О", "1", "", ""])];
            parts.insert(0, a_sheet("Старое", old).hidden());
        }
        let bytes = book(&parts);
        let content = read_bytes(&bytes, Some(Kind::Receipts)).unwrap();
        prop_assert_eq!(&content.rejects, &vec![]);
        let read = read_receipts(&content);
        prop_assert_eq!(read.len(), receipts.len());
        for (row, receipt) in read.iter().zip(&receipts) {
            prop_assert_eq!(&row.operation_id, &operation_id(receipt.number));
            prop_assert_eq!(row.amount, Money::from_kopecks(receipt.kopecks));
            let comment = receipt.comment.trim();
            prop_assert_eq!(row.comment.as_deref().unwrap_or_default(), comment);
        }
        let sum: i64 = receipts.iter().map(|receipt| receipt.kopecks).sum();
        prop_assert_eq!(content.totals.rows_total, Money::from_kopecks(sum));

        let mut other: Xlsx<_> = Xlsx::new(Cursor::new(&bytes)).unwrap();
        let comments: Vec<String> = parts.iter().filter(|part| part.state.is_empty()).flat_map(|part| {
            let range = other.worksheet_range(&part.name).unwrap();
            let column = order.iter().position(|at| *at == 4).unwrap() as u32;
            let cells = (1..part.rows.len() as u32).map(|row| range.get_value((row, column)).cloned());
            cells.map(|cell| cell.unwrap_or(Data::Empty).to_string()).collect::<Vec<_>>()
        }).collect();
        let own: Vec<String> = read.into_iter().map(|row| row.comment.unwrap_or_default()).collect();
        let comments: Vec<String> = comments.iter().map(|comment| comment.trim().to_owned()).collect();
        prop_assert_eq!(own, comments);
    }
}
