//! What the REST interface and the dashboard both need of a request: where it comes from, and its
//! cookies.

mod client_address;
mod cookies;

pub use client_address::client_address;
pub(crate) use cookies::{
    device_cookie, login_origin, new_device_cookie, new_session_cookie, no_session_cookie,
    session_cookie,
};
