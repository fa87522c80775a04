//! The log on standard error, and the request that a line belongs to.
//!
//! Every line that is written while a request is worked on carries the request's id in brackets
//! behind its target. Import runs name themselves in their own lines.

use std::sync::{Arc, OnceLock};

use env_logger::fmt::{ConfigurableFormat, Formatter};
use log::{Level, LevelFilter, Record};

tokio::task_local! {
    static CURRENT: Arc<RequestSpan>;
}

/// What this program's own lines name as their target, or begin it with.
const OWN_TARGETS: [&str; 2] = ["credit_portfolio", "access"];

/// Starts the log: what `RUST_LOG` asks for, by default `info`. Libraries that log every step are
/// heard from `warn` on, unless `RUST_LOG` names them; beyond `info` no library is heard, for they log
/// whole commands, parameters and headers there, with the passwords in them.
pub fn start() {
    let mut builder = env_logger::Builder::new();
    builder.filter_level(LevelFilter::Info);
    for talkative in ["actix_server", "libunftp", "unftp_sbe_fs"] {
        builder.filter_module(talkative, LevelFilter::Warn);
    }
    builder.format(write_line).parse_default_env().init();
}

/// Writes a line as env_logger does, with the request's id ahead of the message.
fn write_line(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let target = record.target();
    let is_own = OWN_TARGETS.iter().any(|own| target.starts_with(own));
    if record.level() > Level::Info && !is_own {
        return Ok(());
    }
    let format = ConfigurableFormat::default();
    let Ok(span) = CURRENT.try_with(Clone::clone) else {
        return format.format(out, record);
    };
    let mut line = Record::builder();
    line.metadata(record.metadata().clone());
    format.format(
        out,
        &line
            .args(format_args!("[{}] {}", span.request_id, record.args()))
            .build(),
    )
}

/// A request, as the log names it.
pub struct RequestSpan {
    request_id: String,
    user_id: OnceLock<i64>,
}

impl RequestSpan {
    /// Returns the span of a request whose user is not known yet.
    pub fn new(request_id: String) -> Arc<RequestSpan> {
        Arc::new(RequestSpan {
            request_id,
            user_id: OnceLock::new(),
        })
    }

    /// The request's id.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The user that the request was authorized for.
    pub fn user_id(&self) -> Option<i64> {
        self.user_id.get().copied()
    }

    /// Runs a future within the request.
    pub async fn scope<F: Future>(self: Arc<RequestSpan>, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Runs a function within the request.
    pub fn enter<T>(self: Arc<RequestSpan>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

/// Returns the id of the request that this task works on, `-` without one.
pub fn request_id() -> String {
    CURRENT
        .try_with(|span| span.request_id.clone())
        .unwrap_or_else(|_| "-".to_owned())
}

/// Notes whom the current request was authorized for; without a request nothing is noted.
pub fn record_user(user_id: i64) {
    // The first one stays: a request has one user.
    let _ = CURRENT.try_with(|span| span.user_id.set(user_id));
}
