//! Every metric of the program, in one place, for Prometheus. Those of HTTP are in `http`, those of the
//! process (`process_*`: memory, CPU, files) come from the library.

mod http;
mod registration;

use std::sync::LazyLock;

use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, TextEncoder,
};

pub use http::RouteMetrics;
use registration::{REGISTRY, counter, counters, gauge, gauges, seconds, seconds_by};

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
    seconds_by(
        "computing_seconds",
        "Time to compute an answer.",
        &["endpoint"],
    )
});
/// How long a step with Redis took.
pub static REDIS_SECONDS: LazyLock<Histogram> =
    LazyLock::new(|| seconds("redis_seconds", "Time of a step with Redis."));
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

/// 1 while the database can be worked with, else 0.
pub static DATABASE_UP: LazyLock<IntGauge> =
    LazyLock::new(|| gauge("database_up", "Whether the database can be worked with."));
/// Connections to the database, by `pool` (what they are for) and `state` (`used`, `idle`).
pub static POOL_CONNECTIONS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauges(
        "database_pool_connections",
        "Connections to the database that are open.",
        &["pool", "state"],
    )
});
/// How many connections there may be, by `pool`.
pub static POOL_LIMIT: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauges(
        "database_pool_connections_limit",
        "Connections to the database that there may be.",
        &["pool"],
    )
});
/// Waits for a connection that were given up while all were in use, by `pool`.
pub static POOL_TIMEOUTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "database_pool_timeouts_total",
        "Waits for a connection that were given up while all were in use.",
        &["pool"],
    )
});
/// Reads that a replica could have answered, by `result` (`replica`, and why the primary answered
/// instead: `late`, `gone`, `busy`,
/// `failed`).
pub static REPLICA_READS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "database_replica_reads_total",
        "Reads that a replica could have answered.",
        &["result"],
    )
});
/// What is free on the disk of a folder that grows, by `folder` (`database`, of SQLite, and
/// `temporary`).
pub static DISK_FREE: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauges(
        "disk_free_bytes",
        "Bytes that are free on the disk of a folder.",
        &["folder"],
    )
});
static BUILD_INFO: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauges(
        "build_info",
        "1, with the version and the commit that it was built from.",
        &["version", "commit"],
    )
});

/// Makes every metric that alerts and the dashboard use, at 0 until there is more to say: a series
/// that begins with its first event hides that event from `rate` and `increase`. Endpoints are those
/// of cached answers.
pub fn declare(endpoints: &[&str], version: &str, commit: &str) {
    let plain = [
        &REDIS_FAULTS,
        &COLLAPSED,
        &AUDITED,
        &INCONSISTENT,
        &IMPORT_ACTOR_RESTARTS,
    ];
    plain.into_iter().for_each(|counter| counter.inc_by(0));
    for endpoint in endpoints {
        for [tier, result] in [["memory", "hit"], ["none", "miss"], ["none", "stale"]] {
            CACHE_REQUESTS.with_label_values(&[endpoint, tier, result]);
        }
        COMPUTING_SECONDS.with_label_values(&[endpoint]);
    }
    let by_label: [(&IntCounterVec, &[&str]); 5] = [
        (
            &*REPLICA_READS,
            &["replica", "late", "gone", "busy", "failed"],
        ),
        (&*INVALIDATED, &["scope", "namespace"]),
        (&*WARMED, &["dropped", "expiring"]),
        (
            &*IMPORT_RUNS,
            &["completed", "partial", "failed", "interrupted"],
        ),
        (
            &*IMPORT_ROWS,
            &["inserted", "updated", "unchanged", "rejected"],
        ),
    ];
    for (counters, labels) in by_label {
        for label in labels {
            counters.with_label_values(&[label]);
        }
    }
    for route in ["/livez", "/readyz", "/metrics"] {
        let _ = RouteMetrics::new("GET", Some(route), 200);
    }
    LazyLock::force(&REDIS_SECONDS);
    LazyLock::force(&IMPORT_COMPLETED_AT);
    LazyLock::force(&DATABASE_UP);
    BUILD_INFO.with_label_values(&[version, commit]).set(1);
}

/// All metrics in Prometheus' text format.
pub fn text() -> String {
    TextEncoder::new()
        .encode_to_string(&REGISTRY.gather())
        .unwrap_or_default()
}
