//! JSON answers as rows of typed cells.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Number, Value};

use super::columns::{Kind, kind_of};

/// A row: the field and the cell of each column, in order.
pub type Row = Vec<(String, Cell)>;

/// The column that names the part of an answer that a row belongs to.
pub const PART: &str = "part";

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, never a formula.
    Text(String),
    /// A number.
    Number(Number),
    /// Yes or no.
    Mark(bool),
    /// A day.
    Date(NaiveDate),
    /// A month: its first day.
    Month(NaiveDate),
    /// A time, UTC.
    Time(NaiveDateTime),
}

/// The rows of an answer: of its list, of its `data`, of the `data` of its parts (with the part's
/// name in a first column), or itself as one row. All have the same columns.
pub fn rows_of_answer(answer: &Value) -> Vec<Row> {
    match answer {
        Value::Array(rows) => aligned(rows.iter().map(row_of).collect()),
        Value::Object(object) => match object.get("data") {
            Some(data) => rows_of_answer(data),
            None => aligned(rows_of_object(object)),
        },
        _ => Vec::new(),
    }
}

/// Whether an answer is a list, whose rows may be added up, and not one row of totals.
pub fn is_list(answer: &Value) -> bool {
    answer.is_array() || answer.get("data").is_some_and(Value::is_array)
}

fn rows_of_object(object: &Map<String, Value>) -> Vec<Row> {
    let has_parts = object
        .values()
        .any(|part| part.get("data").is_some_and(Value::is_array));
    let parts: Vec<Row> = object
        .iter()
        .filter_map(|(name, part)| Some((name, part.get("data")?.as_array()?)))
        .flat_map(|(name, rows)| {
            rows.iter().map(move |row| {
                let mut cells = vec![(PART.to_owned(), Cell::Text(name.clone()))];
                cells.extend(row_of(row));
                cells
            })
        })
        .collect();
    if has_parts {
        parts
    } else {
        vec![row_of(&Value::Object(object.clone()))]
    }
}

/// One object as one row.
pub fn row_of(value: &Value) -> Row {
    let fields = value.as_object().into_iter().flatten();
    let columns = fields
        .map(|(name, value)| (name, kind_of(name), value))
        .filter(|(_, kind, _)| *kind != Kind::Alias);
    columns
        .map(|(name, kind, value)| (name.clone(), cell(kind, value)))
        .collect()
}

/// Gives every row all columns: fields that do not apply to a row are absent from its JSON.
fn aligned(rows: Vec<Row>) -> Vec<Row> {
    let mut names: Vec<String> = Vec::new();
    for row in &rows {
        let mut at = 0;
        for (name, _) in row {
            at = match names.iter().position(|known| known == name) {
                Some(known) => known + 1,
                None => {
                    names.insert(at, name.clone());
                    at + 1
                }
            };
        }
    }
    let cell_of = |row: &Row, name: &String| {
        let cell = row
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, cell)| cell.clone());
        (name.clone(), cell.unwrap_or(Cell::Empty))
    };
    rows.iter()
        .map(|row| names.iter().map(|name| cell_of(row, name)).collect())
        .collect()
}

/// Only columns of days hold days: a document's number may look like one.
fn cell(kind: Kind, value: &Value) -> Cell {
    let typed = |text: &str| match kind {
        Kind::Date => text.parse().ok().map(Cell::Date),
        Kind::Month => text
            .parse()
            .or_else(|_| format!("{text}-01").parse())
            .ok()
            .map(Cell::Month),
        Kind::Time => text.parse().ok().map(Cell::Time),
        _ => None,
    };
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(mark) => Cell::Mark(*mark),
        Value::Number(number) => Cell::Number(number.clone()),
        Value::String(text) => typed(text).unwrap_or_else(|| Cell::Text(text.clone())),
        Value::Array(texts) if texts.iter().all(Value::is_string) => {
            joined(texts, ", ", Value::as_str)
        }
        Value::Array(aliases) if aliases.iter().all(|alias| alias["spelling"].is_string()) => {
            joined(aliases, "; ", |alias| alias["spelling"].as_str())
        }
        other => Cell::Text(other.to_string()),
    }
}

/// The texts of some values, one after the other.
fn joined(values: &[Value], separator: &str, text: impl Fn(&Value) -> Option<&str>) -> Cell {
    let texts: Vec<&str> = values.iter().filter_map(text).collect();
    if texts.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(texts.join(separator))
    }
}
