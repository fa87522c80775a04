//! An import whose process is killed, at any moment, and processes that take over from each other.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use credit_portfolio::app::open_database;
use credit_portfolio::config::Settings;
use credit_portfolio::db::Db;
use credit_portfolio::demo::{Portfolio, write_exports};
use rand::{RngExt, SeedableRng};

use crate::support::app::{Backend, DEPARTMENT};
use crate::support::servers::Postgres;
use crate::support::tables::{contents, has_true_rollups};
use crate::support::{from_environment, on_both_databases};

on_both_databases!(killed_at_any_moment_and_run_once_more_an_import_leaves_what_it_leaves_without_faults);

/// Kills for each database; the long form is `KILLS=100`.
const KILLS: usize = 6;

fn fresh_url(backend: Backend, folder: &Path) -> String {
    match backend {
        Backend::Sqlite => format!("sqlite://{}", folder.join("portfolio.db").display()),
        Backend::Postgres => Postgres::fresh_database(),
    }
}

async fn open(url: &str) -> Db {
    let value = |name: &str| (name == "DATABASE_URL").then(|| url.to_owned());
    open_database(&Settings::from_sources(None, value).unwrap(), true).await.unwrap()
}

/// `import --dir`, as an administrator would.
fn importing(url: &str, files: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_credit-portfolio"))
        .args(["import", "--dir"])
        .arg(files)
        .env_clear()
        .current_dir(files.parent().unwrap())
        .env("DATABASE_URL", url)
        .env("USE_REDIS", "false")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn killed_at_any_moment_and_run_once_more_an_import_leaves_what_it_leaves_without_faults(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    write_exports(&Portfolio::invented(6_000, "2024-06-30".parse().unwrap()), &files).unwrap();
    // One file is still empty: a run tells that it failed.
    std::fs::remove_file(files.join("Sever - Postuplenie(novoe) XLSX.xlsx")).unwrap();

    let faultless = tempfile::tempdir().unwrap();
    let url = tokio::task::spawn_blocking({
        let path = faultless.path().to_owned();
        move || fresh_url(backend, &path)
    })
    .await
    .unwrap();
    let started = Instant::now();
    assert!(importing(&url, &files).wait().unwrap().success());
    let whole = started.elapsed();
    let wanted = contents(&open(&url).await, DEPARTMENT).await;
    assert!(wanted["expenses"].len() > 1_000);

    let mut random = rand::rngs::StdRng::seed_from_u64(9);
    for kill in 0..from_environment("KILLS", KILLS) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().to_owned();
        let url = tokio::task::spawn_blocking(move || fresh_url(backend, &path)).await.unwrap();
        let moment = whole.mul_f64(random.random::<f64>());
        let mut run = importing(&url, &files);
        tokio::time::sleep(moment).await;
        // SIGKILL.
        let _ = run.kill();
        run.wait().unwrap();
        let db = open(&url).await;
        assert!(has_true_rollups(&db).await, "kill {kill} after {moment:?}: rollups");
        drop(db);
        assert!(importing(&url, &files).wait().unwrap().success(), "kill {kill} after {moment:?}: the next run");
        let db = open(&url).await;
        assert_eq!(contents(&db, DEPARTMENT).await, wanted, "kill {kill} after {moment:?}");
        assert!(has_true_rollups(&db).await, "kill {kill} after {moment:?}: rollups in the end");
    }
}
