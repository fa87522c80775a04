//! Files that change while a run takes them: they wait until they stand still, or are fetched
//! again.

use credit_portfolio::app::import_context;
use credit_portfolio::import::{ImportEvent, ImportRequest, Source, run_once};
use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::known_files::{EXPENSES, RECEIPTS, triggered};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, an_expense, expenses, receipts};

on_both_databases!(a_file_that_is_still_written_waits_unless_it_is_marked_as_done,);

async fn a_file_that_is_still_written_waits_unless_it_is_marked_as_done(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("IMPORT_SETTLE_SECONDS", "1")],
    )
    .await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.put(EXPENSES, expenses(&[an_expense(1)]));
    let (path, done) = (
        app.ftp_folder().join(EXPENSES),
        tokio::sync::oneshot::channel::<()>(),
    );
    let (stop, mut stopped) = done;
    let writer = actix_rt::spawn(async move {
        let mut more = expenses(&[an_expense(1)]);
        while stopped.try_recv().is_err() {
            more.push(0);
            std::fs::write(&path, &more).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    let answer = triggered(&app, "").await.ok();
    assert_eq!(
        (&answer["files_processed"], &answer["files_skipped"]),
        (&json!(1), &json!(1)),
        "{answer}"
    );
    stop.send(()).unwrap();
    writer.await.unwrap();
    let complete = async || {
        app.get("summary?department_id=8")
            .await
            .header("X-Data-As-Of")
            .to_owned()
    };
    assert_eq!(
        complete().await,
        "",
        "what is being written is not in the figures yet"
    );
    app.put(EXPENSES, expenses(&[an_expense(1)]));
    app.put(&format!("{EXPENSES}.done"), "");
    let answer = triggered(&app, "").await.ok();
    assert_eq!(
        (&answer["files_processed"], &answer["total_files"]),
        (&json!(1), &json!(2)),
        "{answer}"
    );
    assert_eq!(
        app.get("summary").await.ok()["total_expenses"],
        json!(100.0)
    );
    assert_ne!(complete().await, "");
    app.stop().await;
}

#[actix_rt::test]
async fn a_file_that_is_rewritten_while_it_is_fetched_slowly_is_fetched_again() {
    let app = TestApp::start(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(RECEIPTS);
    let now = std::time::SystemTime::now();
    let version = |amount: i64| receipts(&[a_receipt(1).amounting_to(amount * 100)]);
    let size = version(1).len() as u64;
    let other = (2..1_000)
        .find(|amount| version(*amount).len() as u64 == size)
        .unwrap();
    let write = |amount: i64| {
        std::fs::write(&path, version(amount)).unwrap();
        // A server gives times to the second: both versions have the same.
        std::fs::File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_modified(now)
            .unwrap();
    };
    write(1);
    let source = Source::folder(
        folder.path().to_owned(),
        DEPARTMENT,
        app.settings.import.policy.clone(),
    );
    let context = import_context(
        &app.settings,
        app.running.state.db.clone(),
        app.running.state.cache.clone(),
    );
    let order = ImportRequest::now(vec![source], "test");
    let mut rewrite = |event: ImportEvent<'_>| {
        if matches!(event, ImportEvent::Fetched { bytes, .. } if bytes == size) {
            write(other);
            // The end of the transfer comes late, when the time no longer looks young.
            std::thread::sleep(std::time::Duration::from_secs(3));
        }
    };
    run_once(&context, &order, &Default::default(), &mut rewrite)
        .await
        .unwrap();
    assert_eq!(app.get("summary").await.ok()["total_receipts"], json!(1.0));
    run_once(&context, &order, &Default::default(), &mut |_| {})
        .await
        .unwrap();
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(other as f64)
    );
    app.stop().await;
}
