//! Money, months, days and percentages as a reader of the language expects them, from integers only.
//!
//! Amounts are grouped with U+00A0 in Russian, and never break. The sign of a currency stands where
//! the language puts it; a currency without a sign of its own is named by its code.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use crate::domain::{Currency, Language, Money, Month, Percent};

const MINUS: char = '−';
const NO_BREAK: char = '\u{a0}';

const MONTHS: [(&str, &str, &str); 12] = [
    ("January", "январь", "янв"),
    ("February", "февраль", "фев"),
    ("March", "март", "мар"),
    ("April", "апрель", "апр"),
    ("May", "май", "май"),
    ("June", "июнь", "июн"),
    ("July", "июль", "июл"),
    ("August", "август", "авг"),
    ("September", "сентябрь", "сен"),
    ("October", "октябрь", "окт"),
    ("November", "ноябрь", "ноя"),
    ("December", "декабрь", "дек"),
];

/// Writes for readers of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format(pub(crate) Language);

impl Format {
    fn mark(self) -> char {
        self.0.of(',', NO_BREAK)
    }

    fn point(self) -> char {
        self.0.of('.', ',')
    }

    /// `−1,234,567.89`, or `−1 234 567,89` in Russian: exact, for cells whose heading names the
    /// currency.
    pub(crate) fn amount(self, money: Money) -> String {
        let kopecks = money.kopecks().unsigned_abs();
        let mut text = self.sign(money);
        self.group(&mut text, kopecks / 100);
        // Writing to a text can't fail.
        let _ = write!(text, "{}{:02}", self.point(), kopecks % 100);
        text
    }

    /// The same with the currency: `−₽1,234,567.89`, `−1 234 567,89 ₽`.
    pub(crate) fn money(self, money: Money, currency: &Currency) -> String {
        self.with_currency(&self.amount(money), currency)
    }

    /// Three to five digits and a unit, half up, for tiles and axes: `₽5.50bn`, `317,40 млн ₽`.
    pub(crate) fn short_money(self, money: Money, currency: &Currency) -> String {
        self.with_currency(&self.short(money, 2, true), currency)
    }

    /// The same without the currency and without decimals that are 0, for marks of an axis.
    pub(crate) fn axis(self, money: Money) -> String {
        self.short(money, 1, false)
    }

    fn short(self, money: Money, decimals: u32, keeps_zeros: bool) -> String {
        let kopecks = u128::from(money.kopecks().unsigned_abs());
        let (unit, english, russian) = match kopecks {
            100_000_000_000.. => (100_000_000_000, "bn", "млрд"),
            100_000_000.. => (100_000_000, "m", "млн"),
            100_000.. => (100_000, "k", "тыс."),
            _ => (100, "", ""),
        };
        let ten = 10_u128.pow(decimals);
        let scaled = (kopecks * ten + unit / 2) / unit;
        let mut text = self.sign(money);
        self.group(&mut text, u64::try_from(scaled / ten).unwrap_or(u64::MAX));
        let rest = scaled % ten;
        if rest > 0 || keeps_zeros {
            let _ = write!(text, "{}{rest:0w$}", self.point(), w = decimals as usize);
        }
        match self.0 {
            Language::English => text.push_str(english),
            Language::Russian if !russian.is_empty() => {
                text.push(NO_BREAK);
                text.push_str(russian);
            }
            Language::Russian => {}
        }
        text
    }

    /// A percentage with one decimal, half up: `20.7%`, `20,7 %`.
    pub(crate) fn percent(self, percent: Percent) -> String {
        let hundredths = percent.hundredths();
        let tenths = (hundredths.unsigned_abs() + 5) / 10;
        let mut text = String::new();
        if hundredths < 0 && tenths > 0 {
            text.push(MINUS);
        }
        let _ = write!(text, "{}{}{}", tenths / 10, self.point(), tenths % 10);
        text.push_str(self.0.of("%", "\u{a0}%"));
        text
    }

    /// What a part leaves of a whole: as [`Format::percent`] prints them, both make 100.
    pub(crate) fn rest_of(self, part: Percent, whole: Money) -> String {
        if whole == Money::ZERO {
            return self.percent(Percent::of(whole, whole));
        }
        let tenths = (part.hundredths() + 5).div_euclid(10);
        let rest = Money::from_kopecks(1000 - tenths);
        self.percent(Percent::of(rest, Money::from_kopecks(1000)))
    }

    /// A percentage with two decimals, as shares of a list add up: `20.70%`, `20,70 %`.
    pub(crate) fn exact_percent(self, percent: Percent) -> String {
        let share = Money::from_kopecks(percent.hundredths());
        format!("{}{}", self.amount(share), self.0.of("%", "\u{a0}%"))
    }

    /// A change: with its sign, whichever it is.
    pub(crate) fn change(self, money: Money) -> String {
        let sign = if money > Money::ZERO { "+" } else { "" };
        format!("{sign}{}", self.amount(money))
    }

    /// A duration in seconds with one decimal: `1.5 s`, `1,5 с`.
    pub(crate) fn seconds(self, milliseconds: i64) -> String {
        let tenths = (milliseconds.max(0) + 50) / 100;
        let (point, unit) = (self.point(), self.0.of("s", "с"));
        format!(
            "{}{point}{}{NO_BREAK}{unit}",
            self.count(tenths / 10),
            tenths % 10
        )
    }

    /// A whole number in groups.
    pub(crate) fn count(self, count: i64) -> String {
        let mut text = String::new();
        if count < 0 {
            text.push(MINUS);
        }
        self.group(&mut text, count.unsigned_abs());
        text
    }

    /// `March 2024`, `март 2024`.
    pub(crate) fn month(self, month: Month) -> String {
        let day = month.first_day();
        let (english, russian, _) = names_of(day);
        format!("{} {}", self.0.of(english, russian), day.year())
    }

    /// For an axis: the year at January, else `Mar`, `мар`.
    pub(crate) fn tick(self, month: Month) -> String {
        let day = month.first_day();
        if day.month() == 1 {
            return day.year().to_string();
        }
        let (english, _, russian) = names_of(day);
        self.0.of(&english[..3], russian).to_owned()
    }

    /// The same with the year: `Mar 2026`, `мар 2026`.
    pub(crate) fn short_month(self, month: Month) -> String {
        let day = month.first_day();
        let (english, _, russian) = names_of(day);
        format!("{} {}", self.0.of(&english[..3], russian), day.year())
    }

    /// `25 Nov 2026`, `25.11.2026`.
    pub(crate) fn date(self, day: NaiveDate) -> String {
        match self.0 {
            Language::English => {
                let (english, ..) = names_of(day);
                format!("{} {} {}", day.day(), &english[..3], day.year())
            }
            Language::Russian => format!("{:02}.{:02}.{}", day.day(), day.month(), day.year()),
        }
    }

    /// `25 Nov 2026, 06:00`, of a local time.
    pub(crate) fn time(self, time: NaiveDateTime) -> String {
        format!("{}, {}", self.date(time.date()), time.format("%H:%M"))
    }

    fn sign(self, money: Money) -> String {
        let mut text = String::with_capacity(24);
        if money < Money::ZERO {
            text.push(MINUS);
        }
        text
    }

    fn group(self, text: &mut String, number: u64) {
        let digits = number.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(self.mark());
            }
            text.push(digit);
        }
    }

    fn with_currency(self, text: &str, currency: &Currency) -> String {
        let sign = currency.sign();
        match (self.0, sign) {
            (Language::English, Some(sign)) => match text.strip_prefix(MINUS) {
                Some(amount) => format!("{MINUS}{sign}{amount}"),
                None => format!("{sign}{text}"),
            },
            (Language::Russian, Some(sign)) => format!("{text}{NO_BREAK}{sign}"),
            (_, None) => format!("{text}{NO_BREAK}{currency}"),
        }
    }
}

fn names_of(day: NaiveDate) -> (&'static str, &'static str, &'static str) {
    MONTHS[day.month0() as usize]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
