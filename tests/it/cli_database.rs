//! The commands `db copy`, by which an installation outgrows SQLite, and `db backup`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use credit_portfolio::domain::Role;
use proptest::strategy::{Strategy, ValueTree};
use reqwest::Method;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::program::{output_text, program, run};
use crate::support::random_operations::runner;
use crate::support::random_portfolio::{import, portfolio};
use crate::support::servers::{Postgres, psql};
use crate::support::workbooks::{a_receipt, receipts};

const QUESTIONS: [&str; 9] = [
    "summary",
    "summary?currency=USD",
    "monthly-stats",
    "analytics/debt-balance?group_by=contract",
    "analytics/roll-forward?group_by=contract",
    "lender-stats",
    "contracts?limit=1000",
    "receipts?limit=1000",
    "expense-details?limit=1000",
];

fn copy(folder: &Path, from: &str, to: &str) -> Output {
    program(folder, &["db", "copy", "--from", from])
        .env("DATABASE_COPY_TO", to)
        .output()
        .unwrap()
}

#[actix_rt::test]
async fn a_copy_answers_as_its_original_and_goes_on_from_there() {
    let app = TestApp::start(Backend::Sqlite).await;
    let drawn = portfolio(80).new_tree(&mut runner(5)).unwrap().current();
    import(&app, &drawn).await;
    let user = app.user(Role::Admin, DEPARTMENT, "irrelevant").await;
    let mut before = Vec::new();
    for question in QUESTIONS {
        before.push(app.get(question).await.ok());
    }
    let (from, folder) = (app.database_url.clone(), app.folder.clone());
    app.stop().await;

    let to = tokio::task::spawn_blocking(Postgres::empty_database)
        .await
        .unwrap();
    let done = copy(folder.path(), &from, &to);
    let said = output_text(&done);
    assert!(done.status.success(), "{said}");
    assert!(said.contains("answers are the same"), "{said}");

    let app = TestApp::start_at(&to, &[("USE_REDIS", "false")]).await;
    for (question, before) in QUESTIONS.iter().zip(&before) {
        assert_eq!(&app.get(question).await.ok(), before, "{question}");
    }
    let token = app.running.state.tokens.issue(&user).unwrap();
    let own = app
        .request(Method::GET, "auth/me", Some(&token), None)
        .await;
    assert_eq!(own.ok()["id"], user.id);
    // New rows are numbered after those that were copied.
    let receipt = receipts(&[a_receipt(9_999)]);
    app.import(DEPARTMENT, &[("new postuplenie.xlsx", &receipt)])
        .await;
    app.user(Role::Manager, DEPARTMENT, "irrelevant").await;
    app.stop().await;

    let again = copy(folder.path(), &from, &to);
    assert!(
        !again.status.success() && output_text(&again).contains("holds data already"),
        "{}",
        output_text(&again)
    );
}

#[test]
fn a_copy_that_was_broken_off_is_not_served_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["generate", "--operations", "12000"], "");
    assert!(made.status.success(), "{}", output_text(&made));
    let from = format!(
        "sqlite://{}",
        folder.path().join("credit-portfolio.db").display()
    );
    let to = Postgres::fresh_database();
    psql(
        &to,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF (SELECT COUNT(*) FROM expenses) > 3000 THEN RAISE 'the disk is full'; END IF; \
         RETURN NULL; END $$; \
         CREATE TRIGGER refuse AFTER INSERT ON expenses FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    )
    .unwrap();
    let broken = copy(folder.path(), &from, &to);
    let said = output_text(&broken);
    assert!(
        !broken.status.success()
            && said.contains("table expenses")
            && said.contains("disk is full"),
        "{said}"
    );
    let rows = || psql(&to, "SELECT COUNT(*) FROM expenses").unwrap();
    assert_eq!(rows(), "2000", "whole pages");

    let served = program(folder.path(), &["rollups", "verify"])
        .env("DATABASE_URL", &to)
        .output()
        .unwrap();
    assert!(
        !served.status.success() && output_text(&served).contains("is not complete"),
        "{}",
        output_text(&served)
    );

    psql(&to, "DROP TRIGGER refuse ON expenses").unwrap();
    let done = copy(folder.path(), &from, &to);
    let said = output_text(&done);
    assert!(
        done.status.success() && said.contains("it goes on"),
        "{said}"
    );
    let verified = program(folder.path(), &["rollups", "verify"])
        .env("DATABASE_URL", &to)
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", output_text(&verified));
}

#[test]
fn a_backup_is_the_database_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["generate", "--operations", "500"], "");
    assert!(made.status.success(), "{}", output_text(&made));
    let backup = ["db", "backup", "--to", "backup.db"];
    let done = run(folder.path(), &backup, "");
    assert!(done.status.success(), "{}", output_text(&done));
    let file = folder.path().join("backup.db");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let verified = program(folder.path(), &["rollups", "verify"])
        .env("DATABASE_URL", format!("sqlite://{}", file.display()))
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", output_text(&verified));
    let again = run(folder.path(), &backup, "");
    assert!(
        !again.status.success() && output_text(&again).contains("is there already"),
        "{}",
        output_text(&again)
    );
}
