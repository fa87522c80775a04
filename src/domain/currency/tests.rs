//! Names, signs and codes of currencies.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::Currency;

#[test]
fn names_are_known_in_all_their_spellings() {
    for (code, names) in [
        (
            "RUB",
            "руб.|руб|РУБ|Рубль|рублей|рубля|р.|р|₽|RUB|rub.|RUR|643|810|Российский рубль|российские рубли|\
             российских рублей|рубль РФ|рубли РФ|рублей Российской Федерации|RUВ|RUB\u{200b}|Russian ruble|rubles|\
             roubles|руб (безнал.)|pуб|\
             руб. (RUB)|RUB, Российский рубль|643 (руб.)",
        ),
        (
            "USD",
            "USD|USD.|usd|840|$|US$|USD $|Доллар США|доллары США|долл. США|долл.|US dollar|dollars|Американский доллар",
        ),
        ("EUR", "EUR|Евро|евро|EUR (безнал.)|978|€|euro|euros|ЕUR"),
        ("CNY", "CNY|юань|юани|юаней|китайский юань|156|yuan"),
        ("KZT", "KZT|тенге|398|₸|Казахстанский тенге"),
        ("BYN", "BYN|белорусский рубль|Белорусских рублей"),
        ("GBP", "GBP|фунт стерлингов|£|фунты стерлингов"),
        ("CAD", "CAD|канадский доллар"),
        ("CHF", "CHF|швейцарских франков"),
        ("JPY", "JPY|японская иена|иен"),
        ("SEK", "SEK|шведская крона|шведских крон|752"),
        ("ILS", "ILS|шекель|израильский шекель|шекелей"),
        ("THB", "THB|тайский бат|тайских батов"),
        ("PLN", "PLN|польский злотый|злотых"),
        ("MDL", "MDL|молдавских леев|молдавский лей"),
        ("AUD", "36|036|AUD"),
    ] {
        for name in names.split('|') {
            let found = Currency::parse(name);
            assert_eq!(found.as_ref().map(Currency::as_str), Some(code), "{name:?}");
        }
    }
}

#[test]
fn what_names_no_currency_is_none() {
    for name in [
        "",
        " . ",
        "-",
        "XYZ",
        "у.е.",
        "#N/A",
        "рублик и доллар",
        "доллар и евро",
        "RUB USD",
        "¥",
        "франк",
        "9999",
        "рубероид кг",
        "Рубцовск",
        "рублевка",
        "долларовый",
        "приднестровский рубль",
        "крона",
    ] {
        assert_eq!(Currency::parse(name), None, "{name:?}");
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

proptest! {
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
