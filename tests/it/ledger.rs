//! What a run does with files that it knows: unchanged, changed, bad, still being written.

use credit_portfolio::app::import_context;
use credit_portfolio::domain::Role;
use credit_portfolio::import::{
    FileReport, FileStatus, ImportEvent, ImportRequest, RunReport, Source, run_once,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{Answer, Backend, DEPARTMENT, TestApp};
use crate::support::workbooks::{a_receipt, an_expense, expenses, receipts};
use crate::support::{on_both_databases, write_aged};

const RECEIPTS: &str = "postuplenie.xlsx";
const EXPENSES: &str = "spisanie.xlsx";

on_both_databases!(
    an_unchanged_file_is_neither_fetched_nor_read_nor_journaled,
    the_same_bytes_with_another_time_are_not_read,
    a_bad_file_is_tried_again_and_parked_until_it_changes,
    a_strict_source_takes_all_rows_or_none,
    vanished_rows_become_inactive_and_come_back,
    too_many_vanished_rows_refuse_the_file,
    what_a_file_handed_in_leaves_out_stays,
    rejected_rows_come_back_as_a_workbook_that_can_be_corrected,
    a_file_that_is_still_written_waits_unless_it_is_marked_as_done,
);

fn messages(report: &RunReport) -> Vec<(FileStatus, String)> {
    let of = |file: &FileReport| (file.status, file.message.clone().unwrap_or_default());
    report.files.iter().map(of).collect()
}

/// Writes a file whose time is old enough to be relied on.
fn write(folder: &std::path::Path, name: &str, content: Vec<u8>, minutes_old: u64) {
    write_aged(folder, name, &content, minutes_old);
}

async fn triggered(app: &TestApp, query: &str) -> Answer {
    let token = app.token(Role::Admin, DEPARTMENT).await;
    app.request(
        Method::POST,
        &format!("credit-portfolio/import/trigger{query}"),
        Some(&token),
        None,
    )
    .await
}

async fn an_unchanged_file_is_neither_fetched_nor_read_nor_journaled(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECEIPTS, receipts(&[a_receipt(1)]), 10);
    let first = app.import_folder(folder.path(), DEPARTMENT).await;
    // Were it read, it would fail: size and time are those of before.
    let size = std::fs::metadata(folder.path().join(RECEIPTS))
        .unwrap()
        .len();
    let modified = std::fs::metadata(folder.path().join(RECEIPTS))
        .unwrap()
        .modified()
        .unwrap();
    std::fs::write(folder.path().join(RECEIPTS), vec![0; size as usize]).unwrap();
    let file = std::fs::File::options()
        .append(true)
        .open(folder.path().join(RECEIPTS))
        .unwrap();
    file.set_modified(modified).unwrap();
    let second = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        messages(&second),
        [(
            FileStatus::Skipped,
            format!("unchanged since run {}", first.run_id)
        )]
    );
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal.as_array().unwrap().len(), 1, "{journal}");
    let forced = app
        .import_folder_again(folder.path(), DEPARTMENT, true)
        .await;
    assert_eq!(
        forced.files[0].status,
        FileStatus::Failed,
        "force reads it all the same"
    );
    app.stop().await;
}

async fn the_same_bytes_with_another_time_are_not_read(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    let bytes = receipts(&[a_receipt(1)]);
    write(folder.path(), RECEIPTS, bytes.clone(), 10);
    app.import_folder(folder.path(), DEPARTMENT).await;
    write(folder.path(), RECEIPTS, bytes, 5);
    let second = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        second.files[0].status,
        FileStatus::Skipped,
        "{:?}",
        messages(&second)
    );
    write(
        folder.path(),
        RECEIPTS,
        receipts(&[a_receipt(1), a_receipt(2)]),
        3,
    );
    let third = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        (
            third.files[0].counts.inserted,
            third.files[0].counts.unchanged
        ),
        (1, 1)
    );
    app.stop().await;
}

async fn a_bad_file_is_tried_again_and_parked_until_it_changes(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("IMPORT_PARK_AFTER", "2")],
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECEIPTS, b"PK no workbook".to_vec(), 10);
    for _ in 0..2 {
        let tried = app.import_folder(folder.path(), DEPARTMENT).await;
        assert_eq!(tried.files[0].status, FileStatus::Failed);
    }
    let parked = app.import_folder(folder.path(), DEPARTMENT).await;
    let (status, message) = &messages(&parked)[0];
    assert_eq!(*status, FileStatus::Skipped);
    assert!(
        message.contains("until it changes") && message.contains("after 2 failures"),
        "{message}"
    );
    assert!(
        message.contains("cut off"),
        "the reason is repeated: {message}"
    );
    write(folder.path(), RECEIPTS, receipts(&[a_receipt(1)]), 5);
    let changed = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(changed.files[0].status, FileStatus::Success);
    app.stop().await;
}

async fn a_strict_source_takes_all_rows_or_none(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[("USE_REDIS", "false"), ("IMPORT_ROW_POLICY", "strict")],
    )
    .await;
    let mut nameless = a_receipt(2);
    nameless.organization = String::new();
    let report = app
        .import(
            DEPARTMENT,
            &[(RECEIPTS, &receipts(&[a_receipt(1), nameless]))],
        )
        .await;
    let (status, message) = &messages(&report)[0];
    assert_eq!(*status, FileStatus::Failed);
    assert!(
        message.contains("strict") && message.contains("«Организация»"),
        "{message}"
    );
    assert_eq!(app.get("summary").await.ok()["total_receipts"], json!(0.0));
    let entry = app.get("import-logs").await.ok()[0]["id"].clone();
    let rejects = app.get(&format!("import-logs/{entry}/rejects")).await.ok();
    assert_eq!(
        rejects[0]["row_number"], 3,
        "what is wrong is listed all the same: {rejects}"
    );
    app.stop().await;
}

fn twenty(except: u32) -> Vec<u8> {
    let rows: Vec<_> = (1..=20)
        .filter(|serial| *serial != except)
        .map(an_expense)
        .collect();
    expenses(&rows)
}

async fn vanished_rows_become_inactive_and_come_back(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    let total = async || {
        app.get("summary").await.ok()["total_expenses"]
            .as_f64()
            .unwrap()
    };
    let other = expenses(&[an_expense(90).of("ООО «Другая»")]);
    app.import(
        DEPARTMENT,
        &[("A spisanie.xlsx", &twenty(0)), ("B spisanie.xlsx", &other)],
    )
    .await;
    assert_eq!(total().await, 2100.0);
    let report = app.import(DEPARTMENT, &[(EXPENSES, &twenty(7))]).await;
    assert_eq!(
        (
            report.files[0].counts.deactivated,
            report.files[0].counts.unchanged
        ),
        (1, 19)
    );
    assert_eq!(total().await, 2000.0, "another organization's rows stay");
    let report = app.import(DEPARTMENT, &[(EXPENSES, &twenty(0))]).await;
    assert_eq!(
        (
            report.files[0].counts.updated,
            report.files[0].counts.unchanged
        ),
        (1, 19)
    );
    assert_eq!(total().await, 2100.0);
    for nothing in [
        expenses(&[]),
        crate::support::workbooks::expenses_sheet(&[])
            .to_xlsx()
            .unwrap(),
    ] {
        let report = app.import(DEPARTMENT, &[(EXPENSES, &nothing)]).await;
        assert_eq!(
            (report.files[0].status, report.files[0].counts.deactivated),
            (FileStatus::Success, 0)
        );
    }
    assert_eq!(total().await, 2100.0, "an empty export wipes nothing");
    // A row that can't be taken is in the file all the same.
    let bad = a_bad_seventh();
    let report = app.import(DEPARTMENT, &[(EXPENSES, &bad)]).await;
    assert_eq!(
        (report.files[0].rejected, report.files[0].counts.deactivated),
        (1, 0)
    );
    assert_eq!(total().await, 2100.0);
    app.stop().await;
}

fn a_bad_seventh() -> Vec<u8> {
    let amount = credit_portfolio::demo::Cell::text("many");
    let row = |serial| match serial {
        7 => an_expense(7).with_amount_cell(amount.clone()),
        serial => an_expense(serial),
    };
    expenses(&(1..=20).map(row).collect::<Vec<_>>())
}

async fn too_many_vanished_rows_refuse_the_file(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    app.import(DEPARTMENT, &[(EXPENSES, &twenty(0))]).await;
    let half: Vec<_> = (1..=10).map(an_expense).collect();
    let changed = [half.as_slice(), &[an_expense(11).amounting_to(1)]].concat();
    let report = app
        .import(DEPARTMENT, &[(EXPENSES, &expenses(&changed))])
        .await;
    let (status, message) = &messages(&report)[0];
    assert_eq!(*status, FileStatus::Failed);
    assert!(
        message.contains("9 of the 20") && message.contains("5 %"),
        "{message}"
    );
    assert!(
        message.contains("IMPORT_MISSING_ROWS_MAX_PERCENT"),
        "{message}"
    );
    assert_eq!(
        app.get("summary").await.ok()["total_expenses"],
        json!(2000.0),
        "nothing of it went in"
    );
    app.stop().await;
}

async fn what_a_file_handed_in_leaves_out_stays(backend: Backend) {
    let app = TestApp::start_with(
        backend,
        &[
            ("USE_REDIS", "false"),
            ("IMPORT_MISSING_ROWS", "deactivate"),
        ],
    )
    .await;
    app.import(DEPARTMENT, &[(EXPENSES, &twenty(0))]).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let part = reqwest::multipart::Part::bytes(twenty(7)).file_name(EXPENSES);
    let form = reqwest::multipart::Form::new().part("files", part);
    let answer = app
        .send_form("credit-portfolio/import/files", &token, form)
        .await
        .ok();
    assert_eq!(answer["success"], true, "{answer}");
    assert_eq!(
        app.get("summary").await.ok()["total_expenses"],
        json!(2000.0)
    );
    app.stop().await;
}

async fn rejected_rows_come_back_as_a_workbook_that_can_be_corrected(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(DEPARTMENT, &[(EXPENSES, &a_bad_seventh())])
        .await;
    let entry = app.get("import-logs").await.ok()[0]["id"].clone();
    let csv = app
        .get(&format!("import-logs/{entry}/rejects?format=csv"))
        .await;
    let mut rows = csv::Reader::from_reader(csv.text.trim_start_matches('\u{feff}').as_bytes());
    let headings: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(headings[0], "Списание с расчетного счета");
    assert_eq!(headings.last().unwrap(), "Причина отказа");
    let row = rows.records().next().unwrap().unwrap();
    assert!(
        row[0].contains("0000-000007") && &row[7] == "many",
        "{row:?}"
    );
    assert!(row[row.len() - 1].contains("row 8, «Сумма»"), "{row:?}");
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let path = format!("credit-portfolio/import-logs/{entry}/rejects?format=xlsx");
    let workbook = app.bytes(&path, &token).await;
    // Handed in again as it is, it is read, and the same row is rejected for the same reason.
    let report = app.import(DEPARTMENT, &[(EXPENSES, &workbook)]).await;
    assert_eq!(
        (
            report.files[0].rejected,
            report.files[0].rejects[0].value.as_str()
        ),
        (1, "many")
    );
    app.stop().await;
}

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
async fn a_run_is_watched_and_cancelled_between_two_batches() {
    let app = TestApp::start(Backend::Postgres).await;
    let rows: Vec<_> = (1..60_000).map(a_receipt).collect();
    app.put(RECEIPTS, receipts(&rows));
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let started = triggered(&app, "?wait=false").await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.text);
    let run_id = started.json()["run_id"].clone();
    let path = format!("credit-portfolio/import/runs/{run_id}");
    crate::support::eventually("rows are loaded", async || {
        let run = app
            .request(Method::GET, &path, Some(&token), None)
            .await
            .ok();
        run["progress"]["rows"]
            .as_u64()
            .is_some_and(|rows| rows > 0)
    })
    .await;
    let cancelled = app
        .request(Method::POST, &format!("{path}/cancel"), Some(&token), None)
        .await;
    assert_eq!(cancelled.status, StatusCode::ACCEPTED, "{}", cancelled.text);
    let events = app
        .request(Method::GET, &format!("{path}/events"), Some(&token), None)
        .await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(
        events.text.contains("event: ended") && events.text.contains("cancelled"),
        "{}",
        events.text
    );
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(0.0),
        "nothing of the file is kept"
    );
    let again = app
        .request(Method::POST, &format!("{path}/cancel"), Some(&token), None)
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    app.stop().await;
}

#[actix_rt::test]
async fn a_run_takes_the_files_of_several_sources_by_their_patterns() {
    let app = TestApp::start(Backend::Sqlite).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for (serial, folder) in (1..).zip(&folders) {
        std::fs::write(folder.path().join(RECEIPTS), receipts(&[a_receipt(serial)])).unwrap();
        std::fs::write(
            folder.path().join(EXPENSES),
            expenses(&[an_expense(serial)]),
        )
        .unwrap();
    }
    let mut policy = app.settings.import.policy.clone();
    let first = Source::folder(folders[0].path().to_owned(), DEPARTMENT, policy.clone());
    policy.patterns = vec!["POST*".parse().unwrap()];
    let second = Source {
        policy,
        ..Source::folder(
            folders[1].path().to_owned(),
            DEPARTMENT,
            first.policy.clone(),
        )
    };
    let context = import_context(
        &app.settings,
        app.running.state.db.clone(),
        app.running.state.cache.clone(),
    );
    let order = ImportRequest::now(vec![first, second], "test");
    let report = run_once(&context, &order, &Default::default(), &mut |_| {})
        .await
        .unwrap();
    assert_eq!(
        (report.total_files, report.processed()),
        (3, 3),
        "{}",
        report.message
    );
    let summary = app.get("summary").await.ok();
    assert_eq!(
        (&summary["total_receipts"], &summary["total_expenses"]),
        (&json!(200.0), &json!(100.0))
    );
    let journal = app.get("import-logs").await.ok();
    let source = folders[1].path().display().to_string();
    assert!(
        journal
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["source"] == source.as_str()),
        "{journal}"
    );
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
