//! An import whose process is killed, at any moment, and processes that take over from each other.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credit_portfolio::app::open_database;
use credit_portfolio::config::Settings;
use credit_portfolio::db::{Db, Page, list_runs};
use credit_portfolio::demo::{Portfolio, write_exports};
use credit_portfolio::domain::DepartmentScope;
use rand::{RngExt, SeedableRng};

use crate::support::app::{Backend, DEPARTMENT};
use crate::support::ftp_servers::Vsftpd;
use crate::support::servers::{Postgres, psql};
use crate::support::tables::{contents, has_true_rollups};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{eventually, from_environment, on_both_databases};

on_both_databases!(
    killed_at_any_moment_and_run_once_more_an_import_leaves_what_it_leaves_without_faults,
    an_import_that_is_stopped_undoes_the_file_and_leaves,
);

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
    open_database(&Settings::from_sources(None, value).unwrap(), true)
        .await
        .unwrap()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_credit-portfolio");

/// `import --dir`, as an administrator would.
fn importing(url: &str, files: &Path) -> Child {
    import_by(Command::new(PROGRAM), url, files)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn import_by(mut command: Command, url: &str, files: &Path) -> Command {
    command
        .args(["import", "--dir"])
        .arg(files)
        .env_clear()
        .current_dir(files.parent().unwrap())
        .env("DATABASE_URL", url)
        .env("USE_REDIS", "false");
    command
}

async fn killed_at_any_moment_and_run_once_more_an_import_leaves_what_it_leaves_without_faults(
    backend: Backend,
) {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    write_exports(
        &Portfolio::invented(6_000, "2024-06-30".parse().unwrap()),
        &files,
    )
    .unwrap();
    // One file is still empty: a run reports that it failed.
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
        let url = tokio::task::spawn_blocking(move || fresh_url(backend, &path))
            .await
            .unwrap();
        let moment = whole.mul_f64(random.random::<f64>());
        let mut run = importing(&url, &files);
        tokio::time::sleep(moment).await;
        // SIGKILL.
        let _ = run.kill();
        run.wait().unwrap();
        let db = open(&url).await;
        assert!(
            has_true_rollups(&db).await,
            "kill {kill} after {moment:?}: rollups"
        );
        drop(db);
        assert!(
            importing(&url, &files).wait().unwrap().success(),
            "kill {kill} after {moment:?}: the next run"
        );
        let db = open(&url).await;
        assert_eq!(
            contents(&db, DEPARTMENT).await,
            wanted,
            "kill {kill} after {moment:?}"
        );
        assert!(
            has_true_rollups(&db).await,
            "kill {kill} after {moment:?}: rollups in the end"
        );
    }
}

async fn an_import_that_is_stopped_undoes_the_file_and_leaves(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let rows: Vec<_> = (1..=60_000).map(a_receipt).collect();
    std::fs::write(files.join("postuplenie.xlsx"), receipts(&rows)).unwrap();
    let path = folder.path().to_owned();
    let url = tokio::task::spawn_blocking(move || fresh_url(backend, &path))
        .await
        .unwrap();
    let db = open(&url).await;
    let mut run = importing(&url, &files);
    let runs = async || {
        let conn = &mut db.conn().await.unwrap();
        list_runs(
            conn,
            DepartmentScope::One(DEPARTMENT),
            Page { skip: 0, limit: 10 },
        )
        .await
        .unwrap()
        .0
    };
    eventually("the run has begun", async || !runs().await.is_empty()).await;
    let killed = Command::new("kill")
        .args(["-TERM", &run.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(
        !run.wait().unwrap().success(),
        "the exit code says that it was stopped"
    );
    let stopped = &runs().await[0];
    assert_eq!(
        (stopped.state.as_str(), stopped.files_processed),
        ("interrupted", 0),
        "{stopped:?}"
    );
    assert_eq!(
        contents(&db, DEPARTMENT).await["receipts"].len(),
        0,
        "nothing half-done"
    );
    assert!(importing(&url, &files).wait().unwrap().success());
    assert_eq!(contents(&db, DEPARTMENT).await["receipts"].len(), 60_000);
    assert!(has_true_rollups(&db).await);
}

/// Seconds between two times of the schedule.
const TICK: i64 = 3;

struct Replica(Child);

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn replica(url: &str, ftp: &Vsftpd, folder: &Path) -> Replica {
    let serve = Command::new(env!("CARGO_BIN_EXE_credit-portfolio"))
        .arg("serve")
        .env_clear()
        .current_dir(folder)
        .env("DATABASE_URL", url)
        .env("USE_REDIS", "false")
        .env("SECRET_KEY", "a secret key that only tests know of")
        .env("BIND", "127.0.0.1:0")
        .env("FTP_HOST", "127.0.0.1")
        .env("FTP_PORT", ftp.port.to_string())
        .env("FTP_REMOTE_DIR", folder.join("files"))
        .env("IMPORT_SCHEDULE", format!("*/{TICK} * * * * *"))
        .env("IMPORT_SETTLE_SECONDS", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Replica(serve)
}

/// Three processes on one PostgreSQL, killed at random; the long form is `REPLICA_KILLS=30`.
#[actix_rt::test]
async fn of_three_processes_killed_at_random_one_runs_each_time_of_the_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let put = |number: i64| {
        let rows: Vec<_> = (1..=4_000)
            .map(|serial| a_receipt(serial).amounting_to(number))
            .collect();
        std::fs::write(files.join("new"), receipts(&rows)).unwrap();
        std::fs::rename(files.join("new"), files.join("postuplenie.xlsx")).unwrap();
    };
    put(1);
    let ftp = Vsftpd::start(&files);
    let url = tokio::task::spawn_blocking(Postgres::fresh_database)
        .await
        .unwrap();
    drop(open(&url).await);
    let mut replicas: Vec<Replica> = (0..3).map(|_| replica(&url, &ftp, folder.path())).collect();
    let mut random = rand::rngs::StdRng::seed_from_u64(5);
    let kills = from_environment("REPLICA_KILLS", 5);
    for number in 0..kills {
        put(2 + i64::try_from(number).unwrap());
        tokio::time::sleep(Duration::from_millis(random.random_range(500..4_500))).await;
        let at = random.random_range(0..3);
        // SIGKILL, and another in its place.
        replicas[at] = replica(&url, &ftp, folder.path());
    }
    let newest = 1 + kills;
    let ask = async |sql: &str| {
        let (url, sql) = (url.clone(), sql.to_owned());
        tokio::task::spawn_blocking(move || psql(&url, &sql).unwrap())
            .await
            .unwrap()
    };
    let paid = format!("SELECT COUNT(*) FROM receipts WHERE amount = {newest}");
    eventually("the newest version is in", async || {
        ask(&paid).await == "4000"
    })
    .await;
    let running = "SELECT COUNT(*) FROM import_runs WHERE state = 'running'";
    eventually(
        "runs that lost their process are gone on with",
        async || ask(running).await == "0",
    )
    .await;
    replicas.clear();
    let broken =
        "SELECT id, state, message FROM import_runs WHERE state NOT IN ('completed', 'running')";
    assert_eq!(
        ask(broken).await,
        "",
        "a run that lost its process is gone on with"
    );
    let counts = ask("SELECT COUNT(*), COUNT(DISTINCT scheduled_for) FROM import_runs").await;
    let (runs, times) = counts.split_once('|').unwrap();
    assert!(
        runs == times && runs.parse::<usize>().unwrap() > 3,
        "each time once: {counts}"
    );
    let gaps = "SELECT covers_after, scheduled_for, before FROM \
                (SELECT covers_after, scheduled_for, LAG(scheduled_for) OVER (ORDER BY scheduled_for) AS before \
                FROM import_runs) AS runs WHERE covers_after <> before";
    assert_eq!(
        ask(gaps).await,
        "",
        "each run covers the times since the one before, so none is left out"
    );
}

/// The table of sixty thousand operation ids is larger than a file may be here.
#[test]
fn lack_of_room_for_temporary_files_is_reported_and_not_held_against_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let rows: Vec<_> = (1..=60_000).map(a_receipt).collect();
    std::fs::write(files.join("postuplenie.xlsx"), receipts(&rows)).unwrap();
    let url = Postgres::fresh_database();
    let mut cramped = Command::new("/bin/sh");
    cramped.args([
        "-c",
        r#"trap '' XFSZ; ulimit -f 400; exec "$0" "$@""#,
        PROGRAM,
    ]);
    let failed = import_by(cramped, &url, &files).output().unwrap();
    let output = String::from_utf8_lossy(&failed.stdout);
    assert!(
        !failed.status.success() && output.contains("the folder for temporary files"),
        "{failed:?}"
    );
    assert_eq!(
        psql(&url, "SELECT count(*) FROM receipts").unwrap().trim(),
        "0"
    );
    let mut again = import_by(Command::new(PROGRAM), &url, &files);
    // Had the failure been the file's, it would be left alone now.
    assert!(
        again
            .env("IMPORT_PARK_AFTER", "1")
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        psql(&url, "SELECT count(*) FROM receipts").unwrap().trim(),
        "60000"
    );
}
