//! The program as it is typed: settings, users, migrations, generated operations, and the demo from
//! beginning to end.

use std::io::{BufRead, BufReader};
use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::Value;

use crate::support::processes::free_port;
use crate::support::program::{Running, SECRET_KEY, output_text, program, run, wait_until_ready};

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
fn commands_on_what_is_there_make_no_database() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["user", "list"][..], &["adopt"], &["rollups", "rebuild"]] {
        let missing = run(folder.path(), arguments, "");
        let text = output_text(&missing);
        assert!(
            !missing.status.success() && text.contains("there is no database at "),
            "{text}"
        );
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a file was made"
    );
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
    let health = |arguments: &[&str]| {
        let mut healthcheck = program(folder.path(), &["healthcheck"]);
        let output = healthcheck.args(arguments).env("BIND", &address).output();
        output.unwrap().status.success()
    };
    assert!(!health(&[]), "nobody is there yet");
    let mut serve = program(folder.path(), &["serve"]);
    let serve = Running::start(
        serve
            .env("SECRET_KEY", SECRET_KEY)
            .env("BIND", &address)
            .env("DATABSE_URL", "sqlite://x.db"),
    );
    wait_until_ready(&address);
    assert!(health(&[]) && health(&["--ready"]));
    let (code, log) = serve.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("There are no users yet")
            && log.contains("Stopped")
            && log.contains("was DATABASE_URL meant?"),
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

#[test]
fn a_hangup_stops_the_program_in_order_and_its_secret_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    std::fs::write(folder.path().join("key"), SECRET_KEY).unwrap();
    let mut serve = program(folder.path(), &["serve"]);
    serve.env("SECRET_KEY_FILE", "key").env("BIND", &address);
    let running = Running::start(&mut serve);
    wait_until_ready(&address);
    let (code, log) = running.stop_by("-HUP");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("Stopping") && log.contains("Stopped"), "{log}");
}

#[test]
fn another_finance_department_works_on_an_existing_database_or_the_start_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = |departments: &str| {
        let mut migrate = program(folder.path(), &["migrate"]);
        migrate
            .env("FINANCE_DEPARTMENT_ID", departments)
            .output()
            .unwrap()
    };
    let create = |name: &str, department: &str| {
        let user = ["user", "create", "--role", "USER", "--username", name];
        let arguments = [user.as_slice(), &["--department", department]].concat();
        run(folder.path(), &arguments, "correct horse\n")
    };
    assert!(migrate("8").status.success());
    let changed = migrate("12");
    assert!(changed.status.success(), "{}", output_text(&changed));
    assert!(output_text(&changed).contains("Made department 12, Finance 12"));
    for department in ["8", "12"] {
        let made = create(&format!("of{department}"), department);
        assert!(made.status.success(), "{}", output_text(&made));
    }
    // A department of another number has the name that the next one would get.
    let path = folder.path().join("credit-portfolio.db");
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    conn.batch_execute("UPDATE departments SET name = 'Finance 13' WHERE id = 12")
        .unwrap();
    let refused = migrate("13");
    assert!(!refused.status.success());
    for words in [
        "FINANCE_DEPARTMENT_ID",
        "Finance 13",
        "name an existing department",
    ] {
        assert!(
            output_text(&refused).contains(words),
            "{}",
            output_text(&refused)
        );
    }
}

#[test]
fn a_database_that_cannot_be_made_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "no folder").unwrap();
    let refused = program(folder.path(), &["migrate"])
        .env("DATABASE_URL", "sqlite://file/credit-portfolio.db")
        .output()
        .unwrap();
    let said = output_text(&refused);
    let path = folder.path().join("file/credit-portfolio.db");
    assert!(
        !refused.status.success()
            && said.contains(&format!(
                "the database file {} can't be made",
                path.display()
            ))
            && said.contains("must be writable"),
        "{said}"
    );
}
