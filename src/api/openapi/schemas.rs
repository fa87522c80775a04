//! How values of the domain look in the OpenAPI document: the domain itself knows nothing of it.

use std::borrow::Cow;

use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::{Money, Percent, Role};

impl ToSchema for Money {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Money")
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        number("An exact amount with at most two decimals.")
    }
}

impl ToSchema for Percent {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Percent")
    }
}

impl PartialSchema for Percent {
    fn schema() -> RefOr<Schema> {
        number("A percentage, rounded half-up to two decimals.")
    }
}

impl ToSchema for Role {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Role")
    }
}

impl PartialSchema for Role {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A user's role, as the HTTP contract names it."))
            .enum_values(Some(Role::ALL.map(Role::as_str)))
            .into()
    }
}

fn number(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
        .description(Some(description))
        .into()
}
