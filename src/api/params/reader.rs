//! The serde deserializer of a query string: structs and tuples of structs, whose fields are the
//! parameters.
//!
//! Each value is read under the name of its field, so that an error names its parameter; and each
//! struct takes only the parameters that it has a field for, so that several structs share a query
//! string and what none of them takes is known. Serde's own means for that, `flatten`, lose both.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::super::error::ApiError;

/// Reads the parameters of a query string.
///
/// # Errors
/// [`ApiError`] names the first parameter that has no usable value, or that there is no field for.
pub(super) fn read<'de, T: Deserialize<'de>>(
    pairs: &'de [(String, String)],
) -> Result<T, ApiError> {
    let mut reader = Reader {
        unread: pairs.iter().collect(),
    };
    let params = T::deserialize(&mut reader)
        .map_err(|fault| ApiError::invalid(fault.parameter.unwrap_or("query"), fault.detail))?;
    match reader.unread.first() {
        None => Ok(params),
        Some((name, _)) => Err(ApiError::invalid(name, "there is no such parameter here")),
    }
}

/// The parameters that no struct has taken yet.
struct Reader<'de> {
    unread: Vec<&'de (String, String)>,
}

impl<'de> Reader<'de> {
    fn take(&mut self, name: &str) -> Option<&'de str> {
        let at = self.unread.iter().position(|(unread, _)| unread == name)?;
        Some(&self.unread.remove(at).1)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::custom("has parameters, which a struct holds"))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Groups(self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_map(Fields {
            reader: self,
            names: fields.iter(),
            value: None,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit_struct
        seq tuple_struct map enum identifier ignored_any
    }
}

/// The members of a tuple, which share the query string.
struct Groups<'a, 'de>(&'a mut Reader<'de>);

impl<'de> SeqAccess<'de> for Groups<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        seed.deserialize(&mut *self.0).map(Some)
    }
}

/// The fields of a struct that the query string has a value for.
struct Fields<'a, 'de> {
    reader: &'a mut Reader<'de>,
    names: std::slice::Iter<'static, &'static str>,
    value: Option<(&'static str, &'de str)>,
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        for name in self.names.by_ref() {
            if let Some(text) = self.reader.take(name) {
                self.value = Some((name, text));
                return seed.deserialize((*name).into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, text) = self
            .value
            .take()
            .ok_or_else(|| Fault::custom("a value was read before its name"))?;
        seed.deserialize(Text(text)).map_err(|fault| Fault {
            parameter: Some(name),
            ..fault
        })
    }
}

/// The text of a value; an `Option` of it is there.
struct Text<'de>(&'de str);

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What is wrong with a query string, and the parameter that it is wrong with.
#[derive(Debug)]
struct Fault {
    parameter: Option<&'static str>,
    detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(detail: T) -> Fault {
        Fault {
            parameter: None,
            detail: detail.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::groups::{Confirmation, ContractKind, Dates, Department, Search};
    use super::super::paging::{Files, Paging};
    use super::super::raw_query::pairs;
    use super::super::value::given;
    use super::read;

    type Groups = (
        Department,
        Dates,
        (ContractKind, Confirmation),
        Search,
        Paging,
        Files,
    );

    fn outcome(query: &str) -> String {
        let groups = pairs(query).and_then(|pairs| read::<Groups>(&pairs).map(drop));
        groups.map_or_else(|err| err.to_string(), |()| "taken".to_owned())
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        for (query, expected) in [
            ("", "taken"),
            ("limit=5&contract_type=credit&date_from=2024-03-01", "taken"),
            (
                "department_id=0",
                "department_id: \"0\" is not a whole number from 1",
            ),
            (
                "limit=50001",
                "limit: \"50001\" is not a whole number from 1 to 50000",
            ),
            (
                "date_to=2024-3-1",
                "date_to: \"2024-3-1\" is not a date such as 2024-03-31",
            ),
            (
                "contract_type=bond",
                "contract_type: \"bond\" is none of credit (Кредит) and loan (Заем)",
            ),
            (
                "confirmed=yes",
                "confirmed: \"yes\" is neither true nor false",
            ),
            (
                "format=pdf",
                "format: \"pdf\" is none of json, csv and xlsx",
            ),
            ("lang=de", "lang: \"de\" is neither ru nor en"),
            ("search=%00", "search: has a NUL character"),
            ("search=%FF", "query: is not UTF-8"),
        ] {
            assert_eq!(outcome(query), expected, "{query}");
        }
    }

    #[test]
    fn a_parameter_of_no_group_is_named() {
        assert_eq!(
            outcome("dateFrom=2024-03-01"),
            "dateFrom: there is no such parameter here"
        );
        assert_eq!(
            outcome("limit=5&contract_id=1"),
            "contract_id: there is no such parameter here"
        );
    }

    #[test]
    fn a_parameter_that_stands_twice_is_named() {
        assert_eq!(outcome("limit=5&skip=1&limit=5"), "limit: stands twice");
        assert_eq!(outcome("unknown=5&unknown=6"), "unknown: stands twice");
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let pairs = pairs("search=&confirmed=0").unwrap_or_default();
        let Ok((department, _, (_, confirmation), search, paging, _)) = read::<Groups>(&pairs)
        else {
            unreachable!("it is taken");
        };
        assert!(given(department.department_id).is_none());
        assert_eq!(given(confirmation.confirmed), Some(false));
        assert_eq!(
            given(search.search).flatten(),
            None,
            "an empty text is left out"
        );
        assert_eq!((paging.skip.0, paging.limit.0), (0, 100));
    }
}
