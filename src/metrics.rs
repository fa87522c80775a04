//! Every metric of the program, in one place, for Prometheus.

use std::sync::LazyLock;

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// Seconds, from a tenth of a millisecond to ten seconds.
const SECONDS: [f64; 11] = [
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0,
];

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// Questions to the cache, by `endpoint`, `tier` (`memory`, `redis`, `none`) and `result` (`hit`,
/// `miss`, `stale`, and `bypass` for answers that are never cached).
pub static CACHE_REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "cache_requests_total",
        "Questions to the cache.",
        &["endpoint", "tier", "result"],
    )
});
/// How long computing an answer took, by `endpoint`.
pub static COMPUTING_SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let opts = HistogramOpts::new("computing_seconds", "Time to compute an answer.");
    let opts = opts.namespace(NAMESPACE).buckets(SECONDS.to_vec());
    registered(HistogramVec::new(opts, &["endpoint"]))
});
/// How long a step with Redis took.
pub static REDIS_SECONDS: LazyLock<Histogram> = LazyLock::new(|| {
    let opts = HistogramOpts::new("redis_seconds", "Time of a step with Redis.");
    registered(Histogram::with_opts(
        opts.namespace(NAMESPACE).buckets(SECONDS.to_vec()),
    ))
});
/// Faults of Redis.
pub static REDIS_FAULTS: LazyLock<IntCounter> =
    LazyLock::new(|| counter("redis_faults_total", "Faults of Redis."));
/// 1 while Redis is in use, 0 while the breaker is open; absent when it is switched off.
pub static REDIS_UP: LazyLock<IntGauge> =
    LazyLock::new(|| gauge("redis_up", "Whether Redis is in use."));
/// Entries in memory.
pub static CACHE_ENTRIES: LazyLock<IntGauge> =
    LazyLock::new(|| gauge("cache_entries", "Entries in memory."));
/// What the entries in memory take up.
pub static CACHE_BYTES: LazyLock<IntGauge> =
    LazyLock::new(|| gauge("cache_bytes", "Bytes of the entries in memory."));
/// Entries that were dropped, by `cause` (`scope`, `namespace`).
pub static INVALIDATED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "cache_invalidated_total",
        "Entries that were dropped.",
        &["cause"],
    )
});
/// Questions that shared another's computation.
pub static COLLAPSED: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "cache_collapsed_total",
        "Questions that shared another's computation.",
    )
});
/// Answers that were computed before anybody asked, by `cause` (`dropped`, `expiring`).
pub static WARMED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "cache_warmed_total",
        "Answers computed before anybody asked.",
        &["cause"],
    )
});
/// Cached answers that were computed again to compare.
pub static AUDITED: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "cache_audited_total",
        "Cached answers that were computed again to compare.",
    )
});
/// Cached answers that differed from what was computed again: there must be none.
pub static INCONSISTENT: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "cache_inconsistent_total",
        "Cached answers that differed when computed again.",
    )
});
/// Import runs that ended, by `state`.
pub static IMPORT_RUNS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counters("import_runs_total", "Import runs that ended.", &["state"]));
/// How often the import actor broke off by an error in the program and was started again.
pub static IMPORT_ACTOR_RESTARTS: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "import_actor_restarts_total",
        "Restarts of the import actor after errors.",
    )
});
/// When the last import run ended that left no file of its department failing, in Unix seconds.
pub static IMPORT_COMPLETED_AT: LazyLock<IntGauge> = LazyLock::new(|| {
    gauge(
        "import_completed_timestamp_seconds",
        "End of the last run without failing files.",
    )
});
/// When all sources were last looked through, whatever became of their files, in Unix seconds, by
/// `department`.
pub static IMPORT_CHECKED_AT: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauges(
        "import_checked_timestamp_seconds",
        "When all sources were last looked through.",
        &["department"],
    )
});
/// Files that can't be imported now, those that are left alone included, by `department`.
pub static IMPORT_FILES_FAILING: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauges(
        "import_files_failing",
        "Files that can't be imported now.",
        &["department"],
    )
});
/// Sources that offer no file although they did before, by `department`.
pub static IMPORT_SOURCES_EMPTY: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauges(
        "import_sources_empty",
        "Sources that offer no file although they did before.",
        &["department"],
    )
});
/// Rows that imports wrote down, by `result` (`inserted`, `updated`, `unchanged`, `deleted`,
/// `rejected`).
pub static IMPORT_ROWS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counters("import_rows_total", "Rows of imports.", &["result"]));

const NAMESPACE: &str = "credit_portfolio";

/// All metrics in Prometheus' text format.
pub fn text() -> String {
    // Counters that are still 0 are shown, too.
    let plain = [
        &REDIS_FAULTS,
        &COLLAPSED,
        &AUDITED,
        &INCONSISTENT,
        &IMPORT_ACTOR_RESTARTS,
    ];
    plain.into_iter().for_each(|counter| counter.inc_by(0));
    for state in ["completed", "partial", "failed", "interrupted"] {
        IMPORT_RUNS.with_label_values(&[state]);
    }
    LazyLock::force(&REDIS_SECONDS);
    LazyLock::force(&IMPORT_COMPLETED_AT);
    TextEncoder::new()
        .encode_to_string(&REGISTRY.gather())
        .unwrap_or_default()
}

fn counter(name: &str, help: &str) -> IntCounter {
    registered(IntCounter::with_opts(
        Opts::new(name, help).namespace(NAMESPACE),
    ))
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(IntCounterVec::new(
        Opts::new(name, help).namespace(NAMESPACE),
        labels,
    ))
}

fn gauge(name: &str, help: &str) -> IntGauge {
    registered(IntGauge::with_opts(
        Opts::new(name, help).namespace(NAMESPACE),
    ))
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    registered(IntGaugeVec::new(
        Opts::new(name, help).namespace(NAMESPACE),
        labels,
    ))
}

/// Names and labels above are constants: what they give can't fail but for a slip in this file,
/// which every start would show.
#[expect(clippy::expect_used, reason = "a start-up invariant")]
fn registered<C: Collector + Clone + 'static>(metric: prometheus::Result<C>) -> C {
    let metric = metric.expect("a metric's name and labels are well-formed");
    REGISTRY
        .register(Box::new(metric.clone()))
        .expect("a metric's name is given once");
    metric
}
