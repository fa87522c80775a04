//! What holds of all operations by rule: errors, headers, files, who may.

use serde_json::json;
use utoipa::Modify;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, OpenApi, RefOr, Required, Response};

use super::problems::responses;
use crate::api::params::XLSX;

/// What is open to whoever watches the service: no resource, and without a token.
const MONITORING: [&str; 3] = ["livez", "readyz", "metrics"];
/// This document, which is open, too.
const DOCUMENT: &str = "openapi";
const LOGIN: &str = "login";
/// The tag of figures, which are cached.
const CACHED: &str = "Analytics";
/// The tags of operations whose lists say how new the data is.
const DATA: [&str; 3] = ["Adjustments", "Operations", "Reference data"];

/// Adds what holds by rule to each operation.
pub(super) struct OperationRules;

impl Modify for OperationRules {
    fn modify(&self, document: &mut OpenApi) {
        for item in document.paths.paths.values_mut() {
            let methods = [&mut item.put, &mut item.post, &mut item.delete];
            for operation in methods.into_iter().flatten() {
                add_problems(operation);
                add_headers(operation);
            }
            if let Some(operation) = &mut item.get {
                add_problems(operation);
                add_conditional_request(operation);
                add_headers(operation);
            }
        }
    }
}

/// Adds the errors that follow from what an operation takes, and who may.
fn add_problems(operation: &mut Operation) {
    let is_resource = !is_monitoring(operation) && !is(operation, DOCUMENT);
    let is_open = !is_resource || is(operation, LOGIN);
    let has_body = operation.request_body.is_some();
    let mut problems = Vec::new();
    if is_resource {
        problems.extend([
            (422, "A parameter or a field can't be used; it is named."),
            (500, "A fault of the service."),
            (503, "The service can't answer at the moment."),
        ]);
    }
    if !is_open {
        let bearer = SecurityRequirement::new::<_, [&str; 0], &str>("bearer", []);
        operation.security = Some(vec![bearer]);
        problems.extend([
            (401, "No valid access token."),
            (403, "The caller may not."),
        ]);
    }
    if takes(operation, "id") || has_body && !is_open {
        problems.push((404, "No such row."));
    }
    if has_body {
        problems.extend([
            (408, "The body took too long to arrive."),
            (413, "The body is too large."),
        ]);
    }
    if takes(operation, "format") {
        problems.push((429, "Too many files are being written."));
    }
    operation.responses.responses.extend(responses(&problems));
}

/// Adds the entity tag of a resource.
fn add_conditional_request(operation: &mut Operation) {
    if is_monitoring(operation) {
        return;
    }
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(RefOr::T(if_none_match()));
    add_to_ok(
        operation,
        [
            ("ETag", header("The tag of this answer, weak.")),
            ("Cache-Control", header("Private, and to be revalidated.")),
        ],
    );
    let unchanged = Response::new("Unchanged since `If-None-Match`.");
    let all = &mut operation.responses.responses;
    all.insert("304".to_owned(), RefOr::T(unchanged));
}

/// Adds the headers that follow from what an operation takes and is about, and the files.
fn add_headers(operation: &mut Operation) {
    let is_cached = has_tag(operation, CACHED);
    let is_list = takes(operation, "skip");
    if is_list {
        let total = ("X-Total-Count", number("How many rows match.", 0));
        add_to_ok(operation, [total]);
    }
    if takes(operation, "after") {
        add_to_ok(
            operation,
            [
                (
                    "X-Next-After",
                    header("The `after` of the next page, if there is one."),
                ),
                (
                    "Link",
                    header("The next page, `rel=\"next\"`, if there is one."),
                ),
            ],
        );
    }
    if is_cached {
        add_to_ok(
            operation,
            [
                ("Age", number("Seconds since it was computed.", 0)),
                (
                    "Cache-Status",
                    header("RFC 9211: whether it came from the cache."),
                ),
                (
                    "X-Other-Currencies",
                    header("Currencies whose amounts are not added in."),
                ),
            ],
        );
    }
    if is_cached || is_list && DATA.iter().any(|tag| has_tag(operation, tag)) {
        add_to_ok(
            operation,
            [
                (
                    "X-Data-As-Of",
                    header("When the data was last known to be complete, UTC."),
                ),
                (
                    "X-Data-Through",
                    header("The newest document that is not dated after today."),
                ),
            ],
        );
    }
    if takes(operation, "format")
        && let Some(ok) = response(operation, "200")
    {
        let binary = string().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        for (kind, schema) in [("text/csv", string()), (XLSX, binary)] {
            let content = RefOr::T(Content::new(Some(schema)));
            ok.content.insert(kind.to_owned(), content);
        }
    }
    let has_location = !is(operation, "register");
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let of_status = match status.as_str() {
            "201" | "202" if has_location => Some(("Location", header("Where the new one is."))),
            "401" => Some(("WWW-Authenticate", header("Bearer"))),
            "429" => Some(("Retry-After", number("In seconds.", 1))),
            "503" => Some((
                "Retry-After",
                number("In seconds, if the database is being written to.", 1),
            )),
            _ => None,
        };
        let of_all = ("X-Request-Id", header("The request's id, for the log."));
        add(response, [of_all].into_iter().chain(of_status));
    }
}

fn is(operation: &Operation, id: &str) -> bool {
    operation.operation_id.as_deref() == Some(id)
}

fn is_monitoring(operation: &Operation) -> bool {
    MONITORING.iter().any(|id| is(operation, id))
}

fn has_tag(operation: &Operation, tag: &str) -> bool {
    operation.tags.iter().flatten().any(|own| own == tag)
}

fn takes(operation: &Operation, name: &str) -> bool {
    let is_of_name = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.name == name,
        RefOr::Ref(_) => false,
    };
    operation.parameters.iter().flatten().any(is_of_name)
}

fn response<'a>(operation: &'a mut Operation, status: &str) -> Option<&'a mut Response> {
    match operation.responses.responses.get_mut(status) {
        Some(RefOr::T(response)) => Some(response),
        _ => None,
    }
}

fn add_to_ok<const N: usize>(operation: &mut Operation, headers: [(&str, Header); N]) {
    if let Some(ok) = response(operation, "200") {
        add(ok, headers);
    }
}

fn add<'a>(response: &mut Response, headers: impl IntoIterator<Item = (&'a str, Header)>) {
    let headers = headers.into_iter();
    let named = headers.map(|(name, header)| (name.to_owned(), RefOr::T(header)));
    response.headers.extend(named);
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn header(text: &str) -> Header {
    let header = HeaderBuilder::new().description(Some(text));
    header.schema(Some(string())).build()
}

fn number(text: &str, smallest: i64) -> Header {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(smallest));
    let header = HeaderBuilder::new().description(Some(text));
    header.schema(Some(schema)).build()
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
        .schema(Some(string()))
        .example(Some(json!("W/\"0123456789abcdef0123456789abcdef\"")))
        .build()
}
