//! File names in other encodings than UTF-8: on FTP servers and on disk every file is found, and
//! shown readably.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::json;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::ftp_servers::{Proftpd, Pyftpdlib, Vsftpd};
use crate::support::scripted_ftp::{Script, cp1251};
use crate::support::workbooks::{a_receipt, receipts};

/// Names with letters that CP1251 writes as 0xFF (`я`) and as white space of Latin-1 (0xA0 and 0x85
/// are in `Р` and `Е` of UTF-8).
const NAMES: [&str; 4] = [
    "Организация - Поступление.xlsx",
    "яя Поступление.xlsx",
    "РЕ Поступление Р.xlsx",
    "plain postuplenie.xlsx",
];

/// Files of one receipt each, with names in that encoding.
fn write_files(folder: &Path, encoded: impl Fn(&str) -> Vec<u8>) {
    for (serial, name) in (1..).zip(NAMES) {
        let path = folder.join(OsStr::from_bytes(&encoded(name)));
        std::fs::write(&path, receipts(&[a_receipt(serial)])).unwrap();
        let file = std::fs::File::options().append(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3_600))
            .unwrap();
    }
}

fn utf_8(name: &str) -> Vec<u8> {
    name.as_bytes().to_owned()
}

/// All files go in under their readable names, and none is fetched twice.
async fn all_go_in(app: TestApp) {
    let answer = app.trigger().await.ok();
    let journal = app.get("import-logs").await;
    assert_eq!(
        answer["message"], "4 of 4 files imported, 0 failed, 0 skipped",
        "{}",
        journal.text
    );
    let entries = journal.ok();
    let mut shown: Vec<&str> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["source_file"].as_str().unwrap())
        .collect();
    shown.sort_unstable();
    let mut names = NAMES;
    names.sort_unstable();
    assert_eq!(shown, names);
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(400.0)
    );
    let again = app.trigger().await.ok();
    assert_eq!(
        again["message"],
        "0 of 4 files imported, 0 failed, 4 skipped"
    );
    app.stop().await;
}

async fn app_on(port: u16, remote_dir: &str, more: &[(&str, &str)]) -> TestApp {
    let port = port.to_string();
    let mut settings = vec![
        ("USE_REDIS", "false"),
        ("FTP_PORT", &port),
        ("FTP_USER", "anonymous"),
        ("FTP_REMOTE_DIR", remote_dir),
    ];
    settings.extend(more);
    TestApp::start_with(Backend::Sqlite, &settings).await
}

#[actix_rt::test]
async fn pyftpdlib_with_names_in_cp1251() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), utf_8);
    let server = Pyftpdlib::start_with_names(folder.path(), None, "cp1251");
    all_go_in(app_on(server.port, "/", &[]).await).await;
    all_go_in(app_on(server.port, "/", &[("FTP_ENCODING", "cp1251")]).await).await;
}

#[actix_rt::test]
async fn pyftpdlib_with_names_in_cp866() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), utf_8);
    let server = Pyftpdlib::start_with_names(folder.path(), None, "cp866");
    all_go_in(app_on(server.port, "/", &[("FTP_ENCODING", "cp866")]).await).await;
}

#[actix_rt::test]
async fn vsftpd_with_names_in_cp1251() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), cp1251);
    let server = Vsftpd::start(folder.path());
    all_go_in(app_on(server.port, &folder.path().display().to_string(), &[]).await).await;
}

#[actix_rt::test]
async fn proftpd_with_names_in_cp1251() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), cp1251);
    let server = Proftpd::start(folder.path(), None);
    let (user, password) = Proftpd::LOGIN;
    let login = [("FTP_USER", user), ("FTP_PASSWORD", password)];
    all_go_in(app_on(server.port, &folder.path().display().to_string(), &login).await).await;
}

#[actix_rt::test]
async fn a_folder_whose_name_is_in_cp1251_is_found() {
    let root = tempfile::tempdir().unwrap();
    let folder = root
        .path()
        .join(OsStr::from_bytes(&cp1251("Выгрузка кредитная")));
    std::fs::create_dir(&folder).unwrap();
    write_files(&folder, cp1251);
    let server = Vsftpd::start(root.path());
    let remote_dir = format!("{}/Выгрузка кредитная", root.path().display());
    all_go_in(app_on(server.port, &remote_dir, &[]).await).await;
}

#[actix_rt::test]
async fn iis_which_writes_utf_8_only_on_request() {
    for (encoding, opts_sent) in [("auto", 2), ("utf-8", 2), ("cp1251", 0)] {
        let files = (1..)
            .zip(NAMES)
            .fold(Script::new().like_iis(), |script, (serial, name)| {
                script.file(name, receipts(&[a_receipt(serial)]))
            });
        let server = files.start().await;
        all_go_in(server.app(&[("FTP_ENCODING", encoding)]).await).await;
        assert_eq!(server.count("OPTS UTF8 ON"), opts_sent, "{encoding}");
    }
}

#[actix_rt::test]
async fn a_server_that_speaks_telnet_finds_names_with_the_byte_ff() {
    let lines: Vec<Vec<u8>> = NAMES
        .iter()
        .map(|name| [b" ", cp1251(name).as_slice()].concat())
        .collect();
    let files = (1..)
        .zip(NAMES)
        .fold(Script::new().speaking_telnet(), |script, (serial, name)| {
            script.file(cp1251(name), receipts(&[a_receipt(serial)]))
        });
    let server = files.listing("MLSD", &lines).start().await;
    all_go_in(server.app(&[]).await).await;
}

#[actix_rt::test]
async fn a_folder_of_this_machine_with_names_in_cp1251() {
    let app = TestApp::start(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), cp1251);
    let report = app.import_folder(folder.path(), DEPARTMENT).await;
    let mut shown: Vec<&str> = report.files.iter().map(|file| file.name.as_str()).collect();
    shown.sort_unstable();
    let mut names = NAMES;
    names.sort_unstable();
    assert_eq!(
        (shown.as_slice(), report.processed()),
        (names.as_slice(), 4),
        "{report:?}"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn two_names_that_look_alike_in_different_encodings_are_two_files() {
    let app = TestApp::start(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    for (serial, name) in [
        (1, utf_8("Поступление.xlsx")),
        (2, cp1251("Поступление.xlsx")),
    ] {
        std::fs::write(
            folder.path().join(OsStr::from_bytes(&name)),
            receipts(&[a_receipt(serial)]),
        )
        .unwrap();
    }
    let report = app.import_folder(folder.path(), DEPARTMENT).await;
    assert_eq!(report.processed(), 2, "{report:?}");
    assert!(
        report
            .files
            .iter()
            .any(|file| file.name == "%CF%EE%F1%F2%F3%EF%EB%E5%ED%E8%E5.xlsx"),
        "{report:?}"
    );
    assert_eq!(
        app.get("summary?department_id=8").await.ok()["total_receipts"],
        json!(200.0)
    );
    app.stop().await;
}
