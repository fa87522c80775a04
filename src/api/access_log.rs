//! The access log: a line for each request, under the log target `access`.
//!
//! Every request is counted here, too, for monitoring: with the same method, route, status and time.
//!
//! A line names the route's template, never the path or the query, which may hold names and
//! figures. Probes and scrapes are logged at `debug`, everything else at `info`. The duration ends
//! when the head of the answer is ready; the body may take longer.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::{Method, StatusCode};
use log::Level;

use super::health::PROBES;
use crate::logging::RequestSpan;
use crate::metrics::RouteMetrics;

const TARGET: &str = "access";
/// What nginx logs when the client left before it was answered.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What a line says.
pub(super) struct AccessLine<'a> {
    pub(super) method: &'a Method,
    /// The template that the path matched.
    pub(super) route: Option<&'a str>,
    pub(super) status: u16,
    pub(super) request_id: &'a str,
    pub(super) user_id: Option<i64>,
}

/// Writes the line of a request that took so long.
pub(super) fn write(duration: Duration, line: &AccessLine<'_>) {
    let is_probe = line.route.is_some_and(|route| PROBES.contains(&route));
    let level = if is_probe { Level::Debug } else { Level::Info };
    log::log!(
        target: TARGET,
        level,
        "method={} route={} status={} duration_ms={:.3} request_id={} user_id={}",
        line.method,
        OrDash(line.route),
        line.status,
        duration.as_secs_f64() * 1000.0,
        line.request_id,
        OrDash(line.user_id),
    );
}

/// A request that is being handled. It is counted and its line is written when this is dropped: also when the
/// client leaves, which ends the future that holds this.
pub(super) struct PendingLine {
    started: Instant,
    method: Method,
    route: Option<String>,
    span: Arc<RequestSpan>,
    status: u16,
}

impl PendingLine {
    pub(super) fn new(
        started: Instant,
        method: Method,
        route: Option<String>,
        span: Arc<RequestSpan>,
    ) -> PendingLine {
        PendingLine {
            started,
            method,
            route,
            span,
            status: CLIENT_CLOSED_REQUEST,
        }
    }

    /// Writes the line with the status of the answer.
    pub(super) fn finish(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for PendingLine {
    fn drop(&mut self) {
        let line = AccessLine {
            method: &self.method,
            route: self.route.as_deref(),
            status: self.status,
            request_id: self.span.request_id(),
            user_id: self.span.user_id(),
        };
        let duration = self.started.elapsed();
        RouteMetrics::new(line.method.as_str(), line.route, line.status).record(duration);
        write(duration, &line);
    }
}

struct OrDash<T>(Option<T>);

impl<T: Display> Display for OrDash<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("-"),
        }
    }
}
