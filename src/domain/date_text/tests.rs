//! Dates in every way of writing them.

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;

use super::DateText;

#[test]
fn dates_are_read_as_people_write_them() {
    for (text, date) in [
        ("05.03.2024", "2024-03-05"),
        (" 5.3.2024 ", "2024-03-05"),
        ("05.03.24", "2024-03-05"),
        ("05.03.69", "2069-03-05"),
        ("05.03.70", "1970-03-05"),
        ("05.03.99", "1999-03-05"),
        ("2024-03-05", "2024-03-05"),
        ("2024-03-05T00:00:00Z", "2024-03-05"),
        ("2024-03-05T00:00:00+03:00", "2024-03-05"),
        ("05.03.2024 0:00:00", "2024-03-05"),
        ("05.03.2024г.", "2024-03-05"),
        ("05.03.2024 г.", "2024-03-05"),
        ("5 марта 2024 г.", "2024-03-05"),
        ("5 Марта 2024", "2024-03-05"),
        ("12 мая 2024 года", "2024-05-12"),
        ("12/31/2024", "2024-12-31"),
        ("31/12/2024", "2024-12-31"),
        ("05/05/2024", "2024-05-05"),
        ("2024/03/05", "2024-03-05"),
        ("05.03.2024\u{200b}", "2024-03-05"),
    ] {
        let found = match DateText::parse(text) {
            Some(DateText::Day(date)) => date.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(found, date, "{text:?}");
    }
}

#[test]
fn a_text_that_may_mean_two_days_says_so() {
    for text in ["03/05/2024", "1/2/24", "12/11/2024"] {
        assert!(
            matches!(DateText::parse(text), Some(DateText::Either(_, _))),
            "{text}"
        );
    }
}

#[test]
fn empty_dates_and_other_texts_are_no_days() {
    for text in [
        "",
        "  .  .  ",
        "01.01.0001",
        "01.01.0001 0:00:00",
        "0001-01-01",
    ] {
        assert_eq!(DateText::parse(text), Some(DateText::Empty), "{text:?}");
    }
    for text in [
        "31.02.2024",
        "05.03.2024 06.03.2024",
        "05.03.2024; 06.03.2024",
        "13/13/2024",
        "марта 2024",
        "35 марта 2024",
        "45356",
        "без даты",
        "05.03",
        "05.03.2024 abc",
        "5 мартобря 24",
    ] {
        assert_eq!(DateText::parse(text), None, "{text:?}");
    }
}

proptest! {
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
}
