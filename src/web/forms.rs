//! Forms that change something: only this site's own pages may send them, and only for the session
//! that they were made for.

use std::future::Future;
use std::pin::Pin;

use actix_web::http::header::{HeaderMap, ORIGIN};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::PageError;
use super::visitor::Visitor;

/// The fields of a form that a page of this site sent; nobody needs to be signed in.
pub(crate) struct OwnForm<T>(pub(crate) T);

/// The fields of a form of a visitor's session.
pub(crate) struct SignedForm<T> {
    pub(crate) visitor: Visitor,
    pub(crate) fields: T,
}

/// A form without fields of its own.
#[derive(Deserialize)]
pub(crate) struct NoFields {}

/// What every form of a session carries.
#[derive(Deserialize)]
struct FormToken {
    csrf: String,
}

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, PageError>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for OwnForm<T> {
    type Error = PageError;
    type Future = Extracted<OwnForm<T>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Bytes::from_request(request, payload));
        Box::pin(async move {
            check_own_site(&request)?;
            read(&read_body(body).await?).map(OwnForm)
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for SignedForm<T> {
    type Error = PageError;
    type Future = Extracted<SignedForm<T>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Bytes::from_request(request, payload));
        let visitor = Visitor::extract(&request);
        Box::pin(async move {
            check_own_site(&request)?;
            let visitor = visitor.await?;
            let body = read_body(body).await?;
            let token: FormToken = read(&body).map_err(|_| PageError::ForeignForm)?;
            check_token(&visitor, &token.csrf)?;
            let fields = read(&body)?;
            Ok(SignedForm { visitor, fields })
        })
    }
}

/// Checks the token that a form of the visitor's session carries.
///
/// # Errors
/// [`PageError::ForeignForm`].
pub(crate) fn check_token(visitor: &Visitor, token: &str) -> Result<(), PageError> {
    // Its bits are those of a hash: a comparison that ends early gives nothing away of use.
    if token == visitor.session.form_token {
        Ok(())
    } else {
        Err(PageError::ForeignForm)
    }
}

/// Checks that a page of this site, or nobody's, sends a request.
///
/// # Errors
/// [`PageError::ForeignForm`].
pub(crate) fn check_own_site(request: &HttpRequest) -> Result<(), PageError> {
    let is_own = is_own_site(request.headers(), request.connection_info().host());
    is_own.then_some(()).ok_or(PageError::ForeignForm)
}

/// By `Sec-Fetch-Site`; where the browser does not send it (over plain HTTP), by `Origin`.
fn is_own_site(headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin
            .split_once("://")
            .is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host)),
        (None, None) => false,
    }
}

async fn read_body(
    body: impl Future<Output = Result<Bytes, actix_web::Error>>,
) -> Result<Bytes, PageError> {
    body.await
        .map_err(|err| PageError::Address(err.to_string()))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, PageError> {
    serde_urlencoded::from_bytes(body).map_err(|err| PageError::Address(err.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::is_own_site;

    #[test]
    fn only_forms_of_this_site_pass() {
        for (headers, is_own) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (
                vec![
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://host:8000"),
                ],
                false,
            ),
            (vec![("origin", "http://host:8000")], true),
            (vec![("origin", "http://host:8001")], false),
            (vec![("origin", "http://host:8000.evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                let name: HeaderName = name.parse().unwrap();
                map.insert(name, HeaderValue::from_static(value));
            }
            assert_eq!(is_own_site(&map, "host:8000"), is_own, "{headers:?}");
        }
    }
}
