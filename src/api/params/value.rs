//! A value of a parameter: how it is read from its text, and how OpenAPI describes it.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};

/// A kind of value.
pub(in crate::api) trait Kind {
    /// What a value is once it is read.
    type Type;

    /// Reads a value.
    ///
    /// # Errors
    /// What the text is not, to be said after the parameter's name.
    fn parse(text: &str) -> Result<Self::Type, String>;

    /// Describes the values.
    fn schema() -> Object;
}

/// A value of a kind.
pub(in crate::api) struct Value<K: Kind>(pub K::Type);

impl<'de, K: Kind> Deserialize<'de> for Value<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value<K>, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        K::parse(text).map(Value).map_err(D::Error::custom)
    }
}

impl<K: Kind> PartialSchema for Value<K> {
    fn schema() -> RefOr<Schema> {
        RefOr::T(Schema::Object(K::schema()))
    }
}

pub(super) fn of_type(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

pub(super) fn string() -> ObjectBuilder {
    of_type(Type::String)
}

/// Returns the value of a parameter, if the query has one.
pub(in crate::api) fn given<K: Kind>(value: Option<Value<K>>) -> Option<K::Type> {
    value.map(|value| value.0)
}
