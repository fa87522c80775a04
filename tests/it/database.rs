//! A database that goes away and comes back.

use std::time::Duration;

use diesel_async::RunQueryDsl;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::proxy::proxied;
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, on_both_databases};
use credit_portfolio::config::{DatabaseSettings, DatabaseUrl};
use credit_portfolio::db::{
    self, DatabaseReadiness, Db, DbConn, DbError, OrganizationRow, ReferenceRow,
};
use credit_portfolio::domain::{DepartmentScope, Role};

on_both_databases!(
    a_change_by_hand_waits_for_an_import_for_seconds_only,
    what_no_import_conflicts_with_is_to_be_tried_again_while_sqlite_is_being_written,
    each_rollup_has_an_index_by_contract,
);

async fn a_change_by_hand_waits_for_an_import_for_seconds_only(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("DATABASE_TIMEOUT_MS", "1000")],
    )
    .await;
    app.import(
        DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
    )
    .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let renamed = json!({ "name": "ООО «Ромашка плюс»" });
    let change = async || {
        let path = "credit-portfolio/organizations/1";
        app.request(Method::PUT, path, Some(&token), Some(renamed.clone()))
            .await
    };
    let while_importing = async |conn: &mut DbConn| {
        db::lock_import(conn, DEPARTMENT).await?;
        Ok::<_, DbError>((change().await, app.get_as(&token, "summary").await.status))
    };
    let (refused, read) = app.running.state.db.write(while_importing).await.unwrap();
    assert_eq!(
        (refused.status, read),
        (StatusCode::CONFLICT, StatusCode::OK),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("try again"), "{}", refused.text);
    assert_eq!(change().await.status, StatusCode::OK);
    app.stop().await;
}

async fn what_no_import_conflicts_with_is_to_be_tried_again_while_sqlite_is_being_written(
    backend: Backend,
) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("DATABASE_TIMEOUT_MS", "1000")],
    )
    .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let profile = json!({ "phone": "+7 495 000-00-00" });
    let department = json!({ "name": "Third", "code": "THI" });
    let change = async || {
        let profile = app
            .request(Method::PUT, "auth/me", Some(&token), Some(profile.clone()))
            .await;
        [
            profile,
            app.request(
                Method::POST,
                "departments",
                Some(&token),
                Some(department.clone()),
            )
            .await,
        ]
    };
    let while_importing = async |conn: &mut DbConn| {
        db::lock_import(conn, DEPARTMENT).await?;
        Ok::<_, DbError>(change().await)
    };
    let answers = app.running.state.db.write(while_importing).await.unwrap();
    if backend == Backend::Sqlite {
        for answer in answers {
            assert_eq!(
                answer.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{}",
                answer.text
            );
            assert_eq!(answer.header("Retry-After"), "5");
            assert!(answer.text.contains("try again"), "{}", answer.text);
        }
        assert!(
            change()
                .await
                .iter()
                .all(|answer| answer.status.is_success())
        );
    } else {
        assert!(
            answers.iter().all(|answer| answer.status.is_success()),
            "no import holds these tables"
        );
    }
    app.stop().await;
}

async fn each_rollup_has_an_index_by_contract(backend: Backend) {
    let app = TestApp::start(backend).await;
    let indexes = app.read(match backend {
        Backend::Sqlite => "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        Backend::Postgres => "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    });
    for table in ["daily_flows", "monthly_flows", "yearly_flows"] {
        let is_by_contract =
            |index: &String| index.contains(table) && index.contains("(department_id, contract_id");
        assert!(indexes.iter().any(is_by_contract), "{table}: {indexes:?}");
    }
    app.stop().await;
}

/// The turns are in PostgreSQL's queue of the lock; a writer of SQLite has the file to itself.
#[actix_rt::test]
async fn a_change_by_hand_queues_with_imports_and_has_its_turn_before_later_ones() {
    let app = TestApp::start(Backend::Postgres).await;
    app.import(
        DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
    )
    .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let name = "ООО «Ромашка плюс»";
    let waiters = async |count: usize| {
        let sql = "SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                   WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()";
        eventually("they wait", async || app.read(sql) == [count.to_string()]).await;
    };
    let db = &app.running.state.db;
    let (taken, is_taken) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let present = db.write(async |conn| {
        db::lock_import(conn, DEPARTMENT).await?;
        taken.send(()).unwrap();
        released.await.unwrap();
        Ok::<_, DbError>(())
    });
    let change = async {
        is_taken.await.unwrap();
        let (path, body) = ("credit-portfolio/organizations/1", json!({ "name": name }));
        app.request(Method::PUT, path, Some(&token), Some(body))
            .await
    };
    let later = async {
        waiters(1).await;
        let later = db.write(async |conn| {
            db::lock_import(conn, DEPARTMENT).await?;
            let organization =
                OrganizationRow::find(conn, DepartmentScope::One(DEPARTMENT), 1).await?;
            Ok::<_, DbError>(organization.map(|row| row.name))
        });
        let (seen, ()) = tokio::join!(later, async {
            waiters(2).await;
            release.send(()).unwrap();
        });
        seen.unwrap()
    };
    let (present, changed, seen) = tokio::join!(present, change, later);
    present.unwrap();
    assert_eq!(changed.ok()["name"], name);
    assert_eq!(
        seen.as_deref(),
        Some(name),
        "the later import begins after the change"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_change_by_hand_limits_no_other_wait_of_its_transaction() {
    let app = TestApp::start(Backend::Postgres).await;
    let limit = async |conn: &mut DbConn| {
        let DbConn::Postgres(postgres) = &mut *conn else {
            return Ok(None);
        };
        diesel::sql_query("SET LOCAL lock_timeout = '7s'")
            .execute(&mut **postgres)
            .await?;
        db::lock_import_briefly(conn, DEPARTMENT).await?;
        let DbConn::Postgres(postgres) = conn else {
            return Ok(None);
        };
        let shown = diesel::sql_query("SELECT current_setting('lock_timeout') AS line");
        Ok::<_, DbError>(Some(shown.get_result::<Line>(&mut **postgres).await?.line))
    };
    assert_eq!(
        app.running.state.db.change(limit).await.unwrap().as_deref(),
        Some("7s")
    );
    app.stop().await;
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

#[actix_rt::test]
async fn a_list_whose_connection_breaks_is_an_error_and_never_a_part_of_it() {
    let (app, proxy) = proxied(&[]).await;
    let rows: Vec<_> = (1..=3500).map(a_receipt).collect();
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    for path in [
        "receipts?limit=50000",
        "receipts?limit=50000&sort=amount",
        "receipts?format=csv",
        "receipts?format=xlsx",
    ] {
        for bytes in [100_000, 400_000, 700_000] {
            proxy.break_after(bytes);
            let broken = app.get_as(&token, path).await;
            assert_eq!(
                broken.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{path} after {bytes}"
            );
            assert!(broken.json()["detail"].is_string(), "{}", broken.text);
        }
        proxy.break_after(0);
        assert_eq!(
            app.get_as(&token, path).await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    let list = app.get_as(&token, "receipts?limit=50000").await;
    assert_eq!(list.json().as_array().unwrap().len(), 3500);
    app.stop().await;
}

#[actix_rt::test]
async fn while_the_database_is_away_answers_are_503_and_afterwards_all_is_well() {
    let (app, mut proxy) = proxied(&[("DATABASE_TIMEOUT_MS", "500")]).await;
    app.put("postuplenie.xlsx", receipts(&[a_receipt(1)]));
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.get_as(&token, "summary").await.ok();

    proxy.cut().await;
    assert_eq!(
        app.get_as(&token, "summary").await.status,
        StatusCode::OK,
        "what is cached is still served"
    );
    let miss = app.get_as(&token, "monthly-stats").await;
    assert_eq!(miss.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        !miss.text.contains("127.0.0.1"),
        "nothing of the inside is shown: {}",
        miss.text
    );
    let body = json!({ "status": "ready", "database": "down", "redis": "off", "import": "up" });
    eventually("it is ready to answer what is cached", async || {
        let ready = app.raw_get("/readyz", &[]).await;
        ready.status == StatusCode::OK && ready.json() == body
    })
    .await;
    assert_eq!(app.raw_get("/livez", &[]).await.status, StatusCode::OK);
    let trigger = app
        .request(
            Method::POST,
            "credit-portfolio/import/trigger",
            Some(&token),
            None,
        )
        .await;
    assert_eq!(trigger.status, StatusCode::SERVICE_UNAVAILABLE);

    proxy.restore().await;
    eventually("the database is back", async || {
        app.raw_get("/readyz", &[]).await.json()["database"] == "up"
    })
    .await;
    assert_eq!(app.trigger().await.ok()["success"], json!(true));
    assert_eq!(
        app.get_as(&token, "summary").await.ok()["total_receipts"],
        json!(100.0)
    );
    app.stop().await;
}

/// The pool's timeout must not drop a query that runs on a blocking thread: on a runtime of one
/// thread, as the import actor has, that panics.
#[test]
fn a_slow_check_out_of_a_connection_to_sqlite_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
    let settings = DatabaseSettings {
        pool_size: 2,
        timeout: Duration::from_millis(500),
        ..DatabaseSettings::of(url)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = Db::open(&settings, true).await.unwrap();
        // The only blocking thread is busy for longer than the timeout.
        let (release, released) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || released.recv());
        let slow = tokio::time::timeout(Duration::from_secs(5), db.conn())
            .await
            .unwrap();
        drop(slow);
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert!(db.readiness().await.unwrap() == DatabaseReadiness::Ready);
    });
}
