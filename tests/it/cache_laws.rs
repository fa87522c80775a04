//! What the cache promises, over real databases and a real Redis: nothing dropped without need,
//! nothing kept wrongly, one computation for all who ask at once, answers while the database is
//! away. `CACHE_ROUNDS` (imports) makes the long form.

mod random_questions;

use std::time::Duration;

use credit_portfolio::analytics::{Analytics, AnalyticsQuery, Figure, Origin};
use credit_portfolio::cache::Cache;
use credit_portfolio::config::CacheSettings;
use credit_portfolio::domain::{Currency, DepartmentScope, PortfolioFilter, Role};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use reqwest::StatusCode;

use crate::cache_history::two_processes;
use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TODAY, TestApp};
use crate::support::proxy::Proxy;
use crate::support::servers::{Postgres, Redis};
use crate::support::workbooks::{
    Operation, a_receipt, an_expense, details, expenses, interest, principal, receipts,
};
use crate::support::{eventually, from_environment, on_both_databases};
use random_questions::a_query;

on_both_databases!(
    an_import_drops_what_it_concerns_and_keeps_the_rest,
    who_ask_at_once_share_one_computation
);

/// A receipt or expense whose place in the portfolio follows from its number.
fn an_operation(serial: u32, amount: i64) -> Operation {
    let base = if serial.is_multiple_of(2) {
        a_receipt(serial)
    } else {
        an_expense(serial)
    };
    let organization = serial % 3 + 1;
    let mut operation = base
        .of(["ООО «А»", "ООО «Б»", "ООО «В»"][organization as usize - 1])
        .under(&format!("Договор № {} от 01.02.2020", serial % 5 % 3))
        .on(&format!(
            "{:02}.{:02}.2024",
            serial % 27 + 1,
            serial % 12 + 1
        ))
        .amounting_to(amount);
    operation.bank_account = format!("4070281090000000000{organization}, ПАО «Банк»");
    operation
}

async fn import(app: &TestApp, department_id: i64, operations: &[(u32, i64)]) {
    let of_kind = |rest: u32| {
        let mine = operations
            .iter()
            .filter(move |(serial, _)| serial % 2 == rest);
        mine.map(|(serial, amount)| an_operation(*serial, *amount))
            .collect::<Vec<_>>()
    };
    let paid: Vec<_> = operations
        .iter()
        .filter(|(serial, _)| serial % 2 == 1)
        .flat_map(|(serial, amount)| [principal(*serial, amount - 100), interest(*serial, 100)])
        .collect();
    let files = [
        ("postuplenie.xlsx", receipts(&of_kind(0))),
        ("spisanie.xlsx", expenses(&of_kind(1))),
        ("rasshifrovka.xlsx", details(&paid)),
    ];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, content)| (*name, content.as_slice()))
        .collect();
    app.import(department_id, &files).await;
}

/// Computes every answer again.
async fn an_oracle(app: &TestApp) -> Analytics {
    let settings = CacheSettings {
        redis: None,
        ttl: Duration::from_millis(1),
        ..app.settings.cache.clone()
    };
    let cache = Cache::open(&settings).await.unwrap();
    let sources = app.running.state.import_context.configured_sources.clone();
    Analytics::new(
        (
            app.running.state.reads.clone(),
            app.running.state.checks.clone(),
        ),
        cache,
        Currency::default(),
        sources,
    )
}

async fn an_import_drops_what_it_concerns_and_keeps_the_rest(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("CACHE_TTL_SECONDS", "3600")],
    )
    .await;
    let mut random = SmallRng::seed_from_u64(4);
    let first: Vec<(u32, i64)> = (1..=120)
        .map(|serial| (serial, random.random_range(1_00..1_000_00)))
        .collect();
    import(&app, DEPARTMENT, &first).await;
    import(&app, OTHER_DEPARTMENT, &first).await;
    let cached = &app.running.state.analytics;
    let (mut wrong, mut kept, mut dropped_in_vain) = (0, 0, 0);
    for _ in 0..from_environment("CACHE_ROUNDS", 12) {
        let queries: Vec<AnalyticsQuery> = (0..120).map(|_| a_query(&mut random)).collect();
        let mut before = Vec::new();
        for query in &queries {
            before.push(cached.answer(query).await.unwrap().entry);
        }
        let changes: Vec<(u32, i64)> = (0..random.random_range(1..4))
            .map(|_| {
                (
                    random.random_range(1..=120),
                    random.random_range(1_00..1_000_00),
                )
            })
            .collect();
        let department = if random.random_bool(0.7) {
            DEPARTMENT
        } else {
            OTHER_DEPARTMENT
        };
        import(&app, department, &changes).await;
        let oracle = an_oracle(&app).await;
        for (query, before) in queries.iter().zip(&before) {
            let (now, truth) = (
                cached.answer(query).await.unwrap(),
                oracle.answer(query).await.unwrap(),
            );
            wrong += usize::from(now.entry.body != truth.entry.body);
            let could_be_kept = before.body == truth.entry.body;
            match now.origin {
                Origin::Hit(_) => kept += 1,
                // The status of a contract depends on all of its balance, but changes with few of
                // its changes.
                _ if query.figure == Figure::ContractStats => {}
                _ => dropped_in_vain += usize::from(could_be_kept),
            }
        }
    }
    assert_eq!(wrong, 0);
    assert!(kept > 500, "{kept}");
    assert!(
        kept >= 9 * dropped_in_vain,
        "{kept} kept, {dropped_in_vain} dropped without need"
    );
    app.stop().await;
}

async fn who_ask_at_once_share_one_computation(backend: Backend) {
    let app = TestApp::start(backend).await;
    import(&app, DEPARTMENT, &[(1, 5_000), (2, 7_000)]).await;
    let filter =
        PortfolioFilter::of_department(DepartmentScope::One(DEPARTMENT), Currency::default());
    let query = AnalyticsQuery {
        figure: Figure::OrganizationStats,
        filter,
    };
    let asked = (0..1000).map(|_| app.running.state.analytics.answer(&query));
    let answers = futures_util::future::join_all(asked).await;
    let computed = |answer: &&Result<credit_portfolio::analytics::Answer, _>| {
        matches!(answer.as_ref().unwrap().origin, Origin::Computed { .. })
    };
    assert_eq!(answers.iter().filter(computed).count(), 1);
    app.stop().await;
}

#[actix_rt::test]
async fn one_process_of_two_computes_what_both_are_asked() {
    let redis = Redis::start();
    let (app, twin) = two_processes(&redis).await;
    import(&app, DEPARTMENT, &[(1, 5_000), (2, 7_000)]).await;
    let filter =
        PortfolioFilter::of_department(DepartmentScope::One(DEPARTMENT), Currency::default());
    let query = AnalyticsQuery {
        figure: Figure::Concentration,
        filter,
    };
    let processes = [&app.running.state.analytics, &twin.running.state.analytics];
    let asked = (0..100).map(|number| processes[number % 2].answer(&query));
    let answers: Vec<_> = futures_util::future::join_all(asked)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    // An entry knows when it was computed: one that came from the other process is the same.
    let computed: std::collections::BTreeSet<_> = answers
        .iter()
        .map(|answer| {
            (
                answer.entry.computed_at_ms,
                answer.entry.computing.as_micros(),
            )
        })
        .collect();
    assert_eq!(computed.len(), 1, "{computed:?}");
    twin.stop().await;
    app.stop().await;
}

#[actix_rt::test]
async fn by_namespace_an_import_drops_everything() {
    for (mode, status) in [("namespace", "fwd="), ("scoped", "; hit")] {
        let app = TestApp::start_with(
            Backend::Sqlite,
            &[("USE_REDIS", "false"), ("CACHE_INVALIDATION", mode)],
        )
        .await;
        import(&app, DEPARTMENT, &[(2, 7_00)]).await;
        let path = "monthly-stats?department_id=8&date_to=2024-01-01";
        app.get(path).await.ok();
        // It is of March.
        import(&app, DEPARTMENT, &[(2, 8_00)]).await;
        let answer = app.get(path).await;
        assert!(
            answer.header("Cache-Status").contains(status),
            "{mode}: {}",
            answer.header("Cache-Status")
        );
        app.stop().await;
    }
}

#[actix_rt::test]
async fn what_is_asked_often_is_computed_again_before_anybody_asks() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.put(
        "postuplenie.xlsx",
        receipts(&[a_receipt(1).amounting_to(7_00)]),
    );
    let entries = || app.running.state.cache.stats().entries;
    app.get("summary?department_id=8").await.ok();
    app.trigger().await.ok();
    eventually("the answer that was dropped is there again", async || {
        entries() == 1
    })
    .await;
    let answer = app.get("summary?department_id=8").await;
    assert!(
        answer.header("Cache-Status").contains("; hit"),
        "{}",
        answer.header("Cache-Status")
    );
    assert_eq!(answer.json()["total_receipts"], serde_json::json!(7.0));
    app.stop().await;
}

#[actix_rt::test]
async fn an_answer_about_to_end_is_computed_again_in_the_background() {
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("USE_REDIS", "false"), ("CACHE_TTL_SECONDS", "3")],
    )
    .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.get_as(&token, "summary").await.ok();
    let age_of =
        |answer: &crate::support::app::Answer| answer.header("Age").parse::<i64>().unwrap();
    let mut oldest = 0;
    // A hit that is younger than the last one is of an entry that nobody waited for.
    eventually(
        "a hit is of a younger entry than the one before",
        async || {
            let answer = app.get_as(&token, "summary").await;
            let age = age_of(&answer);
            let is_hit = answer.header("Cache-Status").contains("; hit");
            let is_renewed = is_hit && age < oldest;
            oldest = if is_hit { age } else { 0 };
            is_renewed
        },
    )
    .await;
    app.stop().await;
}

#[actix_rt::test]
async fn while_the_database_is_away_an_answer_is_served_beyond_its_life_unless_an_import_dropped_it()
 {
    let url = tokio::task::spawn_blocking(Postgres::fresh_database)
        .await
        .unwrap();
    let (host, name) = url.rsplit_once('/').unwrap();
    let mut proxy = Proxy::start(host.rsplit_once(':').unwrap().1.parse().unwrap()).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}", proxy.port);
    let settings = [
        ("USE_REDIS", "false"),
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_TIMEOUT_MS", "300"),
        ("CACHE_TTL_SECONDS", "1"),
    ];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    import(&app, DEPARTMENT, &[(2, 7_00)]).await;
    app.get_as(&token, "summary").await.ok();
    proxy.cut().await;
    let ttl = |status: &str| -> i64 {
        status
            .split("ttl=")
            .nth(1)
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    };
    // A life of one second may be drawn a little shorter: its whole seconds count, too.
    eventually("the answer's life has ended", async || {
        let answer = app.get_as(&token, "summary").await;
        assert_eq!(answer.status, StatusCode::OK);
        ttl(answer.header("Cache-Status")) < 0 && answer.header("Age") != "0"
    })
    .await;
    let stale = app.get_as(&token, "summary").await;
    assert!(
        stale
            .header("Cache-Status")
            .contains("database-unavailable"),
        "{}",
        stale.header("Cache-Status")
    );
    assert!(stale.header("X-Data-As-Of").ends_with('Z'));
    app.set_today("2026-11-26");
    let of_yesterday = app.get_as(&token, "summary").await;
    assert_eq!(
        of_yesterday.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "a balance of yesterday is never served"
    );
    app.set_today(TODAY);

    proxy.restore().await;
    eventually("the database is back", async || {
        app.raw_get("/readyz", &[]).await.json()["database"] == "up"
    })
    .await;
    app.get_as(&token, "summary").await.ok();
    import(&app, DEPARTMENT, &[(2, 8_00)]).await;
    proxy.cut().await;
    let dropped = app.get_as(&token, "summary").await;
    assert_eq!(
        dropped.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "what an import dropped is never served"
    );
    proxy.restore().await;
    app.stop().await;
}
