//! A network that breaks things between the program and three FTP servers: whatever goes wrong,
//! only whole versions of a file go in.

use crate::support::app::{Backend, TestApp};
use crate::support::ftp_servers::{Proftpd, Pyftpdlib, Vsftpd};
use crate::support::workbooks::{a_receipt, receipts};
use crate::support::{from_environment, ftp_proxy};

const ANONYMOUS: (&str, &str) = ("anonymous", "");
const ROWS: u32 = 40;

/// All rows of a version have one amount: rows of two versions can't pass for one.
fn version(number: i64) -> Vec<u8> {
    receipts(
        &(1..=ROWS)
            .map(|serial| a_receipt(serial).amounting_to(number))
            .collect::<Vec<_>>(),
    )
}

/// Runs through an FTP proxy that breaks things; the long form is `FTP_FAULTS=200`.
#[actix_rt::test]
async fn whatever_goes_wrong_on_the_way_only_whole_versions_go_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Vsftpd::start(folder.path());
    let remote_dir = folder.path().to_string_lossy().into_owned();
    only_whole_versions_go_in(folder.path(), server.port, &remote_dir, &ANONYMOUS).await;
}

/// The same with a server that lists by MLSD.
#[actix_rt::test]
async fn whatever_goes_wrong_with_mlsd_only_whole_versions_go_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Pyftpdlib::start(folder.path(), None);
    only_whole_versions_go_in(folder.path(), server.port, "/", &ANONYMOUS).await;
}

/// The same with proftpd.
#[actix_rt::test]
async fn whatever_goes_wrong_with_proftpd_only_whole_versions_go_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Proftpd::start(folder.path(), None);
    let remote_dir = folder.path().to_string_lossy().into_owned();
    only_whole_versions_go_in(folder.path(), server.port, &remote_dir, &Proftpd::LOGIN).await;
}

async fn only_whole_versions_go_in(
    folder: &std::path::Path,
    server: u16,
    remote_dir: &str,
    login: &(&str, &str),
) {
    let chance = ftp_proxy::Chance::new(11);
    let (port, proxy) = ftp_proxy::start(server, chance.clone()).await;
    let port = port.to_string();
    let settings = [
        ("USE_REDIS", "false"),
        ("FTP_PORT", port.as_str()),
        ("FTP_USER", login.0),
        ("FTP_PASSWORD", login.1),
        ("FTP_REMOTE_DIR", remote_dir),
        ("FTP_TIMEOUT_MS", "400"),
        ("IMPORT_PARK_AFTER", "1000"),
    ];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let name = folder.join("postuplenie.xlsx");
    let mut newest = 0;
    let amounts = async || {
        let rows = app.get(&format!("receipts?limit={ROWS}")).await.ok();
        let rows = rows.as_array().unwrap().clone();
        rows.iter()
            .map(|row| (row["amount"].as_f64().unwrap() * 100.0) as i64)
            .collect::<Vec<_>>()
    };
    for run in 0..from_environment("FTP_FAULTS", 8) {
        newest += 1;
        std::fs::write(&name, version(newest)).unwrap();
        let (rewritten, path) = (chance.below(3) == 0, name.clone());
        let pause = std::time::Duration::from_millis(chance.below(60) as u64);
        let writer = actix_rt::spawn(async move {
            if rewritten {
                // While it is read.
                tokio::time::sleep(pause).await;
                std::fs::write(&path, version(newest + 1)).unwrap();
            }
        });
        app.trigger().await.ok();
        writer.await.unwrap();
        newest += i64::from(rewritten);
        let amounts = amounts().await;
        let one = amounts
            .iter()
            .all(|amount| *amount == amounts[0] && *amount <= newest);
        assert!(
            one && [0, ROWS as usize].contains(&amounts.len()),
            "run {run}, newest {newest}: {amounts:?}"
        );
    }
    chance.calm();
    let last = app.trigger().await.ok();
    assert_eq!(last["files_failed"], 0, "{last}");
    assert_eq!(amounts().await, vec![newest; ROWS as usize]);
    app.stop().await;
    proxy.abort();
}
