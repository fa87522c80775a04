//! The commands `rollups verify` and `rollups rebuild`, on both databases.

use crate::support::program::{output_text, program, run};
use crate::support::servers::{Postgres, psql};
use crate::support::workbooks::{a_receipt, receipts};

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
    for (table, sum, named) in [
        ("monthly_flows", "receipts", "monthly, stored"),
        ("monthly_totals", "receipts", "monthly total, stored"),
        ("yearly_totals", "receipts", "yearly total, stored"),
        ("monthly_debts", "debt", "monthly debt, stored"),
    ] {
        conn.batch_execute(&format!("UPDATE {table} SET {sum} = {sum} + 1"))
            .unwrap();
        let bad = run(folder.path(), &["rollups", "verify"], "");
        let words = output_text(&bad);
        assert!(
            !bad.status.success() && words.contains("rollups rebuild") && words.contains(named),
            "{words}"
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
