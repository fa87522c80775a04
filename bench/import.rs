//! Measures the import of one large expenses workbook beside its yardsticks: reading alone, writing
//! alone, and PostgreSQL's own `\\copy` of the same rows into the same table with its indexes.
//!
//! `bench/run` says where: `BASE_URL` is a PostgreSQL server without a database's name, `PROGRAM`
//! the command line. Needs 8 GB of memory for the workbook of a million rows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use credit_portfolio::app::{import_context, open_database};
use credit_portfolio::cache::Cache;
use credit_portfolio::config::Settings;
use credit_portfolio::db::{self, Db};
use credit_portfolio::demo::expenses_export;
use credit_portfolio::domain::Currency;
use credit_portfolio::import::workbook::{
    self, Kind, Part, ReadingRules, Rows, WorkbookError, WorkbookTotals,
};
use credit_portfolio::import::{
    ImportRequest, Loader, RunReport, Source, Workbook, WrittenAt, run_once,
};

const DEPARTMENT: i64 = 8;
const ROUNDS: usize = 3;
const FILE: &str = "spisanie.xlsx";

fn rules() -> ReadingRules {
    ReadingRules {
        base_currency: Currency::default(),
        today: chrono::Utc::now().date_naive(),
    }
}

fn main() {
    if let Ok(path) = std::env::var("OPEN_ONLY") {
        return open_only(Path::new(&path));
    }
    actix_rt::System::new().block_on(measure());
}

async fn measure() {
    let rows = std::env::var("ROWS").map_or(200_000, |rows| rows.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    write_workbook(folder.path(), rows);
    let size = std::fs::metadata(folder.path().join(FILE)).unwrap().len();
    println!(
        "{rows} expenses, 38 columns, {:.1} MB.\n",
        size as f64 / 1e6
    );

    let parse = median(|| async { parse_only(&folder.path().join(FILE)).0 }).await;
    let batches = parse_only(&folder.path().join(FILE)).1;
    let load = median(|| load_only(&batches, true)).await;
    let rows_alone = median(|| load_only(&batches, false)).await;
    drop(batches);
    let whole = median(|| async { import(&fresh().await, folder.path()).await.1 }).await;
    let slower = parse.max(load);
    let rate = |time: Duration| rows as f64 / time.as_secs_f64();
    println!("| one workbook | time | rows/s |\n| --- | --- | --- |");
    for (what, time) in [
        ("parse only", parse),
        ("load only, with rollups", load),
        ("the whole import", whole),
    ] {
        println!(
            "| {what} | {:.2} s | {:.0} |",
            time.as_secs_f64(),
            rate(time)
        );
    }
    println!(
        "| whole / slower of both (at most 1.25) | {:.2} | |\n",
        whole.as_secs_f64() / slower.as_secs_f64()
    );

    let copy = median(|| copy_only(folder.path())).await;
    println!(
        "| into the indexed table | rows/s | of \\\\copy (at least 0.6) |\n| --- | --- | --- |"
    );
    println!("| psql \\\\copy | {:.0} | 1 |", rate(copy));
    println!(
        "| load only, without rollups | {:.0} | {:.2} |\n",
        rate(rows_alone),
        rate(rows_alone) / rate(copy)
    );

    again(folder.path(), rows).await;
    drop(folder);
    memory().await;
}

async fn median<F: Future<Output = Duration>>(mut round: impl FnMut() -> F) -> Duration {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(round().await);
    }
    times.sort();
    times[ROUNDS / 2]
}

fn write_workbook(folder: &Path, rows: usize) {
    let today = NaiveDate::from_ymd_opt(2024, 6, 30).unwrap();
    std::fs::write(
        folder.join(FILE),
        expenses_export(rows, today).to_xlsx().unwrap(),
    )
    .unwrap();
}

fn parse_only(path: &Path) -> (Duration, Vec<Rows>) {
    let started = Instant::now();
    let (mut batches, mut waited) = (Vec::new(), Duration::ZERO);
    let file = File::open(path).unwrap();
    workbook::read(file, Some(Kind::Expenses), &rules(), &mut |part| {
        let kept = Instant::now();
        if let Part::Rows(batch) = part {
            assert!(batch.rejects.is_empty(), "{:?}", batch.rejects.first());
            batches.push(batch.rows);
        }
        waited += kept.elapsed();
        ControlFlow::Continue(())
    })
    .unwrap();
    (started.elapsed() - waited, batches)
}

async fn load_only(batches: &[Rows], with_rollups: bool) -> Duration {
    let (db, settings) = fresh().await;
    let source = Source::folder(PathBuf::from("."), DEPARTMENT, settings.import.policy);
    let copies: Vec<Rows> = batches
        .iter()
        .map(|rows| match rows {
            Rows::Expenses(rows) => Rows::Expenses(rows.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    let started = Instant::now();
    db.write(async |conn| {
        let now = db::utc_now();
        let written_at = WrittenAt {
            earliest: now,
            latest: now,
            is_repeated: false,
        };
        let workbook = Workbook::at(&source, "spisanie.xlsx", written_at, 0);
        let today = chrono::Utc::now().date_naive();
        let mut loader = Loader::open(conn, DEPARTMENT, Kind::Expenses, workbook, today)
            .await
            .unwrap();
        for rows in copies {
            loader.take(conn, rows).await.unwrap();
        }
        let loaded = loader
            .finish(conn, &WorkbookTotals::default())
            .await
            .unwrap();
        if with_rollups {
            db::refresh_rollups(conn, DEPARTMENT, &loaded.touched, false).await?;
        }
        Ok::<_, db::DbError>(())
    })
    .await
    .unwrap();
    started.elapsed()
}

async fn import((db, settings): &(Db, Settings), folder: &Path) -> (RunReport, Duration) {
    let cache = Cache::open(&settings.cache).await.unwrap();
    let context = import_context(settings, db.clone(), cache);
    let source = Source::folder(
        folder.to_owned(),
        DEPARTMENT,
        settings.import.policy.clone(),
    );
    let order = ImportRequest::now(vec![source], "bench");
    let started = Instant::now();
    let report = run_once(&context, &order, &Default::default(), &mut |_| {})
        .await
        .unwrap();
    (report, started.elapsed())
}

/// The rows that an import stored, copied into a database like it by PostgreSQL's own client.
async fn copy_only(folder: &Path) -> Duration {
    let stored = fresh().await;
    import(&stored, folder).await;
    let from = url(&stored.1);
    let into = fresh().await;
    let into = url(&into.1);
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display();
    for table in ["organizations", "bank_accounts", "contracts"] {
        psql(&from, &format!("\\copy {table} to '{path}'"));
        psql(&into, &format!("\\copy {table} from '{path}'"));
    }
    psql(&from, &format!("\\copy expenses to '{path}'"));
    let started = Instant::now();
    psql(&into, &format!("\\copy expenses from '{path}'"));
    started.elapsed()
}

async fn again(folder: &Path, rows: usize) {
    let database = fresh().await;
    let (_, first) = import(&database, folder).await;
    let (report, unchanged) = import(&database, folder).await;
    assert_eq!(report.total_files, 1);
    let path = folder.join(FILE);
    let file = File::options().append(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(60))
        .unwrap();
    let (_, same_bytes) = import(&database, folder).await;
    let other = tempfile::tempdir().unwrap();
    std::fs::copy(&path, other.path().join(FILE)).unwrap();
    let before = psql(
        &url(&database.1),
        "SELECT md5(string_agg(xmin::text, ',' ORDER BY id)) FROM expenses",
    );
    let (report, same_rows) = import(&database, other.path()).await;
    let after = psql(
        &url(&database.1),
        "SELECT md5(string_agg(xmin::text, ',' ORDER BY id)) FROM expenses",
    );
    assert_eq!(report.files[0].counts.unchanged, rows);
    let rewritten = if before == after { "none" } else { "some" };
    println!("| again | time | of the first |\n| --- | --- | --- |");
    let share = |time: Duration| 100.0 * time.as_secs_f64() / first.as_secs_f64();
    println!("| the first import | {:.2} s | |", first.as_secs_f64());
    for (what, time) in [
        ("the same file", unchanged),
        ("the same bytes with another time (under 2 %)", same_bytes),
        ("the same rows in a new file", same_rows),
    ] {
        println!(
            "| {what} | {:.3} s | {:.2} % |",
            time.as_secs_f64(),
            share(time)
        );
    }
    println!("| rows rewritten by that (by xmin) | {rewritten} | |\n");
}

/// Opens a workbook, which reads its shared strings, and prints the peak of the memory.
fn open_only(path: &Path) {
    let file = File::open(path).unwrap();
    let read = workbook::read(file, Some(Kind::Expenses), &rules(), &mut |_| {
        ControlFlow::Break(())
    });
    assert!(matches!(read, Err(WorkbookError::Stopped)));
    println!("{}", peak_kilobytes("self").unwrap());
}

fn peak_kilobytes(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// The peak of the command line's memory, by the kernel's account, and how much of it opening the
/// workbook alone takes: its shared strings.
async fn memory() {
    println!(
        "| peak memory, MiB | rows | an import | opening alone | difference |\n| --- | --- | --- | --- | --- |"
    );
    for rows in [100_000, 300_000, 1_000_000] {
        let folder = tempfile::tempdir().unwrap();
        // A process of its own would keep what making the workbook took; this one may.
        write_workbook(folder.path(), rows);
        let (_, settings) = fresh().await;
        let mut child = Command::new(std::env::var("PROGRAM").unwrap())
            .args(["import", "--dir"])
            .arg(folder.path())
            .env("DATABASE_URL", url(&settings))
            .env("USE_REDIS", "false")
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            peak = peak.max(peak_kilobytes(&child.id().to_string()).unwrap_or(0));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(child.wait().unwrap().success());
        let this = std::env::current_exe().unwrap();
        let opened = Command::new(this)
            .env("OPEN_ONLY", folder.path().join(FILE))
            .output()
            .unwrap();
        assert!(
            opened.status.success(),
            "{}",
            String::from_utf8_lossy(&opened.stderr)
        );
        let opened: u64 = String::from_utf8_lossy(&opened.stdout)
            .trim()
            .parse()
            .unwrap();
        println!(
            "| | {rows} | {} | {} | {} |",
            peak / 1024,
            opened / 1024,
            (peak - opened) / 1024
        );
    }
}

/// An empty database of this version.
async fn fresh() -> (Db, Settings) {
    let base = std::env::var("BASE_URL").unwrap();
    let name = format!("bench_{:016x}", rand::random::<u64>());
    psql(
        &format!("{base}/postgres"),
        &format!("CREATE DATABASE {name}"),
    );
    let url = format!("{base}/{name}");
    let settings = Settings::from_sources(None, |setting| match setting {
        "DATABASE_URL" => Some(url.clone()),
        "DATABASE_TIMEOUT_MS" => Some("60000".to_owned()),
        "USE_REDIS" => Some("false".to_owned()),
        _ => None,
    })
    .unwrap();
    (open_database(&settings, true).await.unwrap(), settings)
}

fn url(settings: &Settings) -> String {
    match &settings.database.url {
        credit_portfolio::config::DatabaseUrl::Postgres(url) => url.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn psql(url: &str, command: &str) -> String {
    let done = Command::new("psql")
        .args(["-qAt", "-d", url, "-c", command])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}
