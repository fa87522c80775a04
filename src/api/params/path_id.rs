//! The id in a path.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde_json::json;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema};

use super::super::error::ApiError;
use super::value::Kind;
use super::values::{Id, IdKind};

/// The id of a row, the `{id}` of a path.
#[derive(Clone, Copy, Debug)]
pub struct PathId(pub i64);

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<PathId, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("id");
        let id = IdKind::parse(text).map_err(|detail| ApiError::invalid("id", detail));
        ready(id.map(PathId))
    }
}

impl IntoParams for PathId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The row's id."))
            .schema(Some(Id::schema()))
            .example(Some(json!(1)));
        vec![id.build()]
    }
}
