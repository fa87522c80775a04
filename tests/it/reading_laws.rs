//! Laws of reading: whatever a sheet is written like, what a person reads in it goes in, or the row
//! is rejected.
//!
//! Inputs are generated from what they mean, so that the expectation never comes from the code
//! under test; an independent reader of spreadsheets says what stands in the cells of whole
//! workbooks.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use chrono::{Datelike, NaiveDate};
use credit_portfolio::domain::{Currency, DateText, Money, MoneyError};
use credit_portfolio::import::workbook::{Kind, ReceiptRow, Rows};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::packages::{HEADINGS, a_sheet, book, cell, number, operation_id, text, texts};
use crate::workbook::{Content, read_bytes};

/// Digits in groups of three.
fn grouped(digits: &str, separator: &str) -> String {
    let mut groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.reverse();
    groups.join(separator)
}

proptest! {
    /// Every way of writing an amount that leaves no doubt.
    #[test]
    fn an_amount_in_doubtless_writing_is_read(
        kopecks in 0_i64..100_000_000_000_000,
        separator in select(vec!["", " ", "\u{a0}", "\u{202f}", "\u{2009}", "'", "\u{2019}"]),
        mark in select(vec![",", "."]),
        around in select(vec![("", ""), (" ", "\u{a0}"), ("\u{feff}", ""), ("+", "")]),
        sign in select(vec![("", ""), ("-", ""), ("\u{2212}", ""), ("(", ")"), ("", "-")]),
    ) {
        let digits = (kopecks / 100).to_string();
        let decimals = match kopecks % 100 {
            0 => String::new(),
            part if part % 10 == 0 => format!("{mark}{}", part / 10),
            part => format!("{mark}{part:02}"),
        };
        prop_assume!(around.0 != "+" || sign == ("", ""));
        let written = format!("{}{}{}{decimals}{}{}", around.0, sign.0, grouped(&digits, separator), sign.1, around.1);
        let wanted = if sign == ("", "") { kopecks } else { -kopecks };
        prop_assert_eq!(Money::parse(&written), Ok(Money::from_kopecks(wanted)), "{:?}", written);
    }

    /// Thousands or decimals: nobody knows.
    #[test]
    fn three_digits_behind_one_mark_are_in_doubt(whole in 1_u32..1_000, behind in 0_u32..1_000, mark in select(vec![",", "."])) {
        let written = format!("{whole}{mark}{behind:03}");
        prop_assert_eq!(Money::parse(&written), Err(MoneyError::Ambiguous), "{}", written);
    }

    /// What is no one amount is none.
    #[test]
    fn digits_that_stand_otherwise_are_no_amount(
        groups in vec("[0-9]{1,5}", 2..5),
        separator in select(vec![" ", "\u{a0}", "'", "\n", "\r\n", "\t", "  ", ";", "_", "/"]),
    ) {
        let written = groups.join(separator);
        let in_threes = groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
        let is_amount = in_threes && [" ", "\u{a0}", "'"].contains(&separator);
        match Money::parse(&written) {
            Ok(amount) => {
                prop_assert!(is_amount, "{:?}", written);
                let digits: i64 = groups.concat().parse().unwrap();
                prop_assert_eq!(amount, Money::from_kopecks(digits * 100));
            }
            Err(err) => prop_assert!(!is_amount || err == MoneyError::OutOfRange, "{:?}: {}", written, err),
        }
    }

    /// Two kinds of separators in one amount are a mistake.
    #[test]
    fn one_amount_has_one_kind_of_separator(first in 1_u32..1_000, second in 0_u32..1_000, third in 0_u32..1_000) {
        let written = format!("{first} {second:03}'{third:03}");
        prop_assert_eq!(Money::parse(&written), Err(MoneyError::NotANumber));
    }

    #[test]
    fn a_date_in_doubtless_writing_is_read(
        days in 0_i32..40_000,
        form in 0_usize..8,
        behind in select(vec!["", " 0:00:00", " 14:30:12", " г.", "г.", "\u{200b}"]),
    ) {
        let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::TimeDelta::days(i64::from(days));
        let (year, month, day) = (date.year(), date.month(), date.day());
        const MONTHS: [&str; 12] = [
            "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
        ];
        let written = match form {
            0 => format!("{day:02}.{month:02}.{year}"),
            1 => format!("{day}.{month}.{year}"),
            2 => format!("{year}-{month:02}-{day:02}"),
            3 => format!("{day} {} {year}", MONTHS[month as usize - 1]),
            4 => format!("{day:02}.{month:02}.{:02}", year % 100),
            5 => format!("{day:02} {} {year}", MONTHS[month as usize - 1].to_uppercase()),
            6 => format!("{day:02}/{month:02}/{year}"),
            _ => format!("{month:02}/{day:02}/{year}"),
        };
        let found = DateText::parse(&format!("{written}{behind}"));
        match found {
            Some(DateText::Day(found)) => {
                let two_digits = form == 4 && !(1970..2070).contains(&year);
                prop_assert_eq!(found.month() * 100 + found.day(), month * 100 + day, "{}", written);
                prop_assert!(two_digits || found == date, "{} is {}", written, found);
                prop_assert!(form < 6 || day > 12 || day == month, "{} leaves a doubt", written);
            }
            Some(DateText::Either(one, other)) => {
                prop_assert!(form >= 6 && day <= 12 && day != month, "{}", written);
                prop_assert!(one == date || other == date);
            }
            other => prop_assert!(false, "{}: {:?}", written, other),
        }
    }

    #[test]
    fn a_code_of_iso_4217_is_read_whatever_its_letters_look_like(
        code in select(vec!["RUB", "USD", "EUR", "CNY", "KZT", "GBP", "CHF", "TRY", "AED", "KGS", "AMD", "HKD", "XOF", "MXN"]),
        swapped in vec(any::<bool>(), 3),
        lower in any::<bool>(),
        behind in select(vec!["", ".", " ", "\u{200b}", " (безнал.)", "\u{feff}"]),
    ) {
        const PAIRS: [(char, char); 12] = [
            ('A', 'А'), ('B', 'В'), ('C', 'С'), ('E', 'Е'), ('H', 'Н'), ('K', 'К'), ('M', 'М'), ('O', 'О'), ('P', 'Р'), ('T', 'Т'), ('X', 'Х'), ('Y', 'У'),
        ];
        let look_alike = |c: char| PAIRS.iter().find(|(latin, _)| *latin == c).map_or(c, |(_, other)| *other);
        let written: String = code.chars().zip(&swapped).map(|(c, swap)| if *swap { look_alike(c) } else { c }).collect();
        let written = if lower && swapped.iter().all(|swap| !swap) { written.to_lowercase() } else { written } + behind;
        let found = Currency::parse(&written);
        prop_assert_eq!(found.as_ref().map(Currency::as_str), Some(code), "{:?}", written);
    }
}

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
