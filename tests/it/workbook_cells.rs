//! Cells that show no value, numbers that lost digits, texts with lines: each is read as a person
//! reads it, or the row is rejected by its column.

use credit_portfolio::import::workbook::Kind;

use crate::support::packages::{
    HEADINGS, a_row, a_sheet, book, cell, number, operation_id, receipts_of, text, texts,
};
use crate::support::readings::{Content, read_bytes, receipts, rejects};

/// The columns of [`HEADINGS`].
const ID: usize = 0;
const AMOUNT: usize = 2;
const CONTRACT: usize = 3;
const COMMENT: usize = 4;

fn read(rows: Vec<Vec<String>>) -> Content {
    read_bytes(&book(&[receipts_of("Лист_1", rows)]), Some(Kind::Receipts)).unwrap()
}

/// A row of which one cell is another.
fn with(column: usize, other: String) -> Vec<String> {
    let mut row = a_row(1, number("100"));
    row[column] = other;
    row
}

/// Reads one row of which one cell is another: what it gives, and what is said.
fn with_cell(column: usize, other: &str) -> (Vec<String>, Vec<String>) {
    let content = read(vec![with(column, other.to_owned())]);
    let amounts = receipts(&content)
        .iter()
        .map(|row| row.amount.to_string())
        .collect();
    let mut said = rejects(&content);
    said.extend(content.totals.notes.clone());
    (amounts, said)
}

#[test]
fn a_cell_that_shows_no_value_rejects_its_row_where_figures_depend_on_it() {
    for (content, code) in [
        (cell("t=\"e\"", "<v>#N/A</v>"), "\"#N/A\" cell_error"),
        (
            cell("t=\"e\"", "<v>#ССЫЛКА!</v>"),
            "\"#ССЫЛКА!\" cell_error",
        ),
        (cell("", "<f>SUM(A1:A2)</f>"), "\"\" no_result"),
        (cell("", "<f>SUM(A1:A2)</f><v></v>"), "\"\" no_result"),
        (cell("", "<f>SUM(A1:A2)</f><v/>"), "\"\" no_result"),
        (cell("t=\"s\"", "<v>17</v>"), "\"\" unreadable"),
        (cell("t=\"b\"", "<v>ja</v>"), "\"\" unreadable"),
        (cell("t=\"zzz\"", "<v>1</v>"), "\"\" unreadable"),
    ] {
        for (column, heading) in [(AMOUNT, "Сумма"), (CONTRACT, "Договор"), (ID, HEADINGS[ID])]
        {
            assert_eq!(
                with_cell(column, &content),
                (vec![], vec![format!("2 {heading} {code}")]),
                "{content}"
            );
        }
        let (amounts, said) = with_cell(COMMENT, &content);
        assert_eq!(
            amounts,
            ["100.00"],
            "a comment decides no figure: {content}"
        );
        assert!(
            said[0].starts_with("column «Комментарий» is left out in 1 rows, the first: row 2"),
            "{said:?}"
        );
    }
}

#[test]
fn an_error_without_a_value_is_an_empty_cell() {
    for empty in [
        cell("t=\"e\"", ""),
        "<c t=\"e\"/>".to_owned(),
        cell("t=\"e\"", "<v/>"),
        cell("t=\"s\"", "<v></v>"),
    ] {
        assert_eq!(
            with_cell(COMMENT, &empty),
            (vec!["100.00".to_owned()], vec![])
        );
        assert_eq!(with_cell(AMOUNT, &empty).1, ["2 Сумма \"\" empty"]);
    }
}

#[test]
fn numbers_are_read_whatever_stands_around_their_digits() {
    for (content, amount) in [
        (cell("t=\"n\"", "<v> 5.10 </v>"), "5.10"),
        (cell("t=\"n\"", "<v>1234,56</v>"), "1234.56"),
        (
            cell("", "<v>5</v><extLst><ext><v>7</v></ext></extLst>"),
            "5.00",
        ),
        (cell("t=\"str\"", "<f>A1</f><v>7,50</v>"), "7.50"),
        (cell("", "<f>SUM(A1:A2)</f><v>12.3</v>"), "12.30"),
        (
            cell(
                "t=\"inlineStr\"",
                "<is><r><t>1</t></r><r><t>00</t></r><rPh><t>9</t></rPh></is><v/>",
            ),
            "100.00",
        ),
        (cell("", "<v>1.2E2</v>"), "120.00"),
        (cell("t=\"inlineStr\"", "<v>5,10</v>"), "5.10"),
        (
            cell("t=\"inlineStr\"", "<v>9</v><is><t>5,10</t></is>"),
            "5.10",
        ),
    ] {
        assert_eq!(
            with_cell(AMOUNT, &content),
            (vec![amount.to_owned()], vec![]),
            "{content}"
        );
    }
}

#[test]
fn one_column_of_a_row_with_two_cells_is_in_doubt() {
    let mut row = a_row(1, cell("r=\"C2\"", "<v>1</v>"));
    row.insert(3, cell("r=\"C2\"", "<v>2</v>"));
    assert_eq!(rejects(&read(vec![row])), ["2 Сумма \"\" unreadable"]);
}

#[test]
fn identifiers_that_lost_digits_are_rejected_or_left_out() {
    for lost in [
        number("40702810900000000999"),
        number("4.07028109E+19"),
        text("4.07028109E+19"),
        text("4,07E+19"),
    ] {
        for (column, heading) in [(ID, HEADINGS[ID]), (CONTRACT, "Договор")] {
            let (amounts, said) = with_cell(column, &lost);
            assert_eq!(amounts, Vec::<String>::new());
            assert!(
                said[0].starts_with(&format!("2 {heading} ")) && said[0].ends_with(" lost_digits"),
                "{said:?}"
            );
        }
    }
    let headings = [
        "Поступление на расчетный счет",
        "Организация",
        "Сумма",
        "Счет плательщика",
        "ИНН плательщика",
        "Банковский счет",
    ];
    let row = |payer_account: String, inn: String, own: String| {
        let mut row = texts(&[&operation_id(1), "О"]);
        row.extend([number("1"), payer_account, inn, own]);
        read_bytes(
            &book(&[a_sheet("Л", vec![texts(&headings), row])]),
            Some(Kind::Receipts),
        )
        .unwrap()
    };
    let content = row(
        number("4.07E+19"),
        number("4.07E+19"),
        text("40702810900000000001"),
    );
    let receipt = receipts(&content)[0];
    assert_eq!(
        (receipt.payer_account.as_ref(), receipt.payer_inn.as_ref()),
        (None, None)
    );
    assert_eq!(content.totals.notes.len(), 2, "{:?}", content.totals.notes);
    let content = row(
        text("40702810900000000001"),
        text("9912345672"),
        number("40702810900000000001"),
    );
    assert_eq!(
        rejects(&content),
        ["2 Банковский счет \"40702810900000000000\" lost_digits"]
    );
    // A number of fifteen digits or fewer has all of them.
    let content = row(
        number("407028109000000"),
        number("9912345672"),
        text("40702810900000000001"),
    );
    let receipt = receipts(&content)[0];
    assert_eq!(receipt.payer_account.as_deref(), Some("407028109000000"));
    assert_eq!(receipt.payer_inn.as_deref(), Some("9912345672"));
}

#[test]
fn a_text_is_no_longer_than_a_cell_can_hold() {
    let longest = "я".repeat(32_767);
    for (length, left_out) in [("", 0), ("я", 1)] {
        let comment = text(&format!("{longest}{length}"));
        let (amounts, said) = with_cell(COMMENT, &comment);
        assert_eq!((amounts.len(), said.len()), (1, left_out), "{said:?}");
    }
    let runs = cell(
        "t=\"inlineStr\"",
        &format!("<is>{}</is>", format!("<r><t>{longest}</t></r>").repeat(20)),
    );
    let (amounts, said) = with_cell(CONTRACT, &runs);
    assert!(
        amounts.is_empty() && said == ["2 Договор \"\" unreadable"],
        "{said:?}"
    );
}

#[test]
fn zeros_are_kept_where_the_format_shows_them() {
    for (content, spelling) in [
        (cell("s=\"1\"", "<v>42</v>"), "0000042"),
        (cell("s=\"2\"", "<v>66.1</v>"), "66.10"),
        (cell("s=\"0\"", "<v>42</v>"), "42"),
        (cell("s=\"99\"", "<v>42</v>"), "42"),
        (cell("s=\"3\"", "<v>45356</v>"), "05.03.2024"),
    ] {
        let read = read(vec![with(CONTRACT, content.clone())]);
        let contract = receipts(&read)[0].contract.clone().unwrap();
        assert_eq!(contract.spelling, spelling, "{content}");
    }
}

#[test]
fn comments_keep_their_lines_and_names_do_not() {
    let read = read(vec![{
        let mut row = with(
            CONTRACT,
            text("Договор\n займа   № 1\u{200b} от 01.02.2024"),
        );
        row[COMMENT] = text(" одна строка\r\n  и  другая ");
        row[ID] = text(&format!("\u{feff}{}\u{ad}", operation_id(1)));
        row
    }]);
    let receipt = receipts(&read)[0];
    assert_eq!(receipt.comment.as_deref(), Some("одна строка\n  и  другая"));
    assert_eq!(
        receipt.contract.as_ref().unwrap().spelling,
        "Договор займа № 1 от 01.02.2024"
    );
    assert_eq!(receipt.operation_id, operation_id(1));
}

#[test]
fn rows_of_one_number_are_rows_of_their_own() {
    let xml = |rows: &str| {
        let sheet = a_sheet("Лист_1", vec![texts(&HEADINGS)]);
        crate::support::workbooks::with_part_of(
            &book(&[sheet]),
            "xl/worksheets/sheet1.xml",
            |was, part| {
                let was = std::str::from_utf8(was).unwrap();
                part.write_all(
                    was.replace("</sheetData>", &format!("{rows}</sheetData>"))
                        .as_bytes(),
                )
                .unwrap();
            },
        )
    };
    let row = |number: u32| {
        format!(
            "<row r=\"2\">{}</row>",
            a_row(number, crate::support::packages::number("5")).concat()
        )
    };
    let content = read_bytes(&xml(&(row(1) + &row(2))), Some(Kind::Receipts)).unwrap();
    assert_eq!(receipts(&content).len(), 2);
    assert_eq!(content.totals.rows_total.to_string(), "10.00");
}
