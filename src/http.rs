//! What the REST interface and the dashboard both need of a request: where it comes from, its
//! cookies, and files in its body.

mod client_address;
mod cookies;
mod received_files;

pub use client_address::client_address;
pub(crate) use cookies::{
    device_cookie, login_origin, new_device_cookie, new_session_cookie, no_session_cookie,
    session_cookie,
};
pub(crate) use received_files::{NotKept, announces_too_much, upload_config};
