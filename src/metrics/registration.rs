//! How metrics are made: each in the one registry, under the program's prefix.

use std::sync::LazyLock;

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

const NAMESPACE: &str = "credit_portfolio";

/// Seconds, from a tenth of a millisecond to ten seconds.
const SECONDS: [f64; 11] = [
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0,
];

pub(super) static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let registry = Registry::new();
    #[cfg(target_os = "linux")]
    registered_in(
        &registry,
        prometheus::process_collector::ProcessCollector::for_self(),
    );
    registry
});

pub(super) fn counter(name: &str, help: &str) -> IntCounter {
    registered(IntCounter::with_opts(opts(name, help)))
}

pub(super) fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(IntCounterVec::new(opts(name, help), labels))
}

pub(super) fn gauge(name: &str, help: &str) -> IntGauge {
    registered(IntGauge::with_opts(opts(name, help)))
}

pub(super) fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    registered(IntGaugeVec::new(opts(name, help), labels))
}

/// A histogram of seconds.
pub(super) fn seconds(name: &str, help: &str) -> Histogram {
    registered(Histogram::with_opts(second_opts(name, help)))
}

/// Histograms of seconds.
pub(super) fn seconds_by(name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    registered(HistogramVec::new(second_opts(name, help), labels))
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace(NAMESPACE)
}

fn second_opts(name: &str, help: &str) -> HistogramOpts {
    HistogramOpts::from(opts(name, help)).buckets(SECONDS.to_vec())
}

/// Names and labels are constants: what they give can't fail but for a slip in this module, which
/// every start would show.
#[expect(clippy::expect_used, reason = "a start-up invariant")]
fn registered<C: Collector + Clone + 'static>(metric: prometheus::Result<C>) -> C {
    let metric = metric.expect("a metric's name and labels are well-formed");
    registered_in(&REGISTRY, metric.clone());
    metric
}

#[expect(clippy::expect_used, reason = "a start-up invariant")]
fn registered_in(registry: &Registry, metric: impl Collector + 'static) {
    registry
        .register(Box::new(metric))
        .expect("a metric's name is given once");
}
