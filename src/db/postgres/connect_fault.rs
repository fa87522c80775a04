//! Why a connection could not be opened, and whether the same may succeed later.

use std::error::Error;
use std::io;

/// SQLSTATE classes of what passes: no connection yet, too many of them, a server that starts, stops
/// or recovers. Source: PostgreSQL's documentation, "PostgreSQL Error Codes".
const PASSING_CLASSES: [&str; 4] = ["08", "53", "55", "57"];

/// Why a connection could not be opened.
#[derive(Clone, Debug)]
pub struct ConnectFault {
    /// In words, with the server's host; never a password.
    pub cause: String,
    /// Whether the same may succeed later: a server that is not there yet may come, a wrong password
    /// stays wrong.
    pub may_pass: bool,
}

/// Returns whether waiting may help against what the driver says.
pub(super) fn may_pass(err: &tokio_postgres::Error) -> bool {
    if let Some(code) = err.code() {
        return PASSING_CLASSES
            .iter()
            .any(|class| code.code().starts_with(class));
    }
    // The driver has no public kinds: settings that contradict each other and ways to sign in that it
    // lacks are known by their texts.
    let text = err.to_string();
    if text.starts_with("invalid configuration") || text.starts_with("authentication error") {
        return false;
    }
    // A certificate that is not trusted, and a server that speaks no TLS.
    let is_of_tls = text.starts_with("error performing TLS handshake");
    let kind = err
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind);
    !(is_of_tls
        && matches!(
            kind,
            Some(io::ErrorKind::InvalidData | io::ErrorKind::Other)
        ))
}
