//! Whose answers these are: other installations on the same Redis, restored backups, copies.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::eventually;
use crate::support::processes::program as installed;
use crate::support::program::program;
use crate::support::servers::{Redis, psql};
use crate::support::workbooks::{a_receipt, receipts};

const QUESTION: &str = "summary?department_id=8&date_from=2024-01-01&date_to=2024-12-31";
const KEY: &str = "itbudget:cache:credit_portfolio:summary|8|2024-01-01|2024-12-31";

async fn total(app: &TestApp) -> Value {
    app.get(QUESTION).await.ok()["total_receipts"].clone()
}

async fn import(app: &TestApp, serial: u32, day: &str) {
    let name = format!("postuplenie {serial}.xlsx");
    let file = receipts(&[a_receipt(serial).on(day)]);
    app.import(DEPARTMENT, &[(&name, &file)]).await;
}

fn id_of(app: &TestApp) -> String {
    app.read("SELECT id FROM database_identity").remove(0)
}

fn generation_of(app: &TestApp) -> String {
    app.read("SELECT CAST(generation AS TEXT) FROM departments WHERE id = 8")
        .remove(0)
}

/// The database as SQL that replaces what is there.
fn dump(url: &str) -> String {
    let done = Command::new(installed("pg_dump"))
        .args([url, "--clean", "--if-exists"])
        .output()
        .unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

fn restore(url: &str, dump: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.sql");
    std::fs::write(&file, dump).unwrap();
    psql(url, &format!("\\i {}", file.display())).unwrap();
}

#[actix_rt::test]
async fn two_installations_on_one_redis_never_give_each_others_answers() {
    let redis = Redis::start();
    let production = TestApp::start_with_redis(Backend::Postgres, &redis).await;
    let staging = TestApp::start_with_redis(Backend::Postgres, &redis).await;
    assert_ne!(id_of(&production), id_of(&staging));
    import(&production, 1, "2024-03-05").await;
    // The one number that would otherwise tell their entries apart.
    let generation = generation_of(&production);
    staging
        .execute(&format!(
            "UPDATE departments SET generation = {generation} WHERE id = 8"
        ))
        .await;
    eventually("staging knows", async || {
        staging.running.state.cache.known_generation(8).to_string() == generation
    })
    .await;
    assert_eq!(total(&staging).await, json!(0.0));
    assert!(redis.cli(&["GET", KEY]).contains(&id_of(&staging)));
    let cold = production.twin().await;
    assert_eq!(total(&cold).await, json!(100.0));
    // Word of a change stays within the installation, too.
    import(&production, 2, "2024-03-06").await;
    eventually("the other process knows", async || {
        cold.running.state.cache.known_generation(8).to_string() == generation_of(&production)
    })
    .await;
    assert_eq!(
        staging.running.state.cache.known_generation(8).to_string(),
        generation
    );
    assert_eq!(total(&staging).await, json!(0.0));
    for app in [cold, production, staging] {
        app.stop().await;
    }
}

#[actix_rt::test]
async fn after_a_restored_dump_nothing_of_the_abandoned_time_is_answered() {
    let redis = Redis::start();
    let port = redis.port.to_string();
    let on_redis = [("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", port.as_str())];
    let app = TestApp::start_with(Backend::Postgres, &on_redis).await;
    import(&app, 1, "2024-03-05").await;
    let dump = dump(&app.database_url);
    let id = id_of(&app);
    import(&app, 2, "2024-03-06").await;
    assert_eq!(total(&app).await, json!(200.0));
    let url = app.database_url.clone();
    let twin = app.twin().await;
    app.stop().await;
    // Under a process that is running, too.
    restore(&url, &dump);
    eventually("the process that is running notices", async || {
        id_of(&twin) != id && *twin.running.state.cache.database_id() == *id_of(&twin)
    })
    .await;
    assert_eq!(total(&twin).await, json!(100.0));
    // A later change that does not concern the question.
    import(&twin, 3, "2025-02-03").await;
    assert_eq!(total(&twin).await, json!(100.0));
    let cold = twin.twin().await;
    assert_eq!(total(&cold).await, json!(100.0));
    cold.stop().await;
    twin.stop().await;
}

#[actix_rt::test]
async fn a_dump_that_was_restored_while_nobody_ran_has_another_id() {
    let redis = Redis::start();
    let port = redis.port.to_string();
    let on_redis = [("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", port.as_str())];
    let app = TestApp::start_with(Backend::Postgres, &on_redis).await;
    import(&app, 1, "2024-03-05").await;
    let (id, url) = (id_of(&app), app.database_url.clone());
    let app = app.restarted(&on_redis).await;
    assert_eq!(id_of(&app), id, "a restart changes nothing");
    let dump = dump(&url);
    import(&app, 2, "2024-03-06").await;
    assert_eq!(total(&app).await, json!(200.0));
    let other = app.twin().await;
    app.stop().await;
    other.stop().await;
    restore(&url, &dump);
    let settings = settings_of(&url, &on_redis);
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    assert_ne!(psql(&url, "SELECT id FROM database_identity").unwrap(), id);
    assert_eq!(total(&app).await, json!(100.0));
    import(&app, 3, "2025-02-03").await;
    assert_eq!(total(&app).await, json!(100.0));
    app.stop().await;
}

fn settings_of<'a>(url: &'a str, others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut settings = vec![("DATABASE_URL", url)];
    settings.extend(others);
    settings
}

#[actix_rt::test]
async fn a_copied_file_is_noticed_by_its_generations() {
    let redis = Redis::start();
    let port = redis.port.to_string();
    let on_redis = [("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", port.as_str())];
    let app = TestApp::start_with(Backend::Sqlite, &on_redis).await;
    import(&app, 1, "2024-03-05").await;
    let path = app
        .database_url
        .strip_prefix("sqlite://")
        .unwrap()
        .to_owned();
    let (id, backup) = (id_of(&app), format!("{path}.backup"));
    app.execute(&format!("VACUUM INTO '{backup}'")).await;
    import(&app, 2, "2024-03-06").await;
    assert_eq!(total(&app).await, json!(200.0));
    let twin = app.twin().await;
    app.stop().await;
    twin.running.stop().await.unwrap();
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{path}{ending}"));
    }
    std::fs::copy(&backup, &path).unwrap();
    let url = format!("sqlite://{path}");
    let app = TestApp::start_with(Backend::Sqlite, &settings_of(&url, &on_redis)).await;
    assert_ne!(*app.running.state.cache.database_id(), *id);
    assert_eq!(total(&app).await, json!(100.0));
    app.stop().await;
}

#[actix_rt::test]
async fn adopt_gives_another_id_and_running_processes_follow() {
    let app = TestApp::start(Backend::Sqlite).await;
    let id = id_of(&app);
    let folder = tempfile::tempdir().unwrap();
    let adopted = program(folder.path(), &["adopt"])
        .env("DATABASE_URL", &app.database_url)
        .output()
        .unwrap();
    let said = String::from_utf8(adopted.stdout).unwrap();
    assert_ne!(id_of(&app), id);
    assert!(said.contains(&id_of(&app)), "{said}");
    eventually("the process that is running follows", async || {
        *app.running.state.cache.database_id() == *id_of(&app)
    })
    .await;
    app.stop().await;
}
