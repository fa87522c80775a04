//! A JSON object as the body of a request.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Json;
use actix_web::{Error, FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::ApiError;

/// An extractor as [`Json`], of an object only. Serde reads an array as a struct, too, field by
/// field; of a struct whose fields may all be left out, `[]` would be a body that changes nothing.
pub struct ObjectBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest for ObjectBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<ObjectBody<T>, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let raw = Json::<Box<RawValue>>::from_request(request, payload);
        Box::pin(async move {
            let raw = raw.await?;
            if !raw.get().starts_with('{') {
                return Err(ApiError::invalid("body", "the body must be a JSON object").into());
            }
            let body = serde_json::from_str(raw.get())
                .map_err(|err| ApiError::invalid("body", err.to_string()))?;
            Ok(ObjectBody(body))
        })
    }
}
