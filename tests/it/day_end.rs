//! A day's answer ends with the day: whatever is cached, in memory, in Redis or on the fast path,
//! no answer after midnight in `IMPORT_TIMEZONE` is of yesterday.

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::servers::Redis;
use crate::support::workbooks::{a_receipt, kopecks, receipts};

on_both_databases!(no_cached_answer_outlives_its_day);

const PATHS: [&str; 5] = [
    "summary",
    "contract-stats",
    "contracts/stats/summary",
    "analytics/concentration",
    "analytics/roll-forward?group_by=organization",
];

/// One receipt of yesterday, and one that is planned for tomorrow.
async fn import(app: &TestApp) {
    let rows = [
        a_receipt(1).on("24.11.2026").amounting_to(100_00),
        a_receipt(2).on("26.11.2026").amounting_to(7_00),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
}

async fn no_cached_answer_outlives_its_day(backend: Backend) {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(backend, &redis).await;
    import(&app).await;
    // Again and again over the same midnight: 23:59:59 in Moscow, then 00:00:00.
    for day in [25, 26, 27] {
        let (before, after) = (format!("2026-11-{day}"), format!("2026-11-{}", day + 1));
        app.settings
            .cache
            .clock
            .set(format!("{before}T20:59:59Z").parse().unwrap());
        for path in PATHS {
            // Computed, then out of memory, then on the fast path.
            for _ in 0..3 {
                assert_eq!(app.get(path).await.ok()["as_of"], before.as_str(), "{path}");
            }
            assert!(
                app.get(path).await.header("Cache-Status").contains("; hit"),
                "{path}"
            );
        }
        app.settings
            .cache
            .clock
            .set(format!("{before}T21:00:00Z").parse().unwrap());
        for path in PATHS {
            assert_eq!(app.get(path).await.ok()["as_of"], after.as_str(), "{path}");
        }
    }
    let summary = app.get("summary").await.ok();
    assert_eq!(
        (kopecks(&summary["debt"]), kopecks(&summary["planned"])),
        (107_00, 0),
        "what was planned is owed now"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn another_process_does_not_serve_what_redis_holds_of_yesterday() {
    let redis = Redis::start();
    let app = TestApp::start_with_redis(Backend::Postgres, &redis).await;
    import(&app).await;
    assert_eq!(kopecks(&app.get("summary").await.ok()["debt"]), 100_00);
    // The clock of the twin is the same one; its memory is empty.
    let twin = app.twin().await;
    app.set_today("2026-11-26");
    assert_eq!(kopecks(&twin.get("summary").await.ok()["debt"]), 107_00);
    twin.stop().await;
    app.stop().await;
}
