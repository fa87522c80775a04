//! Replies of an FTP server, and why a step failed.
//!
//! A reply is kept whole: its code may be none of the standard's, and its text is what an
//! administrator needs.

use std::fmt;
use std::time::Duration;

use suppaftp::{FtpError, FtpResult};

use crate::domain::NameEncoding;
use crate::import::sources::SourceError;

/// So much of a reply is shown, in characters.
const SHOWN: usize = 300;

/// A reply of the server: three digits and a text, on one line or several.
#[derive(Clone, Debug)]
pub(super) struct Reply(Vec<u8>);

impl Reply {
    /// Wraps the bytes of a reply.
    pub(super) fn of(bytes: Vec<u8>) -> Reply {
        Reply(bytes)
    }

    /// Returns its code, 0 when it does not begin with one.
    pub(super) fn code(&self) -> u16 {
        let digits = self
            .0
            .get(..3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// Whether the command was carried out.
    pub(super) fn is_done(&self) -> bool {
        (200..300).contains(&self.code())
    }

    /// Whether the same command may be carried out later.
    pub(super) fn is_transient(&self) -> bool {
        (400..500).contains(&self.code())
    }

    /// Returns its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns its text, with its code, on one line.
    pub(super) fn text(&self) -> String {
        let lines = self
            .0
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .filter(|line| !line.is_empty());
        let text: Vec<String> = lines.map(|line| NameEncoding::Auto.decode(line)).collect();
        text.join(" ")
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text().chars().take(SHOWN).collect::<String>())
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    /// The server refused it, or answered what it must not.
    #[error("{0}")]
    Refused(Reply),
    /// The connection broke, or the server does not speak FTP.
    #[error("{0}")]
    Ftp(FtpError),
    /// The server did not answer in time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Slow(Duration),
}

impl From<FtpError> for StepError {
    fn from(err: FtpError) -> StepError {
        match err {
            FtpError::UnexpectedResponse(response) => StepError::Refused(Reply::of(response.body)),
            other => StepError::Ftp(other),
        }
    }
}

impl StepError {
    /// Adds what was tried. What the server refuses for good, and what breaks trust, is not tried
    /// again.
    pub(super) fn context(self, what: String) -> SourceError {
        let is_transient = match &self {
            StepError::Refused(reply) => reply.is_transient(),
            StepError::Ftp(FtpError::SecureError(_)) => false,
            StepError::Ftp(_) | StepError::Slow(_) => true,
        };
        let message = format!("{what}: {self}");
        if is_transient {
            SourceError::transient(message)
        } else {
            SourceError::permanent(message)
        }
    }
}

/// Runs a step within its time.
pub(super) async fn within<T>(
    timeout: Duration,
    step: impl Future<Output = FtpResult<T>>,
) -> Result<T, StepError> {
    match tokio::time::timeout(timeout, step).await {
        Ok(result) => result.map_err(StepError::from),
        Err(_) => Err(StepError::Slow(timeout)),
    }
}
