//! The values of parameters: numbers, days, amounts, currencies, texts.

use chrono::{Datelike, NaiveDate};
use serde_json::json;
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};

use super::value::{Kind, Value, of_type, string};
use crate::domain::{Currency, LONGEST_TEXT, ListCursor, Money, WITHOUT_LENDER};

/// Amounts in a query: whole digits at most.
const LONGEST_AMOUNT: usize = 13;
const WITHOUT_NUL: &str = r"^[^\x00]*$";

/// An id.
pub(in crate::api) type Id = Value<IdKind>;
/// A lender's id, or 0 for contracts whose lender is not known.
pub(in crate::api) type LenderChoice = Value<LenderChoiceKind>;
/// `true` or `false`.
pub(in crate::api) type Switch = Value<SwitchKind>;
/// A day.
pub(in crate::api) type Day = Value<DayKind>;
/// A currency of ISO 4217.
pub(in crate::api) type CurrencyCode = Value<CurrencyKind>;
/// An amount of money.
pub(in crate::api) type Amount = Value<AmountKind>;
/// A part of a text, of bounded length. An empty one counts as left out.
pub(in crate::api) type SearchText = Value<TextKind<LONGEST_TEXT>>;
/// A text. An empty one counts as left out.
pub(in crate::api) type Text = Value<TextKind<{ usize::MAX }>>;
/// The row that a page of a list begins after.
pub(in crate::api) type Cursor = Value<CursorKind>;
/// A whole number within bounds, with what it is when it is left out.
pub(in crate::api) type Whole<const MIN: i64, const MAX: i64, const DEFAULT: i64> =
    Value<WholeKind<MIN, MAX, DEFAULT>>;

/// See [`Id`].
pub(in crate::api) enum IdKind {}
/// See [`LenderChoice`].
pub(in crate::api) enum LenderChoiceKind {}
/// See [`Switch`].
pub(in crate::api) enum SwitchKind {}
/// See [`Day`].
pub(in crate::api) enum DayKind {}
/// See [`CurrencyCode`].
pub(in crate::api) enum CurrencyKind {}
/// See [`Amount`].
pub(in crate::api) enum AmountKind {}
/// See [`Text`].
pub(in crate::api) enum TextKind<const LONGEST: usize> {}
/// See [`Cursor`].
pub(in crate::api) enum CursorKind {}
/// See [`Whole`].
pub(in crate::api) enum WholeKind<const MIN: i64, const MAX: i64, const DEFAULT: i64> {}

impl Kind for IdKind {
    type Type = i64;

    fn parse(text: &str) -> Result<i64, String> {
        whole(text, 1, i64::MAX)
    }

    fn schema() -> Object {
        whole_schema(1, i64::MAX).build()
    }
}

impl Kind for LenderChoiceKind {
    type Type = i64;

    fn parse(text: &str) -> Result<i64, String> {
        whole(text, WITHOUT_LENDER, i64::MAX)
    }

    fn schema() -> Object {
        whole_schema(WITHOUT_LENDER, i64::MAX).build()
    }
}

impl<const MIN: i64, const MAX: i64, const DEFAULT: i64> Kind for WholeKind<MIN, MAX, DEFAULT> {
    type Type = i64;

    fn parse(text: &str) -> Result<i64, String> {
        whole(text, MIN, MAX)
    }

    fn schema() -> Object {
        whole_schema(MIN, MAX).default(Some(json!(DEFAULT))).build()
    }
}

impl<const MIN: i64, const MAX: i64, const DEFAULT: i64> Default for Whole<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Value(DEFAULT)
    }
}

impl Kind for SwitchKind {
    type Type = bool;

    fn parse(text: &str) -> Result<bool, String> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            other => Err(format!("{other:?} is neither true nor false")),
        }
    }

    fn schema() -> Object {
        of_type(Type::Boolean).build()
    }
}

impl Kind for DayKind {
    type Type = NaiveDate;

    fn parse(text: &str) -> Result<NaiveDate, String> {
        // chrono alone would take 2024-3-5 and years of five digits.
        let day = (text.len() == 10).then(|| text.parse().ok()).flatten();
        // PostgreSQL has no year 0.
        day.filter(|day: &NaiveDate| day.year() > 0)
            .ok_or_else(|| format!("{text:?} is not a date such as 2024-03-31"))
    }

    fn schema() -> Object {
        string()
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .build()
    }
}

impl Kind for CurrencyKind {
    type Type = Currency;

    fn parse(text: &str) -> Result<Currency, String> {
        Currency::parse(text).ok_or_else(|| format!("{text:?} is no currency of ISO 4217"))
    }

    fn schema() -> Object {
        string().enum_values(Some(Currency::codes())).build()
    }
}

impl Kind for AmountKind {
    type Type = Money;

    /// Digits, and two decimals after a point at most.
    fn parse(text: &str) -> Result<Money, String> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_of = |digits: &str, longest| {
            (1..=longest).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        Money::parse(text)
            .ok()
            .filter(|_| is_of(whole, LONGEST_AMOUNT) && is_of(decimals, 2))
            .ok_or_else(|| format!("{text:?} is not an amount such as 1250000.50"))
    }

    fn schema() -> Object {
        string()
            .pattern(Some("^-?[0-9]{1,13}([.][0-9]{1,2})?$"))
            .build()
    }
}

impl<const LONGEST: usize> Kind for TextKind<LONGEST> {
    type Type = Option<String>;

    fn parse(text: &str) -> Result<Option<String>, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("has more than {LONGEST} characters"));
        }
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    fn schema() -> Object {
        string()
            .max_length((LONGEST < usize::MAX).then_some(LONGEST))
            .pattern(Some(WITHOUT_NUL))
            .build()
    }
}

impl Kind for CursorKind {
    type Type = ListCursor;

    fn parse(text: &str) -> Result<ListCursor, String> {
        text.parse()
            .map_err(|err: crate::domain::InvalidCursor| err.to_string())
    }

    fn schema() -> Object {
        string()
            .pattern(Some("^([1-9][0-9]{0,6})?_[1-9][0-9]{0,17}$"))
            .build()
    }
}

fn whole(text: &str, smallest: i64, largest: i64) -> Result<i64, String> {
    match text.parse() {
        Ok(number) if (smallest..=largest).contains(&number) => Ok(number),
        _ if largest == i64::MAX => Err(format!("{text:?} is not a whole number from {smallest}")),
        _ => Err(format!(
            "{text:?} is not a whole number from {smallest} to {largest}"
        )),
    }
}

fn whole_schema(smallest: i64, largest: i64) -> ObjectBuilder {
    of_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(smallest))
        .maximum(Some(largest))
}
