//! The columns of the answer at a path, from the OpenAPI document: a file without rows has its
//! headings, too.

use serde_json::Value;

use super::table::PART;
use crate::api::openapi::openapi;

/// Returns the fields of the rows that a GET of `path` answers with, but for those that only some
/// filter adds.
pub(super) fn fields_at(path: &str) -> Vec<String> {
    let schema = &openapi()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    let mut names = Vec::new();
    add_fields(schema, &mut names);
    names
}

/// Adds the fields of an answer's rows: of its items, of its `data` or `checks`, of the `data` of its
/// parts, or its own.
fn add_fields(schema: &Value, names: &mut Vec<String>) {
    let schema = resolved(schema);
    if schema["type"] == "array" {
        return add_fields(&schema["items"], names);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        add_fields(part, names);
    }
    let Some(fields) = schema["properties"].as_object() else {
        return;
    };
    if let Some(rows) = fields.get("data").or_else(|| fields.get("checks")) {
        return add_fields(rows, names);
    }
    let parts: Vec<&Value> = fields
        .values()
        .filter_map(|field| resolved(field)["properties"].get("data"))
        .collect();
    if !parts.is_empty() {
        add_name(PART, names);
        return parts.into_iter().for_each(|part| add_fields(part, names));
    }
    let is_always_there = |name: &str, field: &Value| {
        let required = schema["required"].as_array().into_iter().flatten();
        required.into_iter().any(|one| one == name) || is_nullable(field)
    };
    let fields = fields
        .iter()
        .filter(|(name, field)| is_always_there(name, field));
    fields.for_each(|(name, _)| add_name(name, names));
}

fn add_name(name: &str, names: &mut Vec<String>) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// Follows a reference to the schema that it names.
fn resolved(schema: &Value) -> &Value {
    let pointer = schema["$ref"]
        .as_str()
        .map(|reference| reference.trim_start_matches('#'));
    pointer
        .and_then(|pointer| openapi().pointer(pointer))
        .unwrap_or(schema)
}

/// Returns whether a field may be `null`: such a field is always written, one that may be absent is
/// never `null`.
fn is_nullable(field: &Value) -> bool {
    let allows_null = |schema: &Value| match &schema["type"] {
        Value::Array(types) => types.iter().any(|one| one == "null"),
        one => one == "null",
    };
    allows_null(field)
        || field["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .any(allows_null)
}
