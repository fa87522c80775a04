//! The schemas of fields of bodies: what `text_field` and its like demand of them.

use chrono::{Datelike, Utc};
use serde_json::Value;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};

use crate::accounts::{EMAIL_PATTERN, LONGEST_EMAIL, LONGEST_NAME, NAME_PATTERN};
use crate::domain::{AdjustmentKind, Currency, LONGEST_TEXT};

/// Something to be seen, and no control characters.
const VISIBLE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

/// A name or number.
pub(in crate::api) fn text() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(LONGEST_TEXT))
        .pattern(Some(VISIBLE))
}

/// A new login name.
pub(in crate::api) fn username() -> ObjectBuilder {
    text()
        .max_length(Some(LONGEST_NAME))
        .pattern(Some(NAME_PATTERN))
}

/// A new e-mail address.
pub(in crate::api) fn email() -> ObjectBuilder {
    text()
        .max_length(Some(LONGEST_EMAIL))
        .pattern(Some(EMAIL_PATTERN))
}

/// A name or number, or null.
pub(in crate::api) fn text_or_null() -> ObjectBuilder {
    text().schema_type(or_null(Type::String))
}

/// An id.
pub(in crate::api) fn id() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .maximum(Some(i64::MAX))
}

/// An id, or null.
pub(in crate::api) fn id_or_null() -> ObjectBuilder {
    id().schema_type(or_null(Type::Integer))
}

/// Ids, at least one.
pub(in crate::api) fn ids() -> ArrayBuilder {
    ArrayBuilder::new().items(id()).min_items(Some(1))
}

/// The type of a contract, or null.
pub(in crate::api) fn contract_type_or_null() -> ObjectBuilder {
    one_of_or_null(["credit", "loan", "Кредит", "Заем"])
}

/// Which side of a loan the holding is on, or null.
pub(in crate::api) fn direction_or_null() -> ObjectBuilder {
    one_of_or_null(["borrowed", "lent"])
}

/// A currency, or null.
pub(in crate::api) fn currency_or_null() -> ObjectBuilder {
    one_of_or_null(Currency::codes())
}

/// The kind of an adjustment.
pub(in crate::api) fn adjustment_kind() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(AdjustmentKind::ALL.map(AdjustmentKind::as_str)))
}

/// An amount of money.
pub(in crate::api) fn amount() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
        .minimum(Some(-10_000_000_000_000_i64))
        .maximum(Some(10_000_000_000_000_i64))
        .multiple_of(Some(0.01))
}

/// The day of an adjustment: the import's bounds, narrow enough for any day on which the document is
/// read.
pub(in crate::api) fn possible_day() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .pattern(Some(possible_days(Utc::now().year() + 1)))
}

fn or_null(kind: Type) -> SchemaType {
    SchemaType::Array(vec![kind, Type::Null])
}

fn one_of_or_null(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    let names = names.into_iter().map(Value::from);
    ObjectBuilder::new()
        .schema_type(or_null(Type::String))
        .enum_values(Some(names.chain([Value::Null])))
}

/// A pattern of the days from 1990 to the end of a year, without those that no calendar has.
fn possible_days(last_year: i32) -> String {
    let years = |fits: fn(&i32) -> bool| -> String {
        let years: Vec<String> = (1990..=last_year)
            .filter(fits)
            .map(|year| year.to_string())
            .collect();
        years.join("|")
    };
    let (every_year, leap_years) = (years(|_| true), years(|year| year % 4 == 0));
    format!(
        "^(({every_year})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|\
         02-(0[1-9]|1[0-9]|2[0-8]))|({leap_years})-02-29)$"
    )
}
