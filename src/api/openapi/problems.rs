//! The errors that responses are described by: those that handlers name, and how all look.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::api::error::Problem;

type Responses = BTreeMap<String, RefOr<Response>>;

/// 409: what is stored is in the way.
pub(in crate::api) enum Conflict {}

impl IntoResponses for Conflict {
    fn responses() -> Responses {
        responses(&[(
            409,
            "It exists already, another one is running, or what is stored is in the way.",
        )])
    }
}

/// The errors of files that are handed in.
pub(in crate::api) enum UploadErrors {}

impl IntoResponses for UploadErrors {
    fn responses() -> Responses {
        responses(&[
            (400, "The body can't be read."),
            (409, "A run is still running."),
            (415, "The body is no multipart form."),
        ])
    }
}

/// The errors of a login.
pub(in crate::api) enum LoginErrors {}

impl IntoResponses for LoginErrors {
    fn responses() -> Responses {
        responses(&[
            (401, "User or password is wrong."),
            (429, "Too many failed logins."),
        ])
    }
}

/// Returns error responses by their status.
pub(super) fn responses(problems: &[(u16, &str)]) -> Responses {
    problems
        .iter()
        .map(|(status, text)| (status.to_string(), RefOr::T(problem(*status, text))))
        .collect()
}

fn problem(status: u16, text: &str) -> Response {
    let mut example = json!(Problem::of(
        StatusCode::from_u16(status).unwrap_or_default(),
        text.to_owned()
    ));
    example["request_id"] = json!("9f1c2ab0d3e45f67");
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(Some(example))
        .build();
    ResponseBuilder::new()
        .description(text)
        .content("application/problem+json", content)
        .build()
}
