//! A JSON object as the body of a request.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Json;
use actix_web::{Error, FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::caller::state_of;
use super::error::ApiError;

/// An extractor as [`Json`], of an object only, that names the field that is wrong and takes a
/// bounded time. Serde reads an
/// array as a struct, too, field by field; of a struct whose fields may all be left out, `[]` would
/// be a body that changes nothing.
pub struct ObjectBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest for ObjectBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<ObjectBody<T>, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let raw = Json::<Box<RawValue>>::from_request(request, payload);
        let limit = state_of(request).map(|state| state.uploads.json_time());
        Box::pin(async move {
            let limit = limit?;
            let raw = timeout(limit, raw).await;
            let raw = raw.map_err(|_| ApiError::TooSlow(limit))??;
            Ok(ObjectBody(read(raw.get())?))
        })
    }
}

fn read<T: DeserializeOwned>(object: &str) -> Result<T, ApiError> {
    if !object.starts_with('{') {
        return Err(ApiError::invalid("body", "the body must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_str(object);
    serde_path_to_error::deserialize(&mut json).map_err(|err| {
        let (field, detail) = (err.path().to_string(), err.inner().to_string());
        // What the body has no field for is wrong with the body; the detail names it.
        let is_of_body = err.path().iter().next().is_none() || detail.starts_with("unknown field");
        ApiError::invalid(if is_of_body { "body" } else { &field }, detail)
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::read;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        ids: Vec<i64>,
        #[expect(dead_code, reason = "only read")]
        name: Option<String>,
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (body, expected) in [
            (
                r#"{"ids": "x"}"#,
                "ids: invalid type: string \"x\", expected a sequence",
            ),
            (
                r#"{"ids": [1, true]}"#,
                "ids[1]: invalid type: boolean `true`, expected i64",
            ),
            (
                r#"{"ids": [], "name": 1}"#,
                "name: invalid type: integer `1`, expected a string",
            ),
            (r#"{"name": "x"}"#, "body: missing field `ids`"),
            (
                r#"{"ids": [], "id": 1}"#,
                "body: unknown field `id`, expected `ids` or `name`",
            ),
            ("[[1]]", "body: the body must be a JSON object"),
        ] {
            let refused = read::<Body>(body)
                .map(|body| body.ids)
                .map_err(|err| err.to_string());
            let refused = refused.err().unwrap_or_default();
            assert!(refused.starts_with(expected), "{body}: {refused}");
        }
    }
}
