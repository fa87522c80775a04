//! Requests by method, route and status.
//!
//! Every label has few values: routes are the templates that paths match, and methods that no route
//! takes are one. Who answers the same route again and again keeps its [`RouteMetrics`].

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};

use super::registration::{counters, seconds_by};

/// The route of a path that nothing answers at.
const UNMATCHED: &str = "unmatched";

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "http_requests_total",
        "Requests that were answered.",
        &["method", "route", "status"],
    )
});
static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    seconds_by(
        "http_request_duration_seconds",
        "Time until the head of an answer was ready.",
        &["method", "route"],
    )
});

/// The metrics of one route's answers of one status.
pub struct RouteMetrics {
    answers: IntCounter,
    seconds: Histogram,
}

impl RouteMetrics {
    /// Returns those of a method and route (`None`: no path of ours).
    pub fn new(method: &str, route: Option<&str>, status: u16) -> RouteMetrics {
        let (method, route) = (method_label(method), route.unwrap_or(UNMATCHED));
        RouteMetrics {
            answers: REQUESTS.with_label_values(&[method, route, &status.to_string()]),
            seconds: SECONDS.with_label_values(&[method, route]),
        }
    }

    /// Counts an answer whose head was ready after that time.
    pub fn record(&self, duration: Duration) {
        self.answers.inc();
        self.seconds.observe(duration.as_secs_f64());
    }
}

/// HEAD is handled as GET.
fn method_label(method: &str) -> &'static str {
    match method {
        "GET" | "HEAD" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
