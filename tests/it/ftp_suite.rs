//! The same suite on three FTP servers that this project did not write, each plain and with TLS of
//! both versions. vsftpd and proftpd demand that every data connection resumes the session.

use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Backend, TestApp};
use crate::support::ftp_servers::{FtpTls, Proftpd, Pyftpdlib, Vsftpd};
use crate::support::workbooks::{a_receipt, receipts};

/// A server that offers a folder.
struct Served {
    port: u16,
    certificate: PathBuf,
    login: (&'static str, &'static str),
    /// The folder as the server calls it.
    remote_dir: String,
    _server: Box<dyn std::any::Any>,
}

const ANONYMOUS: (&str, &str) = ("anonymous", "");

impl Served {
    fn by(port: u16, server: impl std::any::Any, certificate: &Path, remote_dir: &Path) -> Served {
        let remote_dir = remote_dir.display().to_string();
        Served {
            port,
            certificate: certificate.to_owned(),
            login: ANONYMOUS,
            remote_dir,
            _server: Box::new(server),
        }
    }
}

fn vsftpd(folder: &Path, tls: Option<&str>) -> Served {
    let how = if tls.is_some() {
        FtpTls::Explicit
    } else {
        FtpTls::None
    };
    let server = Vsftpd::start_with(folder, how, tls.unwrap_or("TLSv1.3"));
    let certificate = server.certificate.clone();
    Served::by(server.port, server, &certificate, folder)
}

fn proftpd(folder: &Path, tls: Option<&str>) -> Served {
    let server = Proftpd::start(folder, tls);
    let certificate = server.certificate.clone();
    Served {
        login: Proftpd::LOGIN,
        ..Served::by(server.port, server, &certificate, folder)
    }
}

fn pyftpdlib(folder: &Path, tls: Option<&str>) -> Served {
    let server = Pyftpdlib::start(folder, tls);
    let certificate = server.certificate.clone();
    Served::by(server.port, server, &certificate, Path::new("/"))
}

/// One test for each way to speak to a server.
macro_rules! suite {
    ($($server:ident),+) => {
        $(mod $server {
            #[actix_rt::test]
            async fn plain() {
                super::the_suite(super::$server, None).await;
            }
            #[actix_rt::test]
            async fn tls_1_2() {
                super::the_suite(super::$server, Some("TLSv1.2")).await;
            }
            #[actix_rt::test]
            async fn tls_1_3() {
                super::the_suite(super::$server, Some("TLSv1.3")).await;
            }
        })+
    };
}
suite!(vsftpd, proftpd, pyftpdlib);

const LARGE: &str = "Sever Torg - Postuplenie(kredity) XLSX.xlsx";

async fn the_suite(start: fn(&Path, Option<&str>) -> Served, tls: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: Vec<u8>| {
        std::fs::write(folder.path().join(name), content).unwrap();
        // Old enough to be relied on.
        let file = std::fs::File::options()
            .append(true)
            .open(folder.path().join(name))
            .unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3_600))
            .unwrap();
    };
    // More than one buffer of the transfer.
    let many: Vec<_> = (1..=5_000).map(a_receipt).collect();
    write(LARGE, receipts(&many));
    write(
        "Запад - Поступление (кредиты) XLSX.xlsx",
        receipts(&[a_receipt(5_001)]),
    );
    let link = folder.path().join("link to postuplenie.xlsx");
    std::os::unix::fs::symlink("Запад - Поступление (кредиты) XLSX.xlsx", &link).unwrap();
    write("0 - postuplenie.xlsx", Vec::new());
    write(
        "half - postuplenie.xlsx.part",
        receipts(&[a_receipt(6_000)]),
    );
    std::fs::create_dir(folder.path().join("postuplenie old.xlsx")).unwrap();
    let served = start(folder.path(), tls);
    let (port, certificate) = (
        served.port.to_string(),
        served.certificate.display().to_string(),
    );
    let app = TestApp::start_with(
        Backend::Sqlite,
        &[
            ("USE_REDIS", "false"),
            ("FTP_HOST", "localhost"),
            ("FTP_PORT", &port),
            ("FTP_USER", served.login.0),
            ("FTP_PASSWORD", served.login.1),
            ("FTP_REMOTE_DIR", &served.remote_dir),
            ("FTP_TLS", if tls.is_some() { "explicit" } else { "none" }),
            ("FTP_CA_FILE", if tls.is_some() { &certificate } else { "" }),
        ],
    )
    .await;
    let received = async || app.get("summary").await.ok()["total_receipts"].clone();
    let answer_and_journal =
        async |answer: &Value| format!("{answer} {}", app.get("import-logs").await.text);

    let first = app.trigger().await.ok();
    assert_eq!(
        first["message"],
        "3 of 5 files imported, 1 failed, 1 skipped",
        "{}",
        answer_and_journal(&first).await
    );
    assert_eq!(received().await, json!(500_100.0));

    let journal = app.get("import-logs").await.ok().as_array().unwrap().len();
    std::fs::remove_file(folder.path().join("0 - postuplenie.xlsx")).unwrap();
    std::fs::remove_file(folder.path().join("half - postuplenie.xlsx.part")).unwrap();
    let again = app.trigger().await.ok();
    assert_eq!(
        again["message"],
        "0 of 3 files imported, 0 failed, 3 skipped",
        "{}",
        answer_and_journal(&again).await
    );
    assert_eq!(
        app.get("import-logs").await.ok().as_array().unwrap().len(),
        journal,
        "unchanged by the listing alone"
    );

    write(LARGE, receipts(&[a_receipt(1).amounting_to(7_00)]));
    let changed = app.trigger().await.ok();
    assert_eq!(
        changed["message"],
        "1 of 3 files imported, 0 failed, 2 skipped",
        "{}",
        answer_and_journal(&changed).await
    );
    assert_eq!(received().await, json!(500_007.0));

    std::fs::remove_dir(folder.path().join("postuplenie old.xlsx")).unwrap();
    std::fs::remove_file(folder.path().join(LARGE)).unwrap();
    std::fs::remove_file(link).unwrap();
    std::fs::remove_file(
        folder
            .path()
            .join("Запад - Поступление (кредиты) XLSX.xlsx"),
    )
    .unwrap();
    let empty = app.trigger().await;
    assert_eq!(empty.status, StatusCode::OK, "{}", empty.text);
    let message = empty.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("0 of 0 files imported, 0 failed, 0 skipped; ftp://"),
        "it is a warning: {message}"
    );
    assert_eq!(received().await, json!(500_007.0), "and wipes nothing");
    app.stop().await;
}
