//! Files that are handed in, as the body of a request.
//!
//! First who may: of anybody else nothing of the body is read. Then the body: few forms at once,
//! each bounded in time, size and number of files (`http/received_files`).

use std::future::Future;
use std::pin::Pin;

use actix_multipart::MultipartError;
use actix_multipart::form::{MultipartForm, MultipartFormConfig};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{Error, FromRequest, HttpRequest};
use tokio::time::timeout;

use super::caller::{Caller, state_of};
use super::error::ApiError;
use crate::http::{announces_too_much, upload_config};
use crate::import::ReceivedFile;
use crate::state::UploadTurn;

/// Files from somebody who may hand them in.
pub(super) struct Upload {
    /// Who that is.
    pub caller: Caller,
    /// The department that the caller works in; `None` for administrators.
    pub department_id: Option<i64>,
    /// The files in order.
    pub files: Vec<ReceivedFile>,
}

/// Workbooks, each in a part called `files`.
#[derive(MultipartForm)]
#[multipart(deny_unknown_fields)]
struct UploadForm {
    files: Vec<ReceivedFile>,
}

/// Returns how forms are read.
pub(super) fn form_config() -> MultipartFormConfig {
    upload_config().error_handler(|err, _| ApiError::from_multipart_error(&err).into())
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Upload, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Nothing of the body is read before this future is polled.
        let form = MultipartForm::<UploadForm>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let (caller, department_id) = admit(&request).await?;
            let (_turn, form_time) = begin(&request, caller.user_id())?;
            let form = timeout(form_time, form).await;
            let MultipartForm(form) = form.map_err(|_| ApiError::TooSlow(form_time))??;
            Ok(Upload {
                caller,
                department_id,
                files: form.files,
            })
        })
    }
}

/// Returns who hands files in, and for which department, unless that person may not.
async fn admit(request: &HttpRequest) -> Result<(Caller, Option<i64>), ApiError> {
    let caller = Caller::allowed(request).await?;
    let department_id = caller.department(None)?.id();
    if announces_too_much(request) {
        let too_large = MultipartError::Payload(PayloadError::Overflow);
        return Err(ApiError::from_multipart_error(&too_large));
    }
    Ok((caller, department_id))
}

/// Returns the right to receive a form, and for how long.
fn begin(
    request: &HttpRequest,
    user_id: i64,
) -> Result<(UploadTurn, std::time::Duration), ApiError> {
    let limits = &state_of(request)?.uploads;
    let turn = limits.try_begin(user_id).ok_or_else(|| {
        ApiError::RetryLater("too many files are being handed in: try again in a moment".to_owned())
    })?;
    Ok((turn, limits.form_time))
}
