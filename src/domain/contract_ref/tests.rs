//! Spellings of contracts and of their dates.

use super::*;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
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
