//! JSON answers as rows of typed cells.

use chrono::NaiveDate;
use serde_json::{Map, Number, Value};

/// A row: heading and cell of each column, in order.
pub type Row = Vec<(String, Cell)>;

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, never a formula.
    Text(String),
    /// A number.
    Number(Number),
    /// A day.
    Date(NaiveDate),
}

/// The rows of an answer: of its list, of its `data`, of the `data` of its parts (with the part's
/// name in a first column), or itself as one row.
pub fn rows_of_answer(answer: &Value) -> Vec<Row> {
    match answer {
        Value::Array(rows) => rows.iter().map(rows_of_value).collect(),
        Value::Object(object) => match object.get("data") {
            Some(data) => rows_of_answer(data),
            None => rows_of_object(object),
        },
        _ => Vec::new(),
    }
}

fn rows_of_object(object: &Map<String, Value>) -> Vec<Row> {
    let parts: Vec<Row> = object
        .iter()
        .filter_map(|(name, part)| Some((name, part.get("data")?.as_array()?)))
        .flat_map(|(name, rows)| {
            rows.iter().map(move |row| {
                let mut cells = vec![("part".to_owned(), Cell::Text(name.clone()))];
                cells.extend(rows_of_value(row));
                cells
            })
        })
        .collect();
    if parts.is_empty() { vec![rows_of_value(&Value::Object(object.clone()))] } else { parts }
}

/// One object as one row.
pub fn rows_of_value(value: &Value) -> Row {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), cell(name, value))).collect()
}

fn cell(name: &str, value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Number(number) => Cell::Number(number.clone()),
        Value::String(text) => match day(name, text) {
            Some(day) => Cell::Date(day),
            None => Cell::Text(text.clone()),
        },
        other => Cell::Text(other.to_string()),
    }
}

/// Only columns of days hold days: a document's number may look like one.
fn day(name: &str, text: &str) -> Option<NaiveDate> {
    let is_day = name.ends_with("_date") || name == "month" || name == "lastPayment";
    (is_day && text.len() == 10).then(|| text.parse().ok()).flatten()
}
