//! A serializer that gives away the fields of a row as cells. What is made of several values takes
//! the way over JSON.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{Error, Impossible, SerializeMap, SerializeStruct, Serializer};

use super::{CellSink, Field};
use crate::api::export::columns::{Kind, kind_of};
use crate::api::export::table::{Cell, cell_of_text, joined_text};
use crate::domain::RAW_NUMBER;

/// Why a value gives no cell.
#[derive(Debug, thiserror::Error)]
pub(super) enum CellError {
    /// It is made of several values.
    #[error("a value is made of several")]
    NotScalar,
    /// It can't be written.
    #[error("{0}")]
    Failed(String),
}

impl Error for CellError {
    fn custom<T: Display>(text: T) -> CellError {
        CellError::Failed(text.to_string())
    }
}

/// A row while its cells are given away.
pub(super) struct RowCells<'r> {
    fields: &'r [Field],
    /// The column that comes next.
    next: usize,
    /// The field of a map whose value comes next.
    key: Option<String>,
    sink: &'r mut dyn CellSink,
}

impl<'r> RowCells<'r> {
    /// Begins a row.
    pub fn new(fields: &'r [Field], sink: &'r mut dyn CellSink) -> RowCells<'r> {
        RowCells {
            fields,
            next: 0,
            key: None,
            sink,
        }
    }

    /// Ends it: columns without a field are empty.
    pub fn finish(mut self) -> Result<(), CellError> {
        self.fill_to(self.fields.len())
    }

    /// Leaves the columns before one empty.
    fn fill_to(&mut self, column: usize) -> Result<(), CellError> {
        while self.next < column {
            let kind = self.fields[self.next].kind;
            put(&mut *self.sink, self.next, kind, Cell::Empty)?;
            self.next += 1;
        }
        Ok(())
    }

    fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), CellError> {
        let coming = &self.fields[self.next..];
        let Some(distance) = coming.iter().position(|field| field.name == name) else {
            return match kind_of(name) {
                Kind::Alias => Ok(()),
                _ => Err(CellError::Failed(format!("{name} has no column"))),
            };
        };
        self.fill_to(self.next + distance)?;
        let (column, kind) = (self.next, self.fields[self.next].kind);
        self.next += 1;
        let scalar = Scalar {
            column,
            kind,
            is_number: false,
            sink: &mut *self.sink,
        };
        match value.serialize(scalar) {
            Err(CellError::NotScalar) => {}
            given => return given,
        }
        let value = serde_json::to_value(value).map_err(CellError::custom)?;
        let text = joined_text(&value);
        let cell = text.as_deref().map_or(Cell::Empty, Cell::Text);
        put(&mut *self.sink, column, kind, cell)
    }
}

fn put(
    sink: &mut dyn CellSink,
    column: usize,
    kind: Kind,
    cell: Cell<'_>,
) -> Result<(), CellError> {
    sink.put(column, kind, cell)
        .map_err(|err| CellError::Failed(format!("{err:#}")))
}

/// Refuses the kinds of values that are listed.
macro_rules! refuse {
    ($($name:ident($($kind:ty),*) -> $result:ty;)*) => {
        $(fn $name(self, $(_: $kind),*) -> Result<$result, CellError> {
            Err(CellError::NotScalar)
        })*
    };
}

/// What is no row and no single value.
macro_rules! refuse_compounds {
    () => {
        type SerializeSeq = Impossible<(), CellError>;
        type SerializeTuple = Impossible<(), CellError>;
        type SerializeTupleStruct = Impossible<(), CellError>;
        type SerializeTupleVariant = Impossible<(), CellError>;
        type SerializeStructVariant = Impossible<(), CellError>;

        refuse! {
            serialize_bytes(&[u8]) -> ();
            serialize_seq(Option<usize>) -> Self::SerializeSeq;
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), CellError> {
            Err(CellError::NotScalar)
        }
    };
}

impl Serializer for &mut RowCells<'_> {
    type Ok = ();
    type Error = CellError;
    type SerializeMap = Self;
    type SerializeStruct = Self;

    refuse_compounds!();
    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
    }

    fn serialize_some<T: Serialize + ?Sized>(self, row: &T) -> Result<(), CellError> {
        row.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        row: &T,
    ) -> Result<(), CellError> {
        row.serialize(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, CellError> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, CellError> {
        Ok(self)
    }
}

impl SerializeStruct for &mut RowCells<'_> {
    type Ok = ();
    type Error = CellError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), CellError> {
        self.put(name, value)
    }

    fn end(self) -> Result<(), CellError> {
        Ok(())
    }
}

impl SerializeMap for &mut RowCells<'_> {
    type Ok = ();
    type Error = CellError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CellError> {
        let key = serde_json::to_value(key).map_err(CellError::custom)?;
        self.key = key.as_str().map(str::to_owned);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CellError> {
        match self.key.take() {
            Some(name) => self.put(&name, value),
            None => Err(CellError::custom("a field without a name")),
        }
    }

    fn end(self) -> Result<(), CellError> {
        Ok(())
    }
}

/// A value that is one cell.
struct Scalar<'s> {
    column: usize,
    kind: Kind,
    /// Whether a text is the digits of a number.
    is_number: bool,
    sink: &'s mut dyn CellSink,
}

impl Scalar<'_> {
    fn put(self, cell: Cell<'_>) -> Result<(), CellError> {
        put(self.sink, self.column, self.kind, cell)
    }
}

/// Writes numbers of the kinds that are listed.
macro_rules! numbers {
    ($($name:ident($kind:ty);)*) => {
        $(fn $name(self, value: $kind) -> Result<(), CellError> {
            self.put(Cell::Number(&value.to_string()))
        })*
    };
}

impl Serializer for Scalar<'_> {
    type Ok = ();
    type Error = CellError;
    type SerializeMap = Impossible<(), CellError>;
    type SerializeStruct = Self;

    refuse_compounds!();
    refuse! {
        serialize_map(Option<usize>) -> Self::SerializeMap;
    }
    numbers! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
    }

    fn serialize_bool(self, mark: bool) -> Result<(), CellError> {
        self.put(Cell::Mark(mark))
    }

    fn serialize_f32(self, value: f32) -> Result<(), CellError> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), CellError> {
        match serde_json::Number::from_f64(value) {
            Some(number) => self.put(Cell::Number(&number.to_string())),
            None => self.put(Cell::Empty),
        }
    }

    fn serialize_char(self, letter: char) -> Result<(), CellError> {
        self.serialize_str(letter.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), CellError> {
        if !self.is_number {
            let kind = self.kind;
            return self.put(cell_of_text(kind, text));
        }
        match text.bytes().next() {
            Some(b'-' | b'0'..=b'9') => self.put(Cell::Number(text)),
            _ => Err(CellError::NotScalar),
        }
    }

    fn serialize_none(self) -> Result<(), CellError> {
        self.put(Cell::Empty)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CellError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CellError> {
        self.put(Cell::Empty)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CellError> {
        self.put(Cell::Empty)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), CellError> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CellError> {
        value.serialize(self)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, CellError> {
        match name {
            RAW_NUMBER => Ok(Scalar {
                is_number: true,
                ..self
            }),
            _ => Err(CellError::NotScalar),
        }
    }
}

impl SerializeStruct for Scalar<'_> {
    type Ok = ();
    type Error = CellError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CellError> {
        value.serialize(Scalar {
            column: self.column,
            kind: self.kind,
            is_number: self.is_number,
            sink: &mut *self.sink,
        })
    }

    fn end(self) -> Result<(), CellError> {
        Ok(())
    }
}
