//! Amounts in every way of writing them; generated ones come from what they mean, so that the
//! expectation never comes from the code under test.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Money, MoneyError};

#[test]
fn amounts_are_read_as_1c_writes_them() {
    for (text, kopecks) in [
        ("1 234 567,89", 123_456_789),
        ("1\u{a0}234\u{a0}567,89", 123_456_789),
        ("1\u{202f}234,5", 123_450),
        ("65991.78", 6_599_178),
        ("65991.780", 6_599_178),
        ("-5", -500),
        ("+0,01", 1),
        ("100,", 10_000),
    ] {
        assert_eq!(
            Money::parse(text),
            Ok(Money::from_kopecks(kopecks)),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_amount_says_why() {
    for text in ["abc", "", "-", "1,2,3", "1e5", "0x10", "١٢", "--1", "12руб"] {
        assert_eq!(Money::parse(text), Err(MoneyError::NotANumber), "{text}");
    }
    assert_eq!(Money::parse("0,001"), Err(MoneyError::TooPrecise));
    assert_eq!(
        Money::parse("99999999999999999999"),
        Err(MoneyError::OutOfRange)
    );
    assert_eq!(Money::from_cell(0.005), Err(MoneyError::TooPrecise));
    assert_eq!(Money::from_cell(f64::NAN), Err(MoneyError::OutOfRange));
    assert_eq!(Money::from_cell(1e300), Err(MoneyError::OutOfRange));
}

#[test]
fn money_is_a_json_number_with_two_decimals() {
    let amounts = [0, 5, -5, 100, 123_456].map(Money::from_kopecks);
    insta::assert_snapshot!(serde_json::to_string(&amounts).unwrap(), @"[0.00,0.05,-0.05,1.00,1234.56]");
}

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
    #[test]
    fn an_amount_survives_every_way_of_writing_it(kopecks in -100_000_000_000_000_i64..100_000_000_000_000) {
        let money = Money::from_kopecks(kopecks);
        prop_assert_eq!(Money::parse(&money.to_string()), Ok(money));
        prop_assert_eq!(Money::parse(&money.to_string().replace('.', ",")), Ok(money));
        let cell: f64 = money.to_string().parse().unwrap();
        prop_assert_eq!(Money::from_cell(cell), Ok(money));
        prop_assert_eq!(serde_json::to_string(&money).unwrap(), money.to_string());
    }

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
}
