//! What stands in one cell of a sheet.

use std::borrow::Cow;

use chrono::{Days, NaiveDate};
use serde_json::Value;

use super::number_formats::NumberFormat;

/// A number from here on has more digits than a spreadsheet keeps: the last ones are lost.
const DIGITS_LOST_FROM: f64 = 1e15;

/// A spreadsheet has no longer text in a cell, in characters.
const LONGEST_TEXT: usize = 32_767;
/// A text of more bytes is longer than that in any case.
pub(super) const LONGEST_TEXT_BYTES: usize = LONGEST_TEXT * 4;

/// A cell's content.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Cell<'s> {
    /// Nothing, which 1C writes as an error without a value.
    #[default]
    Empty,
    /// A text.
    Text(Cow<'s, str>),
    /// A number and how it is shown.
    Number(f64, NumberFormat),
    /// A date as text (ISO 8601).
    IsoDate(Box<str>),
    /// Yes or no.
    Flag(bool),
    /// An error that the cell shows: `#N/A`.
    Error(Box<str>),
    /// A formula whose result was never stored.
    NoResult,
    /// Something that can't be read, and why.
    Unreadable(Box<str>),
}

impl<'s> Cell<'s> {
    /// A cell with a text, if a cell can hold it.
    pub(super) fn of_text(text: Cow<'s, str>) -> Cell<'s> {
        if text.len() > LONGEST_TEXT && text.chars().count() > LONGEST_TEXT {
            return Cell::Unreadable(format!("holds more than {LONGEST_TEXT} characters").into());
        }
        Cell::Text(text)
    }

    /// The length of its text in bytes, if it is one.
    pub(super) fn text_bytes(&self) -> usize {
        if let Cell::Text(text) = self {
            text.len()
        } else {
            0
        }
    }

    /// Returns whether nothing stands there.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// Returns whether it holds no value although something stands there.
    pub(super) fn is_faulty(&self) -> bool {
        match self {
            Cell::Error(_) | Cell::NoResult | Cell::Unreadable(_) => true,
            Cell::Number(serial, NumberFormat::Date) => serial_date(*serial, false).is_none(),
            _ => false,
        }
    }

    /// Returns what is wrong with a cell that has no value, if something is.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Cell::Error(_) => Some("is an error".to_owned()),
            Cell::NoResult => Some(
                "is a formula whose result is not stored: open the file in a spreadsheet program and save it"
                    .to_owned(),
            ),
            Cell::Unreadable(why) => Some(why.to_string()),
            Cell::Number(_, NumberFormat::Date) if self.is_faulty() => {
                Some("is a number whose format says that it is a date, which it can't be".to_owned())
            }
            _ => None,
        }
    }

    /// Returns whether it is a number of which digits are lost, as text or as a number: `4.07E+19`.
    pub(super) fn has_lost_digits(&self) -> bool {
        match self {
            Cell::Number(number, _) => number.abs() >= DIGITS_LOST_FROM,
            Cell::Text(text) => is_scientific(text.trim()),
            _ => false,
        }
    }

    /// The text that the cell shows, as it is written there; `None` when it shows none.
    pub(super) fn text(&self, is_1904: bool) -> Option<Cow<'_, str>> {
        Some(match self {
            Cell::Text(text) => Cow::Borrowed(text.as_ref()),
            Cell::Number(serial, NumberFormat::Date) => Cow::Owned(
                serial_date(*serial, is_1904)?
                    .format("%d.%m.%Y")
                    .to_string(),
            ),
            Cell::Number(number, NumberFormat::Zeros { whole, decimals }) => {
                let (decimals, sign) =
                    (usize::from(*decimals), if *number < 0.0 { "-" } else { "" });
                let width = usize::from(*whole) + decimals + usize::from(decimals > 0);
                Cow::Owned(format!("{sign}{:0width$.decimals$}", number.abs()))
            }
            Cell::Number(number, NumberFormat::Plain) => Cow::Owned(number.to_string()),
            Cell::IsoDate(text) | Cell::Error(text) => Cow::Borrowed(text.as_ref()),
            Cell::Flag(flag) => Cow::Borrowed(if *flag { "Да" } else { "Нет" }),
            Cell::Empty | Cell::NoResult | Cell::Unreadable(_) => return None,
        })
    }

    /// The cell as it is kept of a rejected row: numbers stay numbers.
    pub(super) fn kept(&self, is_1904: bool) -> Value {
        match self {
            Cell::Number(number, NumberFormat::Plain)
                if number.fract() == 0.0 && !self.has_lost_digits() =>
            {
                Value::from(*number as i64)
            }
            Cell::Number(number, NumberFormat::Plain) => Value::from(*number),
            other => {
                let text = other.text(is_1904).filter(|text| !text.is_empty());
                text.map_or(Value::Null, |text| text.into())
            }
        }
    }
}

/// The day of a serial number: days since 1899-12-30, or since 1904-01-01. The time of day is cut
/// off.
pub(super) fn serial_date(serial: f64, is_1904: bool) -> Option<NaiveDate> {
    let (first, last) = (0.0, 2_958_465.0);
    if !(first..=last + 1.0).contains(&serial) {
        return None;
    }
    let begin = if is_1904 {
        NaiveDate::from_ymd_opt(1904, 1, 1)
    } else {
        NaiveDate::from_ymd_opt(1899, 12, 30)
    };
    begin?.checked_add_days(Days::new(serial.floor() as u64))
}

/// A number in scientific form is no longer, in bytes.
const LONGEST_NUMBER: usize = 32;

/// Whether a text is a number in scientific form: `4,0702810E+19`.
fn is_scientific(text: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.len() > LONGEST_NUMBER {
        return false;
    }
    let Some((mantissa, exponent)) = text.split_once(['E', 'e', 'Е', 'е']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = mantissa.split_once([',', '.']).unwrap_or((mantissa, "0"));
    digits(exponent) && exponent.len() >= 2 && digits(whole) && digits(decimals) && whole.len() == 1
}

#[cfg(test)]
mod tests {
    use super::{Cell, serial_date};
    use crate::import::workbook::number_formats::NumberFormat;

    #[test]
    fn numbers_show_the_zeros_of_their_format() {
        for (number, format, text) in [
            (
                7.0,
                NumberFormat::Zeros {
                    whole: 10,
                    decimals: 0,
                },
                "0000000007",
            ),
            (
                66.1,
                NumberFormat::Zeros {
                    whole: 1,
                    decimals: 2,
                },
                "66.10",
            ),
            (
                -66.1,
                NumberFormat::Zeros {
                    whole: 3,
                    decimals: 2,
                },
                "-066.10",
            ),
            (66.03, NumberFormat::Plain, "66.03"),
            (
                123_456_789_012_345.0,
                NumberFormat::Plain,
                "123456789012345",
            ),
        ] {
            assert_eq!(
                Cell::Number(number, format).text(false).as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn lost_digits_are_noticed() {
        for text in ["4.0702810E+19", "4,07E+19", "1E+15", "4,07Е+19"] {
            assert!(Cell::Text(text.into()).has_lost_digits(), "{text}");
        }
        for text in [
            "12E5",
            "9012AB3C4D5E6F7G8H9",
            "0E1",
            "1E+1 от 01.02.2024",
            "40702810900000000001",
            "E12",
            "5е",
        ] {
            assert!(!Cell::Text(text.into()).has_lost_digits(), "{text}");
        }
        assert!(Cell::Number(1e15, NumberFormat::Plain).has_lost_digits());
        assert!(!Cell::Number(999_999_999_999_999.0, NumberFormat::Plain).has_lost_digits());
    }

    #[test]
    fn serial_numbers_are_days() {
        for (serial, is_1904, date) in [
            (45356.0, false, Some("2024-03-05")),
            (45_356.999_999_9, false, Some("2024-03-05")),
            (43894.0, true, Some("2024-03-05")),
            (-1.0, false, None),
            (f64::NAN, false, None),
            (1e12, false, None),
        ] {
            let found = serial_date(serial, is_1904).map(|date| date.to_string());
            assert_eq!(found.as_deref(), date, "{serial}");
        }
    }
}
