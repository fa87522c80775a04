//! The fields of rows as cells, read off the rows while they are serialized: no row becomes JSON on
//! its way into a file.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{Error, Impossible, SerializeMap, SerializeStruct, Serializer};
use serde_json::Value;

use super::columns::{Kind, kind_of};
use super::table::{Cell, cell_of_text, joined_text};

/// How serde_json names the struct behind a number whose digits are written already.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Takes the cells of a row, in the order of the columns.
pub trait CellSink {
    /// Takes the next cell.
    fn put(&mut self, column: usize, kind: Kind, cell: Cell<'_>) -> anyhow::Result<()>;
}

/// A column of a file.
#[derive(Clone, Debug)]
pub struct Field {
    /// The field's name in JSON.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
}

/// The columns of a file.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// The columns that some rows have. A field that does not apply to a row is absent from its
    /// JSON; it stands behind the one that it follows in others.
    ///
    /// # Errors
    /// When a row can't be serialized.
    pub fn of_rows<T: Serialize>(rows: &[T]) -> anyhow::Result<Fields> {
        let mut names: Vec<String> = Vec::new();
        for row in rows {
            let Value::Object(row) = serde_json::to_value(row)? else {
                anyhow::bail!("a row is no object");
            };
            let mut at = 0;
            for (name, _) in row {
                at = match names.iter().position(|known| *known == name) {
                    Some(known) => known + 1,
                    None => {
                        names.insert(at, name);
                        at + 1
                    }
                };
            }
        }
        Ok(Fields::of_names(names))
    }

    /// The columns of these names, but for aliases.
    pub fn of_names(names: Vec<String>) -> Fields {
        let field = |name: String| Field {
            kind: kind_of(&name),
            name,
        };
        let fields = names.into_iter().map(field);
        Fields(fields.filter(|field| field.kind != Kind::Alias).collect())
    }

    /// The columns in order.
    pub fn as_slice(&self) -> &[Field] {
        &self.0
    }

    /// Gives the cells of a row to a sink: one for each column. Fields without a column are left
    /// out.
    ///
    /// # Errors
    /// The sink's.
    pub fn put_row<T: Serialize>(&self, row: &T, sink: &mut dyn CellSink) -> anyhow::Result<()> {
        let mut cells = RowCells {
            fields: &self.0,
            next: 0,
            key: None,
            sink,
        };
        row.serialize(&mut cells)?;
        cells.fill_to(self.0.len())?;
        Ok(())
    }
}

/// Why a value gives no cell.
#[derive(Debug, thiserror::Error)]
enum CellError {
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
struct RowCells<'r> {
    fields: &'r [Field],
    /// The column that comes next.
    next: usize,
    /// The field of a map whose value comes next.
    key: Option<String>,
    sink: &'r mut dyn CellSink,
}

impl RowCells<'_> {
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
            return Ok(());
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

impl<'c> Serializer for &'c mut RowCells<'_> {
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
            RAW_VALUE => Ok(Scalar {
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
