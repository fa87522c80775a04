//! Texts of figures in both languages.

use chrono::NaiveDate;

use super::Format;
use crate::domain::{Currency, Language, Money, Month, Percent};

const EN: Format = Format(Language::English);
const RU: Format = Format(Language::Russian);

fn roubles(kopecks: i64, text: impl Fn(Money, &Currency) -> String) -> String {
    text(Money::from_kopecks(kopecks), &Currency::default()).replace('\u{a0}', "_")
}

#[test]
fn exact_amounts_keep_each_kopeck() {
    for (kopecks, english, russian) in [
        (0, "₽0.00", "0,00_₽"),
        (-5, "−₽0.05", "−0,05_₽"),
        (100_000, "₽1,000.00", "1_000,00_₽"),
        (-123_456_789, "−₽1,234,567.89", "−1_234_567,89_₽"),
        (
            i64::MIN,
            "−₽92,233,720,368,547,758.08",
            "−92_233_720_368_547_758,08_₽",
        ),
    ] {
        assert_eq!(roubles(kopecks, |m, c| EN.money(m, c)), english);
        assert_eq!(roubles(kopecks, |m, c| RU.money(m, c)), russian);
    }
}

#[test]
fn short_amounts_are_rounded_half_up_and_name_their_unit() {
    for (kopecks, english, russian) in [
        (0, "₽0.00", "0,00_₽"),
        (99_999, "₽999.99", "999,99_₽"),
        (100_000, "₽1.00k", "1,00_тыс._₽"),
        (31_740_500_000, "₽317.41m", "317,41_млн_₽"),
        (550_150_000_000, "₽5.50bn", "5,50_млрд_₽"),
        (-204_588_384_782, "−₽2.05bn", "−2,05_млрд_₽"),
    ] {
        assert_eq!(roubles(kopecks, |m, c| EN.short_money(m, c)), english);
        assert_eq!(roubles(kopecks, |m, c| RU.short_money(m, c)), russian);
    }
    let axis = |kopecks| EN.axis(Money::from_kopecks(kopecks));
    assert_eq!(
        [axis(0), axis(5_000_000_000), axis(25_000_000)],
        ["0", "50m", "250k"]
    );
    assert_eq!(axis(250_000_000_000), "2.5bn");
}

#[test]
fn a_currency_without_a_sign_is_named_by_its_code() {
    let francs = Currency::parse("CHF").unwrap();
    let amount = Money::from_kopecks(150);
    assert_eq!(EN.money(amount, &francs), "1.50\u{a0}CHF");
    let dollars = Currency::parse("USD").unwrap();
    assert_eq!(EN.money(amount, &dollars), "$1.50");
    assert_eq!(RU.money(amount, &dollars), "1,50\u{a0}$");
}

#[test]
fn percentages_have_one_decimal() {
    let of = |part, whole| {
        let percent = Percent::of(Money::from_kopecks(part), Money::from_kopecks(whole));
        (EN.percent(percent), RU.percent(percent))
    };
    assert_eq!(
        of(207, 1000),
        ("20.7%".to_owned(), "20,7\u{a0}%".to_owned())
    );
    assert_eq!(of(2075, 10_000).0, "20.8%");
    assert_eq!(of(-1, 10_000).0, "0.0%");
    assert_eq!(of(-1, 1000).0, "−0.1%");
}

#[test]
fn days_and_months_are_written_as_each_language_does() {
    let day = NaiveDate::from_ymd_opt(2026, 3, 5).unwrap();
    let month = Month::of(day);
    assert_eq!(
        (EN.date(day), RU.date(day)),
        ("5 Mar 2026".into(), "05.03.2026".into())
    );
    assert_eq!(
        (EN.month(month), RU.month(month)),
        ("March 2026".into(), "март 2026".into())
    );
    assert_eq!(
        (EN.tick(month), RU.tick(month)),
        ("Mar".into(), "мар".into())
    );
    let january = Month::of(NaiveDate::from_ymd_opt(2027, 1, 31).unwrap());
    assert_eq!(RU.tick(january), "2027");
    let time = day.and_hms_opt(6, 0, 12).unwrap();
    assert_eq!(EN.time(time), "5 Mar 2026, 06:00");
}
