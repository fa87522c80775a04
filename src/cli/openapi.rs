//! `openapi`: the description of the REST interface, for generators of clients.

use std::io::Write;

pub fn run() -> anyhow::Result<()> {
    let document = serde_json::to_string_pretty(crate::api::openapi())?;
    // A reader that has seen enough, such as head, is no fault.
    match writeln!(std::io::stdout(), "{document}") {
        Err(err) if err.kind() != std::io::ErrorKind::BrokenPipe => Err(err.into()),
        _ => Ok(()),
    }
}
