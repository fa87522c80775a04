//! FTP: a server that we did not write, and servers that do not serve.

use credit_portfolio::app::import_context;
use credit_portfolio::import::{ImportEvent, ImportRequest, RunState, Source, run_once};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{Backend, TestApp};
use crate::support::ftp_servers::{FtpTls, Pyftpdlib, Vsftpd};
use crate::support::workbooks::{a_receipt, receipts};

/// Triggers an import with these settings; gives the answer's message and the journal's first.
async fn failing(settings: &[(&str, &str)]) -> (String, String) {
    let mut all = vec![("USE_REDIS", "false")];
    all.extend(settings);
    let app = TestApp::start_with(Backend::Sqlite, &all).await;
    let answer = app.trigger().await.ok();
    assert_eq!(answer["success"], json!(false));
    let journal = app.get("import-logs").await.ok();
    assert_eq!(journal[0]["status"], "failed");
    let messages = [&answer["message"], &journal[0]["error_message"]]
        .map(|text| text.as_str().unwrap().to_owned());
    for text in &messages {
        assert!(
            !text.contains("wrong password 123"),
            "a password is shown: {text}"
        );
    }
    app.stop().await;
    messages.into()
}

#[actix_rt::test]
async fn an_unreachable_server_is_named() {
    let (answer, journal) = failing(&[("FTP_PORT", "1")]).await;
    assert!(
        answer.contains("no connection to the FTP server 127.0.0.1:1")
            && answer.contains("FTP_HOST"),
        "{answer}"
    );
    assert_eq!(answer, journal);
}

#[actix_rt::test]
async fn a_wrong_password_is_reported_without_showing_it() {
    let (answer, _) = failing(&[("FTP_PASSWORD", "wrong password 123")]).await;
    assert!(
        answer.contains("does not accept the user 1c") && answer.contains("FTP_PASSWORD"),
        "{answer}"
    );
}

#[actix_rt::test]
async fn a_missing_folder_is_named() {
    let (answer, _) = failing(&[("FTP_REMOTE_DIR", "/no/such/folder")]).await;
    assert!(
        answer.contains("/no/such/folder") && answer.contains("FTP_REMOTE_DIR"),
        "{answer}"
    );
}

#[actix_rt::test]
async fn without_a_server_set_the_trigger_says_what_to_set() {
    let app =
        TestApp::start_with(Backend::Sqlite, &[("USE_REDIS", "false"), ("FTP_HOST", "")]).await;
    let answer = app.trigger().await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("FTP_HOST"), "{}", answer.text);
    app.stop().await;
}

#[actix_rt::test]
async fn a_connection_that_breaks_in_the_middle_of_a_file_leaves_nothing_of_it() {
    let app = TestApp::start(Backend::Sqlite).await;
    let rows: Vec<_> = (1..3000).map(a_receipt).collect();
    app.put("A - postuplenie.xlsx", receipts(&rows));
    // Whatever is read of a file that shrinks while the listing still states its old size.
    let path = app.ftp_folder().join("B - postuplenie.xlsx");
    std::fs::write(&path, receipts(&rows)).unwrap();
    let cut = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    cut.set_len(1000).unwrap();
    let answer = app.trigger().await.ok();
    assert_eq!(
        answer["message"],
        "1 of 2 files imported, 1 failed, 0 skipped"
    );
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(299_900.0)
    );
    app.stop().await;
}

fn three_files(folder: &std::path::Path) {
    for (serial, name) in (1..).zip([
        "A postuplenie.xlsx",
        "B postuplenie.xlsx",
        "C postuplenie.xlsx",
    ]) {
        std::fs::write(folder.join(name), receipts(&[a_receipt(serial)])).unwrap();
    }
}

/// Whether the three files went in over TLS, and what the run said.
async fn with_tls(tls: FtpTls, settings: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    three_files(folder.path());
    let server = Vsftpd::start_with(folder.path(), tls, "TLSv1.3");
    let remote_dir = folder.path().to_string_lossy();
    let (port, certificate) = (
        server.port.to_string(),
        server.certificate.display().to_string(),
    );
    let mut all = vec![
        ("USE_REDIS", "false"),
        ("FTP_HOST", "localhost"),
        ("FTP_PORT", &port),
        ("FTP_USER", "anonymous"),
        ("FTP_REMOTE_DIR", &remote_dir),
        ("FTP_TLS", tls.setting()),
        ("FTP_CA_FILE", &certificate),
    ];
    all.extend(settings);
    let app = TestApp::start_with(Backend::Sqlite, &all).await;
    let answer = app.trigger().await.ok();
    let total = app.get("summary").await.ok()["total_receipts"]
        .as_f64()
        .unwrap();
    app.stop().await;
    (
        total == 300.0,
        answer["message"].as_str().unwrap().to_owned(),
    )
}

#[actix_rt::test]
async fn implicit_tls_is_spoken_from_the_first_byte_on() {
    let (is_in, messages) = with_tls(FtpTls::Implicit, &[]).await;
    assert!(is_in, "{messages}");
}

#[actix_rt::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_unless_that_is_asked_for() {
    let (is_in, messages) = with_tls(FtpTls::Explicit, &[("FTP_CA_FILE", "")]).await;
    assert!(!is_in && messages.contains("FTP_CA_FILE"), "{messages}");
    let trusting = [
        ("FTP_CA_FILE", ""),
        ("FTP_DANGER_ACCEPT_INVALID_CERTS", "true"),
    ];
    let (is_in, messages) = with_tls(FtpTls::Explicit, &trusting).await;
    assert!(is_in, "{messages}");
}

#[actix_rt::test]
async fn of_a_server_that_no_longer_answers_no_other_file_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    three_files(folder.path());
    let server = Pyftpdlib::start(folder.path(), None);
    let port = server.port.to_string();
    let settings = [
        ("USE_REDIS", "false"),
        ("FTP_PORT", port.as_str()),
        ("FTP_USER", "anonymous"),
        ("FTP_REMOTE_DIR", "/"),
        ("FTP_TIMEOUT_MS", "500"),
    ];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let source = Source::configured(&app.settings.import.sources[0]);
    let context = import_context(
        &app.settings,
        app.running.state.db.clone(),
        app.running.state.cache.clone(),
    );
    let order = ImportRequest::now(vec![source], "test");
    // After the first file the server falls silent.
    let mut silence = |event: ImportEvent<'_>| {
        if matches!(event, ImportEvent::FileEnded(file) if file.name.starts_with('A')) {
            server.server.signal("STOP");
        }
    };
    let report = run_once(&context, &order, &Default::default(), &mut silence)
        .await
        .unwrap();
    let messages: Vec<_> = report
        .files
        .iter()
        .map(|file| file.message.clone().unwrap_or_default())
        .collect();
    assert_eq!(
        (report.state, messages.len()),
        (RunState::Partial, 3),
        "one file came in"
    );
    assert!(
        messages[1].contains("no connection") || messages[1].contains("no answer"),
        "{messages:?}"
    );
    assert!(
        messages[2].contains("not fetched, because the source no longer answers"),
        "{messages:?}"
    );
    server.server.signal("CONT");
    assert_eq!(app.trigger().await.ok()["files_processed"], 2);
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(300.0)
    );
    app.stop().await;
}
