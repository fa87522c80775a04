//! JSON answers as rows, and their values as typed cells.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

use super::columns::Kind;

/// The column that names the part of an answer that a row belongs to.
pub const PART: &str = "part";

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'r> {
    /// Nothing.
    Empty,
    /// A text, never a formula.
    Text(&'r str),
    /// A number, as JSON has it.
    Number(&'r str),
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
/// name in a first column), or itself as one row.
pub fn rows_of_answer(answer: &Value) -> Vec<Map<String, Value>> {
    match answer {
        Value::Array(rows) => rows.iter().filter_map(Value::as_object).cloned().collect(),
        Value::Object(object) => match object.get("data") {
            Some(data) => rows_of_answer(data),
            None => rows_of_object(object),
        },
        _ => Vec::new(),
    }
}

/// Whether an answer is a list, whose rows may be added up, and not one row of totals.
pub fn is_list(answer: &Value) -> bool {
    answer.is_array() || answer.get("data").is_some_and(Value::is_array)
}

fn rows_of_object(object: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let has_parts = object
        .values()
        .any(|part| part.get("data").is_some_and(Value::is_array));
    if !has_parts {
        return vec![object.clone()];
    }
    object
        .iter()
        .filter_map(|(name, part)| Some((name, part.get("data")?.as_array()?)))
        .flat_map(|(name, rows)| {
            rows.iter().filter_map(Value::as_object).map(move |row| {
                let part = (PART.to_owned(), Value::String(name.clone()));
                let rest = row
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()));
                std::iter::once(part).chain(rest).collect()
            })
        })
        .collect()
}

/// Returns the cell of a text. Only columns of days hold days: a document's number may look like
/// one.
pub fn cell_of_text(kind: Kind, text: &str) -> Cell<'_> {
    let typed = match kind {
        Kind::Date => text.parse().ok().map(Cell::Date),
        Kind::Month => text
            .parse()
            .or_else(|_| format!("{text}-01").parse())
            .ok()
            .map(Cell::Month),
        Kind::Time => text.parse().ok().map(Cell::Time),
        _ => None,
    };
    typed.unwrap_or(Cell::Text(text))
}

/// Returns the text of a value that is made of several: the texts of a list one after the other,
/// anything else as JSON; `None` of an empty list.
pub fn joined_text(value: &Value) -> Option<String> {
    match value {
        Value::Array(texts) if texts.iter().all(Value::is_string) => {
            joined(texts, ", ", Value::as_str)
        }
        Value::Array(aliases) if aliases.iter().all(|alias| alias["spelling"].is_string()) => {
            joined(aliases, "; ", |alias| alias["spelling"].as_str())
        }
        other => Some(other.to_string()),
    }
}

fn joined(
    values: &[Value],
    separator: &str,
    text: impl Fn(&Value) -> Option<&str>,
) -> Option<String> {
    let texts: Vec<&str> = values.iter().filter_map(text).collect();
    (!texts.is_empty()).then(|| texts.join(separator))
}
