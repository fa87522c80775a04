//! Cells with dates, rates, currencies and flags: each is read as a person reads it, or the row is
//! rejected by its column.

use credit_portfolio::import::workbook::{Kind, Rows};

use crate::support::packages::{a_sheet, book, cell, number, operation_id, text, texts};
use crate::support::readings::{read_bytes, receipts, rejects};

#[test]
fn a_plain_number_is_a_date_only_where_the_operation_says_so() {
    let headings = [
        "Поступление на расчетный счет",
        "Организация",
        "Сумма",
        "Дата входящего документа",
    ];
    let row = |id: &str, date: String| {
        let mut row = texts(&[id, "О"]);
        row.extend([number("100"), date]);
        let sheet = a_sheet("Л", vec![texts(&headings), row]);
        read_bytes(&book(&[sheet]), Some(Kind::Receipts)).unwrap()
    };
    let of_march = operation_id(1);
    for (id, date) in [
        (of_march.as_str(), number("45356")),
        ("№ 1", cell("s=\"3\"", "<v>45356</v>")),
    ] {
        let content = row(id, date);
        let date = receipts(&content)[0]
            .document_date
            .map(|date| date.to_string());
        assert_eq!(date.as_deref(), Some("2024-03-05"));
    }
    for (id, date) in [
        (of_march.as_str(), "45000"),
        ("№ 1", "45356"),
        ("№ 1", "45000.75"),
    ] {
        let rejects = rejects(&row(id, number(date)));
        assert!(
            rejects[0].ends_with("not_a_date"),
            "{id} {date}: {rejects:?}"
        );
    }
}

#[test]
fn rates_have_all_their_digits_whatever_the_format_shows() {
    let headings = [
        "Поступление на расчетный счет",
        "Организация",
        "Сумма",
        "Курс расчетов",
    ];
    let row = |rate: &str| {
        let mut row = texts(&[&operation_id(1), "О"]);
        row.extend([number("92131.4"), rate.to_owned()]);
        read_bytes(
            &book(&[a_sheet("Л", vec![texts(&headings), row])]),
            Some(Kind::Receipts),
        )
        .unwrap()
    };
    for (rate, read) in [
        (cell("s=\"2\"", "<v>92.1314</v>"), Some("92.1314")),
        (number("92.131399999999999"), Some("92.1314")),
        (number("0.010853992000000001"), Some("0.010853992")),
        (text("92,1314"), Some("92,1314")),
        (text(""), None),
    ] {
        assert_eq!(
            receipts(&row(&rate))[0].settlement_rate.as_deref(),
            read,
            "{rate}"
        );
    }
    for rate in [
        text("100 92,13"),
        text("по ЦБ"),
        number("-92.1"),
        number("1e30"),
        text("92.13.14"),
        cell("s=\"3\"", "<v>92.1</v>"),
    ] {
        let rejects = rejects(&row(&rate));
        assert!(
            rejects.len() == 1 && rejects[0].starts_with("2 Курс расчетов "),
            "{rate}: {rejects:?}"
        );
    }
}

#[test]
fn dates_are_read_by_the_operation_and_within_bounds() {
    let headings = [
        "Поступление на расчетный счет",
        "Организация",
        "Сумма",
        "Дата входящего документа",
        "Дата договора",
    ];
    let read = |id: &str, date: String, contract_date: String| {
        let mut row = texts(&[id, "О"]);
        row.extend([number("1"), date, contract_date]);
        let content = read_bytes(
            &book(&[a_sheet("Л", vec![texts(&headings), row])]),
            Some(Kind::Receipts),
        )
        .unwrap();
        match receipts(&content).first() {
            Some(row) => row
                .document_date
                .map(|date| date.to_string())
                .unwrap_or_default(),
            None => rejects(&content).remove(0),
        }
    };
    let of_march = "П 1 от 05.03.2024 12:00:00";
    for (id, date, expected) in [
        (of_march, text("03/05/2024"), "2024-03-05"),
        (of_march, text("05/03/2024"), "2024-03-05"),
        (of_march, text("12/31/2024"), "2024-12-31"),
        (
            of_march,
            text("04/05/2024"),
            "2 Дата входящего документа \"04/05/2024\" ambiguous_date",
        ),
        (
            "П 1",
            text("03/05/2024"),
            "2 Дата входящего документа \"03/05/2024\" ambiguous_date",
        ),
        (of_march, text("5 марта 2024 г."), "2024-03-05"),
        (of_march, text("05.03.99"), "1999-03-05"),
        (of_march, number("45356.9999999"), "2024-03-05"),
        (
            of_march,
            cell("t=\"d\"", "<v>2024-03-05T00:00:00Z</v>"),
            "2024-03-05",
        ),
        (of_march, text("01.01.0001"), "2024-03-05"),
        (of_march, text("  .  .  "), "2024-03-05"),
        (
            of_march,
            text("05.03.2199"),
            "2 Дата входящего документа \"05.03.2199\" date_out_of_range",
        ),
        (of_march, text("25.11.2028"), "2028-11-25"),
        (
            of_march,
            text("26.11.2028"),
            "2 Дата входящего документа \"26.11.2028\" date_out_of_range",
        ),
        (
            of_march,
            text("31.12.1989"),
            "2 Дата входящего документа \"31.12.1989\" date_out_of_range",
        ),
        (of_march, text("01.01.1990"), "1990-01-01"),
        (
            of_march,
            text("05.03.2024 06.03.2024"),
            "2 Дата входящего документа \"05.03.2024 06.03.2024\" not_a_date",
        ),
        (
            "П 1 от 05.03.2199 12:00:00",
            text(""),
            "2 Поступление на расчетный счет \"П 1 от 05.03.2199 12:00:00\" date_out_of_range",
        ),
        (
            "П 1 от 05.03.2199 12:00:00",
            text("05.03.2024"),
            "2024-03-05",
        ),
        (
            "П 1 от 05.03.0021 12:00:00",
            text(""),
            "2 Поступление на расчетный счет \"П 1 от 05.03.0021 12:00:00\" not_a_date",
        ),
        ("П 1", text(""), ""),
    ] {
        assert_eq!(read(id, date.clone(), text("")), expected, "{id} {date}");
    }
    assert_eq!(
        read(of_march, text(""), text("05.03.2199")),
        "2 Дата договора \"05.03.2199\" date_out_of_range"
    );
}

#[test]
fn flags_and_currencies_that_say_nothing_are_rejected() {
    let headings = [
        "Списание с расчетного счета",
        "Организация",
        "Сумма",
        "Валюта",
        "Не подтверждено банком",
    ];
    let read = |currency: String, flag: String| {
        let mut row = texts(&["С 1 от 05.03.2024 12:00:00", "О"]);
        row.extend([number("1"), currency, flag]);
        let content = read_bytes(
            &book(&[a_sheet("Л", vec![texts(&headings), row])]),
            Some(Kind::Expenses),
        )
        .unwrap();
        match content.rows.first() {
            Some(Rows::Expenses(rows)) if !rows.is_empty() => {
                format!("{} {:?}", rows[0].currency, rows[0].unconfirmed_by_bank)
            }
            _ => rejects(&content).remove(0),
        }
    };
    for (currency, flag, expected) in [
        (text("руб."), text("Да"), "RUB Some(true)"),
        (text(""), text(""), "RUB None"),
        (text("-"), text("нет"), "RUB Some(false)"),
        (number("840"), cell("t=\"b\"", "<v>1</v>"), "USD Some(true)"),
        (text("EUR (безнал.)"), number("0"), "EUR Some(false)"),
        (
            text("фантик"),
            text(""),
            "2 Валюта \"фантик\" unknown_currency",
        ),
        (text("₩"), text(""), "2 Валюта \"₩\" unknown_currency"),
        (text("¥"), text(""), "2 Валюта \"¥\" unknown_currency"),
        (
            cell("t=\"e\"", "<v>#N/A</v>"),
            text(""),
            "2 Валюта \"#N/A\" cell_error",
        ),
        (
            text("руб."),
            text("наверное"),
            "2 Не подтверждено выпиской банка \"наверное\" unknown_value",
        ),
    ] {
        assert_eq!(read(currency.clone(), flag), expected, "{currency}");
    }
}
