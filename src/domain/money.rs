//! An exact amount of money in kopecks (hundredths of the currency's unit).
//!
//! Amounts are read as decimal text or as the one float of a spreadsheet cell, and are integers
//! from then on. In JSON an amount is a number with two decimals.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::is_invisible;

/// The largest amount that is accepted from outside: ten trillion units. Nine thousand such
/// amounts still add up within an `i64`.
const LARGEST_KOPECKS: i64 = 1_000_000_000_000_000;

/// The bytes of the longest amount: a sign, a point and the 19 digits of an `i64`.
const LONGEST_TEXT: usize = 21;

/// How serde_json names the struct behind a number whose digits are written already, and its field.
pub(crate) const RAW_NUMBER: &str = "$serde_json::private::RawValue";

/// An amount in kopecks. Sums beyond the range of an `i64` stop at its ends; the database
/// reports such a sum as an error before it comes here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// Why a text or a cell is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Something else than one sign, digits that stand together or in threes, and one decimal mark.
    #[error("is not an amount")]
    NotANumber,
    /// The comma or point may stand before thousands or before decimals.
    #[error("may mean thousands or decimals: write it with two decimals, or without the separator")]
    Ambiguous,
    /// A fraction of a kopeck would be lost.
    #[error("has more than two decimals")]
    TooPrecise,
    /// More than ten trillion units.
    #[error("is out of range")]
    OutOfRange,
}

impl Money {
    /// No money.
    pub const ZERO: Money = Money(0);

    /// The amount of so many kopecks.
    pub const fn from_kopecks(kopecks: i64) -> Money {
        Money(kopecks)
    }

    /// The amount in kopecks.
    pub const fn kopecks(self) -> i64 {
        self.0
    }

    /// Reads an amount as people write it: `1 234 567,89`, `1'234'567.89`, `-5`, `(5,00)` or
    /// `5,00-`. Digits stand together or in groups of three with one kind of separator (any space,
    /// or an apostrophe); behind a comma or point stand one or two decimals.
    ///
    /// # Errors
    /// [`MoneyError`] when it is not a number, may mean thousands or decimals (`1,200`), has a fraction of a
    /// kopeck or is too large.
    pub fn parse(text: &str) -> Result<Money, MoneyError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        let (negative, digits) = split_sign(text).ok_or(MoneyError::NotANumber)?;
        let (whole, decimals) = match digits.split_once([',', '.']) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (digits, None),
        };
        let is_grouped = whole.contains(|c: char| !c.is_ascii_digit());
        let whole = without_groups(whole).ok_or(MoneyError::NotANumber)?;
        let decimals = match decimals {
            None => "",
            Some(decimals) if !decimals.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(MoneyError::NotANumber);
            }
            Some(decimals)
                if decimals.len() == 3
                    && !is_grouped
                    && whole.len() <= 3
                    && !whole.starts_with('0') =>
            {
                return Err(MoneyError::Ambiguous);
            }
            Some(decimals) => decimals,
        };
        Money::of_digits(negative, &whole, decimals)
    }

    /// Reads a decimal number as programs write it: `-1234.5`.
    ///
    /// # Errors
    /// As [`Money::parse`].
    pub fn from_decimal(text: &str) -> Result<Money, MoneyError> {
        let (negative, digits) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) {
            return Err(MoneyError::NotANumber);
        }
        Money::of_digits(negative, whole, decimals)
    }

    fn of_digits(negative: bool, whole: &str, decimals: &str) -> Result<Money, MoneyError> {
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > 2 {
            return Err(MoneyError::TooPrecise);
        }
        let units: i64 = whole.parse().map_err(|_| MoneyError::OutOfRange)?;
        let hundredths: i64 = format!("{decimals:0<2}").parse().unwrap_or(0);
        let kopecks = units
            .checked_mul(100)
            .and_then(|kopecks| kopecks.checked_add(hundredths))
            .filter(|kopecks| *kopecks <= LARGEST_KOPECKS)
            .ok_or(MoneyError::OutOfRange)?;
        Ok(Money(if negative { -kopecks } else { kopecks }))
    }

    /// Reads the float of a spreadsheet cell. 1C writes at most two decimals; the noise that
    /// binary floats add far behind them is rounded away.
    ///
    /// # Errors
    /// As [`Money::parse`].
    pub fn from_cell(value: f64) -> Result<Money, MoneyError> {
        let kopecks = value * 100.0;
        if !kopecks.is_finite() || kopecks.abs() > LARGEST_KOPECKS as f64 {
            return Err(MoneyError::OutOfRange);
        }
        let noise = (kopecks.abs() * 4.0 * f64::EPSILON).max(1e-6);
        if (kopecks - kopecks.round()).abs() > noise {
            return Err(MoneyError::TooPrecise);
        }
        Ok(Money(kopecks.round() as i64))
    }
}

/// Takes a sign off, in front, behind, or as brackets around; and says whether it makes the amount
/// negative.
fn split_sign(text: &str) -> Option<(bool, &str)> {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
    if let Some(inner) = text.strip_prefix('(') {
        return Some((true, inner.strip_suffix(')')?.trim()));
    }
    if let Some(rest) = text.strip_prefix(MINUS) {
        return Some((true, rest.trim_start()));
    }
    if let Some(rest) = text.strip_suffix(MINUS) {
        return Some((true, rest.trim_end()));
    }
    Some((false, text.strip_prefix('+').unwrap_or(text)))
}

/// The digits of a whole number; `None` unless they stand together or in groups of three.
pub(super) fn without_groups(text: &str) -> Option<String> {
    let kind = |c: char| match c {
        '\'' | '\u{2019}' => Some('\''),
        ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' => Some(' '),
        _ => None,
    };
    let mut separators = text.chars().filter(|c| !c.is_ascii_digit()).map(kind);
    let first = separators.next();
    if first.is_some_and(|first| first.is_none() || separators.any(|other| other != first)) {
        return None;
    }
    let groups: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
    match groups.as_slice() {
        [alone] => (!alone.is_empty()).then(|| (*alone).to_owned()),
        [head, rest @ ..]
            if (1..=3).contains(&head.len()) && rest.iter().all(|group| group.len() == 3) =>
        {
            Some(groups.concat())
        }
        _ => None,
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(self.0.saturating_neg())
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

impl Money {
    /// Writes the amount at the end of a buffer: digits, a point and two decimals.
    fn write_to(self, buffer: &mut [u8; LONGEST_TEXT]) -> &str {
        let mut digits = self.0.unsigned_abs();
        let mut start = buffer.len();
        let mut written = 0;
        // At least `0.00`.
        while digits > 0 || written < 3 {
            if written == 2 {
                start -= 1;
                buffer[start] = b'.';
            }
            start -= 1;
            buffer[start] = b'0' + (digits % 10) as u8;
            digits /= 10;
            written += 1;
        }
        if self.0 < 0 {
            start -= 1;
            buffer[start] = b'-';
        }
        std::str::from_utf8(&buffer[start..]).unwrap_or_default()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.write_to(&mut [0; LONGEST_TEXT]))
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        let number = Box::<RawValue>::deserialize(deserializer)?;
        Money::from_decimal(number.get()).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As a `RawValue` does it, but neither allocated nor read as JSON once more: large answers
        // hold tens of thousands of amounts.
        let mut number = serializer.serialize_struct(RAW_NUMBER, 1)?;
        number.serialize_field(RAW_NUMBER, self.write_to(&mut [0; LONGEST_TEXT]))?;
        number.end()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
