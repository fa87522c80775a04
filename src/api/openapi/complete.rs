//! What holds of all handlers by rule: errors, headers, files, who may, and the examples.

use actix_web::http::StatusCode;
use chrono::{Datelike, Utc};
use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Required};

use crate::api::answer::LONGEST_TEXT;
use crate::api::error::Problem;
use crate::domain::{AdjustmentKind, Currency};

/// What may be asked without a token.
const OPEN: [&str; 5] = [
    "/livez",
    "/readyz",
    "/metrics",
    super::URL,
    "/api/v1/auth/login",
];
/// The bodies whose fields are checked beyond their type.
const BODIES: [&str; 17] = [
    "ContractSplit",
    "MergeTarget",
    "SplitAliases",
    "ChangedAdjustment",
    "EnteredAdjustment",
    "NewOrganization",
    "ChangedOrganization",
    "NewBankAccount",
    "ChangedBankAccount",
    "NewLender",
    "ChangedLender",
    "NewContract",
    "ChangedContract",
    "NewDepartment",
    "PasswordChange",
    "Profile",
    "Registration",
];
/// The tags of operations whose lists say how new the data is.
const DATA_TAGS: [&str; 3] = ["Adjustments", "Operations", "Reference data"];
const EXAMPLES: &str = include_str!("examples.json");

/// The handlers' document with all that holds by rule.
pub fn completed(handlers: &OpenApi) -> Value {
    let mut document = serde_json::to_value(handlers).unwrap_or_default();
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
    for (path, operations) in entries(&mut document["paths"]) {
        for (method, operation) in entries(operations) {
            complete_operation(path, method, operation);
        }
    }
    for (name, schema) in entries(&mut document["components"]["schemas"]) {
        let element = name
            .strip_prefix("Data_")
            .and_then(|element| examples.get(element));
        let wrapped = element.map(|element| {
            json!({ "data": [element], "as_of": "2024-03-31", "currency": "RUB", "other_currencies": ["USD"] })
        });
        if let Some(example) = wrapped.or_else(|| examples.get(name).cloned()) {
            schema["example"] = example;
        }
        let is_body = BODIES.contains(&name.as_str());
        for (field, property) in schema.get_mut("properties").into_iter().flat_map(entries) {
            complete_timestamp(property);
            if is_body {
                complete_field(field, property);
            }
        }
    }
    document["components"]["securitySchemes"] =
        json!({ "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } });
    // The journal has two paths since the system that this one replaces.
    for rest in ["", "/{id}/rejects"] {
        let mut alias =
            document["paths"][format!("{}/import-logs{rest}", super::CREDIT_PORTFOLIO)].clone();
        let id = alias["get"]["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        alias["get"]["operationId"] = json!(format!("{id}_alias"));
        document["paths"][format!("{}/import/logs{rest}", super::CREDIT_PORTFOLIO)] = alias;
    }
    document
}

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    let has = |name: &str| parameters(operation).any(|parameter| parameter["name"] == name);
    let (is_list, has_files, has_id, has_cursor) =
        (has("skip"), has("format"), has("id"), has("after"));
    let has_body = !operation["requestBody"].is_null();
    let is_open = OPEN.contains(&path);
    let is_resource = path.starts_with(super::ROOT) && path != super::URL;
    let mut problems = Vec::new();
    if is_resource {
        problems.extend([
            (422, "A parameter or a field can't be used; it is named."),
            (500, "A fault of the service."),
        ]);
        problems.push((503, "The service can't answer at the moment."));
    }
    if !is_open {
        operation["security"] = json!([{ "bearer": [] }]);
        problems.extend([
            (401, "No valid access token."),
            (403, "The caller may not."),
        ]);
    }
    if has_id || has_body && !is_open {
        problems.push((404, "No such row."));
    }
    if has_body {
        problems.push((413, "The body is too large."));
    }
    if has_body && (!path.contains("/auth/") || path.ends_with("/auth/me"))
        || path.ends_with("/register")
        || path.ends_with("/trigger")
        || path.ends_with("/cancel")
        || path.ends_with("/undo")
    {
        problems.push((
            409,
            "It exists already, another one is running, or what is stored is in the way.",
        ));
    }
    if path.ends_with("/import/files") {
        problems.extend([
            (400, "The body can't be read."),
            (409, "A run is still running."),
            (415, "The body is no multipart form."),
        ]);
    }
    if path.ends_with("/login") {
        problems.extend([
            (401, "User or password is wrong."),
            (429, "Too many failed logins."),
        ]);
    }
    for (status, text) in problems {
        operation["responses"][status.to_string()] = problem(status, text);
    }
    if method == "get" && path.starts_with(super::ROOT) {
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.push(json!(if_none_match()));
        } else {
            operation["parameters"] = json!([if_none_match()]);
        }
        let ok = &mut operation["responses"]["200"];
        ok["headers"]["ETag"] = header("The tag of this answer, weak.");
        ok["headers"]["Cache-Control"] = header("Private, and to be revalidated.");
        operation["responses"]["304"] =
            json!({ "description": "Unchanged since `If-None-Match`." });
    }
    let is_cached = operation["tags"][0] == "Analytics";
    let ok = &mut operation["responses"]["200"];
    if is_list {
        ok["headers"]["X-Total-Count"] = json!({
            "description": "How many rows match.", "schema": { "type": "integer", "minimum": 0 } });
    }
    if has_cursor {
        ok["headers"]["X-Next-After"] = header("The `after` of the next page, if there is one.");
        ok["headers"]["Link"] = header("The next page, `rel=\"next\"`, if there is one.");
    }
    if is_cached {
        ok["headers"]["Age"] = json!({
            "description": "Seconds since it was computed.", "schema": { "type": "integer", "minimum": 0 } });
        ok["headers"]["Cache-Status"] = header("RFC 9211: whether it came from the cache.");
        ok["headers"]["X-Other-Currencies"] = header("Currencies whose amounts are not added in.");
    }
    if is_cached || is_list && DATA_TAGS.iter().any(|tag| operation["tags"][0] == *tag) {
        let ok = &mut operation["responses"]["200"];
        ok["headers"]["X-Data-As-Of"] = header("When the data was last known to be complete, UTC.");
        ok["headers"]["X-Data-Through"] =
            header("The newest document that is not dated after today.");
    }
    let ok = &mut operation["responses"]["200"];
    if has_files {
        ok["content"]["text/csv"] = json!({ "schema": { "type": "string" } });
        ok["content"]["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] =
            json!({ "schema": { "type": "string", "format": "binary" } });
    }
    for (status, response) in entries(&mut operation["responses"]) {
        response["headers"]["X-Request-Id"] = header("The request's id, for the log.");
        match status.as_str() {
            "201" | "202" if !path.ends_with("/register") => {
                response["headers"]["Location"] = header("Where the new one is.")
            }
            "401" => response["headers"]["WWW-Authenticate"] = header("Bearer"),
            "429" => response["headers"]["Retry-After"] = retry_after("In seconds."),
            "503" => {
                response["headers"]["Retry-After"] =
                    retry_after("In seconds, if the database is being written to.");
            }
            _ => {}
        }
    }
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

fn problem(status: u16, text: &str) -> Value {
    let mut example = json!(Problem::of(
        StatusCode::from_u16(status).unwrap_or_default(),
        text.to_owned()
    ));
    example["request_id"] = json!("9f1c2ab0d3e45f67");
    json!({
        "description": text,
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "example": example,
        }},
    })
}

fn header(text: &str) -> Value {
    json!({ "description": text, "schema": { "type": "string" } })
}

fn retry_after(text: &str) -> Value {
    json!({ "description": text, "schema": { "type": "integer", "minimum": 1 } })
}

/// What `text_field` and its like demand of a body's field.
fn complete_field(name: &str, field: &mut Value) {
    let is_of = |kind: &str| match &field["type"] {
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        one => one == kind,
    };
    let limits = match name {
        "old_password" => json!({}),
        "password" | "new_password" => json!({ "minLength": 8, "maxLength": 1024 }),
        "contract_type" => json!({ "enum": ["credit", "loan", "Кредит", "Заем", null] }),
        "direction" => json!({ "enum": ["borrowed", "lent", null] }),
        "currency" => {
            let codes: Vec<Value> = Currency::codes()
                .map(Value::from)
                .chain([Value::Null])
                .collect();
            json!({ "enum": codes })
        }
        "kind" => json!({ "enum": AdjustmentKind::ALL.map(AdjustmentKind::as_str) }),
        // The import's bounds, narrow enough for any day on which the document is read.
        "date" => json!({ "pattern": possible_days(Utc::now().year() + 1) }),
        "amount" => {
            json!({ "minimum": -10_000_000_000_000_i64, "maximum": 10_000_000_000_000_i64, "multipleOf": 0.01 })
        }
        "alias_ids" => json!({
            "minItems": 1, "items": { "type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX } }),
        _ if is_of("integer") => json!({ "minimum": 1, "maximum": i64::MAX }),
        _ if is_of("string") && field["format"].is_null() => {
            json!({ "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": super::VISIBLE })
        }
        _ => json!({}),
    };
    if let (Some(field), Value::Object(limits)) = (field.as_object_mut(), limits) {
        field.extend(limits);
    }
}

/// A pattern of the days from 1990 to the end of a year, without those that no calendar has.
fn possible_days(last_year: i32) -> String {
    let years = |fits: fn(&i32) -> bool| -> String {
        let years: Vec<String> = (1990..=last_year)
            .filter(fits)
            .map(|year| year.to_string())
            .collect();
        years.join("|")
    };
    let (every_year, leap_years) = (years(|_| true), years(|year| year % 4 == 0));
    format!(
        "^(({every_year})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|\
         02-(0[1-9]|1[0-9]|2[0-8]))|({leap_years})-02-29)$"
    )
}

/// A timestamp is UTC without a mark of it, which `date-time` does not allow.
fn complete_timestamp(property: &mut Value) {
    if property["format"] == "date-time"
        && let Some(property) = property.as_object_mut()
    {
        property.remove("format");
        property.insert(
            "pattern".to_owned(),
            json!(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$"),
        );
        property.insert("description".to_owned(), json!("UTC."));
    }
}

fn entries(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

/// The header of a conditional request.
fn if_none_match() -> Parameter {
    ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Entity tags that are known already, or `*`: an unchanged answer is 304.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some(json!("W/\"0123456789abcdef0123456789abcdef\"")))
        .build()
}
