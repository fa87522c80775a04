//! A field of a PUT body: left out, null, or a value.
//!
//! Left out leaves the stored value as it is. Null clears a field that may be empty and is 422 for
//! any other, so that no part of a body is ignored without an error.

use serde::{Deserialize, Deserializer};

use super::error::ApiError;

/// One field of a PUT body. It needs `#[serde(default)]`, because Serde deserializes a missing
/// field as null otherwise, and a `#[schema(…)]` of what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field is left out.
    #[default]
    Absent,
    /// The field is `null`.
    Null,
    /// The field has a value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Patch<T>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Patch::Null, Patch::Value))
    }
}

impl<T> Patch<T> {
    /// Converts the value, if there is one.
    ///
    /// # Errors
    /// Those of `convert`.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => Patch::Value(convert(value)?),
        })
    }

    /// Returns the change of a column that may be empty: `Some(None)` clears it.
    pub fn nullable(self) -> Option<Option<T>> {
        match self {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(value) => Some(Some(value)),
        }
    }

    /// Returns the change of a column that is never empty.
    ///
    /// # Errors
    /// 422 when the field is null.
    pub fn required(self, name: &str) -> Result<Option<T>, ApiError> {
        match self {
            Patch::Absent => Ok(None),
            Patch::Null => Err(ApiError::invalid(name, "can't be null")),
            Patch::Value(value) => Ok(Some(value)),
        }
    }
}
