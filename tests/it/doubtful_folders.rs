//! What an import doubts about a folder: no files where some were, links that lead nowhere, old
//! markers.

use credit_portfolio::domain::Role;
use credit_portfolio::import::{FileStatus, ImportEvent, RunState, Source};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, receipts};

const RECEIPTS: &str = "postuplenie.xlsx";

on_both_databases!(a_folder_without_files_where_some_were_is_a_warning_until_they_are_back);

async fn a_folder_without_files_where_some_were_is_a_warning_until_they_are_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    let folder = tempfile::tempdir().unwrap();
    let never_filled = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(never_filled.state, RunState::Completed, "{never_filled:?}");
    std::fs::write(folder.path().join(RECEIPTS), receipts(&[a_receipt(1)])).unwrap();
    assert_eq!(
        app.import_folder(folder.path(), DEPARTMENT).await.state,
        RunState::Completed
    );
    std::fs::remove_file(folder.path().join(RECEIPTS)).unwrap();
    std::fs::write(folder.path().join("readme.txt"), "no export").unwrap();
    let failing = async || app.get("freshness?department_id=8").await.ok()["failing_files"].clone();
    for _ in 0..2 {
        let empty = app.import_folder(folder.path(), DEPARTMENT).await;
        assert_eq!(
            (empty.state, empty.processed()),
            (RunState::Partial, 0),
            "{empty:?}"
        );
        assert!(
            empty
                .message
                .contains("offers no file, although 1 came from it before"),
            "{}",
            empty.message
        );
        let journal = app.get("import-logs").await.ok();
        let warns = |entry: &Value| {
            (&entry["run_id"], &entry["status"]) == (&json!(empty.run_id), &json!("partial"))
                && entry["error_message"]
                    .as_str()
                    .unwrap()
                    .contains("IMPORT_EMPTY_FOLDER")
        };
        assert!(journal.as_array().unwrap().iter().any(warns), "{journal}");
        assert_eq!(
            failing().await.as_array().map(Vec::len),
            Some(1),
            "{}",
            failing().await
        );
        assert_eq!(
            app.get("summary?department_id=8").await.ok()["total_receipts"],
            json!(100.0),
            "nothing is wiped"
        );
    }
    std::fs::write(folder.path().join(RECEIPTS), receipts(&[a_receipt(1)])).unwrap();
    let back = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(
        (back.state, failing().await),
        (RunState::Completed, json!([])),
        "{back:?}"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn an_empty_folder_is_a_success_where_files_are_taken_away() {
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("USE_REDIS", "false"), ("IMPORT_EMPTY_FOLDER", "ok")],
    )
    .await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.trigger().await.ok();
    std::fs::remove_file(app.ftp_folder().join(RECEIPTS)).unwrap();
    let answer = app.trigger().await.ok();
    assert_eq!(
        (&answer["success"], &answer["message"]),
        (
            &json!(true),
            &json!("0 of 0 files imported, 0 failed, 0 skipped")
        )
    );
    app.stop().await;
}

#[actix_rt::test]
async fn an_emptied_folder_is_a_metric_of_its_own() {
    // A department that no other test has, because metrics are of the process.
    let settings = [("USE_REDIS", "false"), ("FINANCE_DEPARTMENT_ID", "8163")];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    let token = app.token(Role::Admin, 8163).await;
    let trigger = async || {
        app.request(
            Method::POST,
            "credit-portfolio/import/trigger",
            Some(&token),
            None,
        )
        .await
        .ok()
    };
    let metric = async |name: &str| {
        let text = app.raw_get("/metrics", &[]).await.text;
        let series = format!("credit_portfolio_{name}{{department=\"8163\"}} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&series).map(str::to_owned))
            .unwrap_or_default()
    };
    trigger().await;
    assert_eq!(metric("import_sources_empty").await, "0");
    std::fs::remove_file(app.ftp_folder().join(RECEIPTS)).unwrap();
    let answer = trigger().await;
    assert_eq!(answer["success"], json!(false), "{answer}");
    assert_eq!(
        (
            metric("import_sources_empty").await,
            metric("import_files_failing").await
        ),
        ("1".into(), "0".into())
    );
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    trigger().await;
    assert_eq!(metric("import_sources_empty").await, "0");
    app.stop().await;
}

#[actix_rt::test]
async fn a_link_that_leads_nowhere_costs_only_itself() {
    let app = TestApp::start(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(RECEIPTS), receipts(&[a_receipt(1)])).unwrap();
    std::os::unix::fs::symlink(
        folder.path().join(RECEIPTS),
        folder.path().join("linked postuplenie.xlsx"),
    )
    .unwrap();
    std::os::unix::fs::symlink("/no/such/file", folder.path().join("A postuplenie.xlsx")).unwrap();
    std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
    let report = app.import_folder(folder.path(), DEPARTMENT).await;
    let status = |name: &str| {
        report
            .files
            .iter()
            .find(|file| file.name == name)
            .map(|file| file.status)
    };
    assert_eq!(status(RECEIPTS), Some(FileStatus::Success), "{report:?}");
    assert_eq!(
        status("linked postuplenie.xlsx"),
        Some(FileStatus::Success),
        "{report:?}"
    );
    assert_eq!(
        status("A postuplenie.xlsx"),
        Some(FileStatus::Failed),
        "{report:?}"
    );
    assert_eq!(
        status("loop"),
        Some(FileStatus::Skipped),
        "it is no export: {report:?}"
    );
    assert_eq!(report.state, RunState::Partial);
    app.stop().await;
}

#[actix_rt::test]
async fn a_source_that_is_gone_at_the_second_look_fails() {
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("USE_REDIS", "false"), ("IMPORT_SETTLE_SECONDS", "1")],
    )
    .await;
    let place = tempfile::tempdir().unwrap();
    let (folder, away) = (place.path().join("exports"), place.path().join("away"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(RECEIPTS), receipts(&[a_receipt(1)])).unwrap();
    let mut move_away = |event: ImportEvent<'_>| {
        if matches!(event, ImportEvent::Settling) {
            std::fs::rename(&folder, &away).unwrap();
        }
    };
    let mut source = Source::folder(
        folder.clone(),
        DEPARTMENT,
        app.settings.import.policy.clone(),
    );
    source.policy.settle = app.settings.import.policy.settle;
    let report = app.import_source(source, false, &mut move_away).await;
    assert_eq!(
        (report.state, report.processed()),
        (RunState::Failed, 0),
        "{report:?}"
    );
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal[0]["status"], json!("failed"), "{journal}");
    app.stop().await;
}

#[actix_rt::test]
async fn a_marker_that_is_older_than_its_file_does_not_say_that_it_is_complete() {
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[("USE_REDIS", "false"), ("IMPORT_SETTLE_SECONDS", "1")],
    )
    .await;
    let (file, marker) = (
        app.ftp_folder().join(RECEIPTS),
        app.ftp_folder().join(format!("{RECEIPTS}.done")),
    );
    std::fs::write(&marker, "").unwrap();
    let opened = std::fs::File::options().append(true).open(&marker).unwrap();
    opened
        .set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3_600))
        .unwrap();
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writer = actix_rt::spawn(async move {
        let mut content = receipts(&[a_receipt(1)]);
        while stopped.try_recv().is_err() {
            content.push(0);
            std::fs::write(&file, &content).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    let answer = app.trigger().await.ok();
    assert_eq!(
        (&answer["files_processed"], &answer["files_skipped"]),
        (&json!(0), &json!(1)),
        "{answer}"
    );
    stop.send(()).unwrap();
    writer.await.unwrap();
    app.stop().await;
}
