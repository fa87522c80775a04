//! The program as it is typed: exit codes, messages, and the demo from beginning to end.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use credit_portfolio::demo::Cell;
use serde_json::Value;

use crate::support::processes::free_port;
use crate::support::servers::{Postgres, psql};
use crate::support::workbooks::{Operation, a_receipt, an_expense, expenses, receipts};
use crate::support::write_aged;

pub const SECRET_KEY: &str = "a secret key that only tests know of";

/// The program in an empty folder and an empty environment.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_credit-portfolio"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("USE_REDIS", "false")
        .env("TZ", "UTC");
    command
}

pub fn run(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut child = program(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not ask may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn output_text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A running program that is stopped at the end.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Running {
        Running(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    /// Asks it to stop, as a service manager would; gives the exit code and the log.
    pub fn terminate(mut self) -> (Option<i32>, String) {
        let pid = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let status = self.0.wait().unwrap();
        let mut log = String::new();
        std::io::Read::read_to_string(&mut self.0.stderr.take().unwrap(), &mut log).unwrap();
        (status.code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn wait_until_ready(address: &str) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while ureq::get(&format!("http://{address}/readyz"))
        .call()
        .is_err()
    {
        assert!(
            std::time::Instant::now() < deadline,
            "{address} does not become ready"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn serve_stops_with_a_clear_message_without_a_good_secret_key() {
    let folder = tempfile::tempdir().unwrap();
    for key in ["", "short"] {
        let output = program(folder.path(), &["serve"])
            .env("SECRET_KEY", key)
            .output()
            .unwrap();
        assert!(!output.status.success());
        assert!(
            output_text(&output).contains("SECRET_KEY") && output_text(&output).contains("32"),
            "{}",
            output_text(&output)
        );
    }
}

#[test]
fn wrong_settings_are_all_reported_at_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "REDIS_PORT=99999\nIMPORT_TIMEZONE=Mars\n",
    )
    .unwrap();
    let output = program(folder.path(), &["serve"])
        .env("BIND", "nowhere")
        .output()
        .unwrap();
    assert!(!output.status.success());
    for name in ["BIND", "REDIS_PORT", "IMPORT_TIMEZONE"] {
        assert!(
            output_text(&output).contains(name),
            "{name}: {}",
            output_text(&output)
        );
    }
}

#[test]
fn users_are_made_with_a_password_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["user", "create", "--username", "anna", "--role", "MANAGER"];
    let short = run(folder.path(), &create, "short\n");
    assert!(
        !short.status.success() && output_text(&short).contains("8"),
        "{}",
        output_text(&short)
    );
    let made = run(folder.path(), &create, "correct horse\n");
    assert!(made.status.success(), "{}", output_text(&made));
    let again = run(folder.path(), &create, "correct horse\n");
    assert!(
        !again.status.success() && output_text(&again).contains("exists already"),
        "{}",
        output_text(&again)
    );
    let nowhere = run(
        folder.path(),
        &[
            "user",
            "create",
            "--username",
            "b",
            "--role",
            "USER",
            "--department",
            "77",
        ],
        "correct horse\n",
    );
    assert!(
        output_text(&nowhere).contains("no department"),
        "{}",
        output_text(&nowhere)
    );
    let set = run(
        folder.path(),
        &["user", "set-password", "--username", "anna"],
        "battery staple\n",
    );
    assert!(set.status.success(), "{}", output_text(&set));
    let unknown = run(
        folder.path(),
        &["user", "set-password", "--username", "otto"],
        "battery staple\n",
    );
    assert!(
        !unknown.status.success() && output_text(&unknown).contains("no user otto"),
        "{}",
        output_text(&unknown)
    );
}

#[test]
fn a_folder_is_imported_with_timings_and_the_exit_code_reports_failures() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(
        files.join("postuplenie.xlsx"),
        receipts(&[a_receipt(1), a_receipt(2)]),
    )
    .unwrap();
    let tried = run(
        folder.path(),
        &["import", "--dir", "files", "--dry-run"],
        "",
    );
    assert!(tried.status.success(), "{}", output_text(&tried));
    assert!(
        output_text(&tried).contains("2 inserted")
            && output_text(&tried).contains("Nothing was written"),
        "{}",
        output_text(&tried)
    );
    let good = run(
        folder.path(),
        &["import", "--dir", "files", "--timings"],
        "",
    );
    assert!(good.status.success(), "{}", output_text(&good));
    assert!(
        output_text(&good).contains("2 inserted") && output_text(&good).contains("rows/s"),
        "{}",
        output_text(&good)
    );
    std::fs::write(
        files.join("spisanie.xlsx"),
        &expenses(&[an_expense(1)])[..500],
    )
    .unwrap();
    let bad = run(folder.path(), &["import", "--dir", "files"], "");
    assert!(
        !bad.status.success() && output_text(&bad).contains("the workbook is cut off"),
        "{}",
        output_text(&bad)
    );
    assert!(
        output_text(&bad).contains("unchanged since run 1"),
        "{}",
        output_text(&bad)
    );
    let forced = run(folder.path(), &["import", "--dir", "files", "--force"], "");
    assert!(
        output_text(&forced).contains("2 unchanged"),
        "{}",
        output_text(&forced)
    );
    let nothing = run(folder.path(), &["import"], "");
    assert!(
        output_text(&nothing).contains("FTP_HOST") && output_text(&nothing).contains("--dir"),
        "{}",
        output_text(&nothing)
    );
}

#[test]
fn the_line_of_a_file_names_every_count_that_is_not_zero() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let import = |rows: &[Operation], minutes: u64| {
        write_aged(&files, "spisanie.xlsx", &expenses(rows), minutes);
        let mut command = program(folder.path(), &["import", "--dir", "files"]);
        let settings = [
            ("IMPORT_MISSING_ROWS", "deactivate"),
            ("IMPORT_MISSING_ROWS_MAX_PERCENT", "50"),
        ];
        let output = command
            .envs(settings)
            .env("RUST_LOG", "info")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", output_text(&output));
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    import(&[an_expense(1), an_expense(2), an_expense(3)], 20);
    let bad = an_expense(4).with_amount_cell(Cell::text("many"));
    let (line, log) = import(
        &[
            an_expense(1),
            an_expense(2).amounting_to(5),
            an_expense(5),
            bad,
        ],
        10,
    );
    for text in [line, log] {
        assert!(
            text.contains("1 inserted, 1 updated, 1 unchanged, 1 deactivated, 1 rejected"),
            "{text}"
        );
        assert!(
            !text.contains("deleted") && !text.contains("left alone"),
            "{text}"
        );
    }
    let (line, log) = import(&[an_expense(1), an_expense(2)], 15);
    for text in [line, log] {
        assert!(text.contains("1 unchanged, 1 left alone"), "{text}");
    }
}

#[test]
fn rollups_are_verified_and_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(
        files.join("postuplenie.xlsx"),
        receipts(&[a_receipt(1), a_receipt(2)]),
    )
    .unwrap();
    assert!(
        run(folder.path(), &["import", "--dir", "files"], "")
            .status
            .success()
    );
    let good = run(folder.path(), &["rollups", "verify"], "");
    assert!(
        good.status.success() && output_text(&good).contains("1 daily and 1 monthly"),
        "{}",
        output_text(&good)
    );
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    let database = folder.path().join("credit-portfolio.db");
    let mut conn = SqliteConnection::establish(&database.to_string_lossy()).unwrap();
    conn.batch_execute("UPDATE monthly_flows SET receipts = receipts + 1")
        .unwrap();
    let bad = run(folder.path(), &["rollups", "verify"], "");
    assert!(
        !bad.status.success() && output_text(&bad).contains("rollups rebuild"),
        "{}",
        output_text(&bad)
    );
    assert!(
        run(folder.path(), &["rollups", "rebuild"], "")
            .status
            .success()
    );
    assert!(
        run(folder.path(), &["rollups", "verify"], "")
            .status
            .success()
    );
}

#[test]
fn verifying_rollups_neither_creates_nor_migrates_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(folder.path(), &["rollups", "verify"], "");
    assert!(
        !missing.status.success() && output_text(&missing).contains("credit-portfolio migrate"),
        "{}",
        output_text(&missing)
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a file was created"
    );
}

#[test]
fn rollups_are_verified_while_another_writes() {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    assert!(
        run(folder.path(), &["generate", "--operations", "1000"], "")
            .status
            .success()
    );
    let database = folder.path().join("credit-portfolio.db");
    let mut conn = SqliteConnection::establish(&database.to_string_lossy()).unwrap();
    conn.batch_execute("BEGIN IMMEDIATE; UPDATE monthly_flows SET receipts = receipts + 1")
        .unwrap();
    let verified = run(folder.path(), &["rollups", "verify"], "");
    assert!(verified.status.success(), "{}", output_text(&verified));
    conn.batch_execute("COMMIT").unwrap();
    let differing = run(folder.path(), &["rollups", "verify"], "");
    assert!(
        !differing.status.success() && output_text(&differing).contains("rollups rebuild"),
        "{}",
        output_text(&differing)
    );
}

/// A user that may only read suffices.
#[test]
fn rollups_of_postgres_are_verified_by_a_user_that_may_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let url = Postgres::fresh_database();
    let with = |url: &str, arguments: &[&str]| {
        program(folder.path(), arguments)
            .env("DATABASE_URL", url)
            .output()
            .unwrap()
    };
    assert!(
        with(&url, &["generate", "--operations", "1000"])
            .status
            .success()
    );
    let reader = format!("reader_{}", std::process::id());
    psql(
        &url,
        &format!(
            "CREATE ROLE {reader} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}"
        ),
    )
    .unwrap();
    let as_reader = url.replace("postgres@", &format!("{reader}@"));
    let verified = with(&as_reader, &["rollups", "verify"]);
    assert!(verified.status.success(), "{}", output_text(&verified));
    psql(&url, "UPDATE yearly_flows SET receipts = receipts + 1").unwrap();
    let differing = with(&as_reader, &["rollups", "verify"]);
    assert!(
        !differing.status.success() && output_text(&differing).contains("yearly, stored"),
        "{}",
        output_text(&differing)
    );
}

#[test]
fn operations_are_generated_into_an_empty_database_only() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["generate", "--operations", "1000"], "");
    assert!(made.status.success(), "{}", output_text(&made));
    assert!(
        output_text(&made).contains("400 receipts and 600 expenses with 1200 details"),
        "{}",
        output_text(&made)
    );
    assert!(
        run(folder.path(), &["rollups", "verify"], "")
            .status
            .success()
    );
    let again = run(folder.path(), &["generate", "--operations", "1000"], "");
    assert!(
        !again.status.success() && output_text(&again).contains("an empty one"),
        "{}",
        output_text(&again)
    );
}

#[test]
fn a_database_that_is_behind_stops_serve_with_no_migrate() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["serve", "--no-migrate"])
        .env("SECRET_KEY", SECRET_KEY)
        .output()
        .unwrap();
    assert!(
        !output.status.success() && output_text(&output).contains("credit-portfolio migrate"),
        "{}",
        output_text(&output)
    );
    assert!(run(folder.path(), &["migrate"], "").status.success());
}

#[test]
fn serve_becomes_healthy_and_leaves_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let health = |address: &str| {
        program(folder.path(), &["healthcheck"])
            .env("BIND", address)
            .output()
            .unwrap()
    };
    assert!(!health(&address).status.success(), "nobody is there yet");
    let mut serve = program(folder.path(), &["serve"]);
    let serve = Running::start(serve.env("SECRET_KEY", SECRET_KEY).env("BIND", &address));
    wait_until_ready(&address);
    assert!(health(&address).status.success());
    let (code, log) = serve.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("There are no users yet") && log.contains("Stopped"),
        "{log}"
    );
    assert!(!log.contains(SECRET_KEY));
}

#[test]
fn the_demo_serves_figures_and_its_curl_lines_work_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let mut demo = program(
        folder.path(),
        &["demo", "--bind", &address, "--rows", "600"],
    );
    let mut demo = Running::start(&mut demo);
    let mut curls: Vec<String> = Vec::new();
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines();
    while curls.len() < 3 {
        let line = lines.next().expect("the demo ended").unwrap();
        curls.extend(line.starts_with("curl ").then_some(line));
    }
    for (curl, name) in curls
        .iter()
        .zip(["total_receipts", "receipts", "efficiency"])
    {
        let output = Command::new("sh").args(["-c", curl]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{curl}: {text}"));
        assert!(
            head.starts_with("HTTP/1.1 200") && head.to_lowercase().contains("cache-status"),
            "{head}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert!(body.to_string().contains(name), "{body}");
    }
    let (code, log) = demo.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("Invalidated analytics cache"), "{log}");
}
