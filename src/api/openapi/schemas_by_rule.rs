//! What holds of all schemas by rule: examples and timestamps.

use serde_json::{Map, Value, json};
use utoipa::Modify;
use utoipa::openapi::schema::{KnownFormat, Schema, SchemaFormat};
use utoipa::openapi::{OpenApi, RefOr};

const EXAMPLES: &str = include_str!("examples.json");

/// Gives each schema its example, and each timestamp its form.
pub(super) struct SchemaRules;

impl Modify for SchemaRules {
    fn modify(&self, document: &mut OpenApi) {
        let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
        let schemas = document
            .components
            .iter_mut()
            .flat_map(|all| &mut all.schemas);
        for (name, schema) in schemas {
            let RefOr::T(schema) = schema else { continue };
            if let Some(example) = example_of(name, &examples) {
                set_example(schema, example);
            }
            if let Schema::Object(object) = schema {
                object.properties.values_mut().for_each(complete_timestamp);
            }
        }
    }
}

/// Returns the example of a schema; that of a list of figures has one element.
fn example_of(name: &str, examples: &Map<String, Value>) -> Option<Value> {
    let element = name
        .strip_prefix("Data_")
        .and_then(|element| examples.get(element));
    let list = element.map(|element| {
        json!({ "data": [element], "as_of": "2024-03-31", "currency": "RUB", "other_currencies": ["USD"] })
    });
    list.or_else(|| examples.get(name).cloned())
}

fn set_example(schema: &mut Schema, example: Value) {
    let place = match schema {
        Schema::Object(schema) => &mut schema.example,
        Schema::Array(schema) => &mut schema.example,
        Schema::AllOf(schema) => &mut schema.example,
        Schema::OneOf(schema) => &mut schema.example,
        Schema::AnyOf(schema) => &mut schema.example,
        _ => return,
    };
    *place = Some(example);
}

/// A timestamp is UTC without a mark of it, which `date-time` does not allow.
fn complete_timestamp(property: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = property
        && let Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)) = object.format
    {
        object.format = None;
        object.pattern = Some(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$".to_owned());
        object.description = Some("UTC.".to_owned());
    }
}
