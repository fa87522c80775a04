//! The vocabulary: money, contract references, dates, currencies.

use chrono::NaiveDate;
use credit_portfolio::domain::{
    ContractRef, Currency, DateRange, Money, MoneyError, Month, PartyName, Percent, Role, ru_date,
};
use proptest::prelude::*;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

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

    #[test]
    fn nothing_that_is_typed_makes_a_parser_panic(text in "\\PC*") {
        let _ = Money::parse(&text);
        let _ = ru_date(&text);
        let _ = Currency::parse(&text);
        let _ = ContractRef::parse(&text, None).map(|contract| contract.key());
    }
}

#[test]
fn money_is_a_json_number_with_two_decimals() {
    let amounts = [0, 5, -5, 100, 123_456].map(Money::from_kopecks);
    insta::assert_snapshot!(serde_json::to_string(&amounts).unwrap(), @"[0.00,0.05,-0.05,1.00,1234.56]");
}

#[test]
fn percentages_round_half_up() {
    let of = |part, whole| {
        Percent::of(Money::from_kopecks(part), Money::from_kopecks(whole)).to_string()
    };
    assert_eq!(of(1, 3), "33.33");
    assert_eq!(of(2, 3), "66.67");
    assert_eq!(of(1, 20_000), "0.01");
    assert_eq!(of(-1, 20_000), "-0.01");
    assert_eq!(of(5, 0), "0.00");
}

#[test]
fn spellings_of_one_contract_have_one_key() {
    let key = |text: &str| ContractRef::parse(text, None).unwrap().key();
    let one = [
        "Договор N 9012AB3C4D5E6F7G8H9 от 20.02.2023",
        "9012AB3C4D5E6F7G8H9 от 20.02.2023",
        "  Договор  №9012AB3C4D5E6F7G8H9  от 20.02.2023г.",
        "Кредитный договор № 9012AB3C4D5E6F7G8H9 от 20.02.23 г",
        "ДОГОВОР ЗАЙМА N 9012AB3C4D5E6F7G8H9\u{a0}от 20.02.2023 года",
    ];
    for text in one {
        assert_eq!(key(text), "9012AB3C4D5E6F7G8H9|2023-02-20", "{text}");
    }
    assert_eq!(
        key("Договор займа № 08/2021-ДЗ от 10.06.2021г."),
        "08/2021-ДЗ|2021-06-10"
    );
    assert_ne!(key("9012 от 20.02.2023"), key("9012 от 21.02.2023"));
    assert_eq!(key("Договор № 7"), "7|");
    assert_eq!(ContractRef::parse(" \u{a0} ", None), None);
}

#[test]
fn spellings_of_one_party_have_one_key_and_legal_forms_are_kept() {
    let key = |name: &str| PartyName::parse(name).key();
    for (wanted, spellings) in [
        (
            "пао банк",
            [
                "ПАО «Банк»",
                "Банк ПАО",
                "БАНК (ПАО)",
                "Публичное  акционерное общество \"Банк\"",
                "„Банк“, ПАО",
            ]
            .as_slice(),
        ),
        (
            "пао банк втб",
            &["Банк ВТБ (публичное акционерное общество)", "Банк ПАО ВТБ"],
        ),
        (
            "ао альфа-банк",
            &["АО «АЛЬФА – БАНК»", "Альфа-Банк Акционерное общество"],
        ),
        (
            "мкк ооо заем", // ё is е
            &[
                "ООО МКК «Заём»",
                "МКК «Заем» ООО",
                "Общество с ограниченной ответственностью Микрокредитная компания Заем",
            ],
        ),
        (
            "ип иванов иван",
            &[
                "ИП Иванов Иван",
                "Индивидуальный предприниматель Иванов Иван",
                "Иванов Иван (ИП)",
            ],
        ),
        ("ltd acme", &["Acme Ltd.", "ACME Limited"]),
        ("ооо", &["ООО"]),
    ] {
        for spelling in spellings {
            assert_eq!(key(spelling), wanted, "{spelling}");
        }
    }
    assert_ne!(key("АО «Юг»"), key("ООО «Юг»"));
    assert_ne!(key("Юг"), key("ООО «Юг»"));
}

#[test]
fn the_date_column_of_a_contract_stands_in_for_a_missing_date() {
    let column = Some(day(2024, 1, 31));
    assert_eq!(
        ContractRef::parse("Договор № 7", column).unwrap().key(),
        "7|2024-01-31"
    );
    assert_eq!(
        ContractRef::parse("№ 7 от 01.02.2023", column)
            .unwrap()
            .date,
        Some(day(2023, 2, 1))
    );
}

#[test]
fn dates_are_read_as_1c_writes_them() {
    for text in [
        "24.09.2021",
        "24.09.21",
        "2021-09-24",
        "24.09.2021 14:30:12",
        "2021-09-24T00:00:00",
    ] {
        assert_eq!(ru_date(text), Some(day(2021, 9, 24)), "{text}");
    }
    for text in [
        "31.02.2021",
        "2021",
        "24.09",
        "a.b.c",
        "24.09.2021.1",
        "24.09.121",
    ] {
        assert_eq!(ru_date(text), None, "{text}");
    }
}

#[test]
fn currencies_have_one_code_whatever_their_spelling() {
    for text in ["руб.", "РУБ", "RUB", "643", "₽"] {
        assert_eq!(Currency::parse(text).unwrap().as_str(), "RUB", "{text}");
    }
    assert_eq!(Currency::parse("usd").unwrap().as_str(), "USD");
    assert_eq!(Currency::parse(" . "), None);
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused() {
    let (early, late) = (Some(day(2024, 1, 1)), Some(day(2024, 2, 1)));
    assert!(DateRange::new(late, early).is_err());
    assert!(DateRange::new(early, early).is_ok());
    assert!(DateRange::new(None, early).is_ok());
}

#[test]
fn months_and_roles_have_their_names() {
    assert_eq!(Month::of(day(2024, 3, 31)).to_string(), "2024-03");
    assert_eq!("manager".parse::<Role>().unwrap(), Role::Manager);
    assert!(
        "boss"
            .parse::<Role>()
            .unwrap_err()
            .to_string()
            .contains("ACCOUNTANT")
    );
}
