//! No secret in the log, whatever `RUST_LOG` asks for; and the file of the database is its owner's.

use std::os::unix::fs::PermissionsExt;

use credit_portfolio::config::Secret;
use credit_portfolio::demo::DemoFtpServer;
use reqwest::{Client, StatusCode};

use crate::support::processes::free_port;
use crate::support::program::{
    Running, SECRET_KEY, log_in, make_user, output_text, program, run, wait_until_ready,
};
use crate::support::servers::{Postgres, Redis};
use crate::support::workbooks::{a_receipt, receipts};

#[actix_rt::test]
async fn no_level_of_the_log_shows_a_secret() {
    const PASSWORDS: [&str; 4] = [
        "password-of-anna",
        "password-of-ftp",
        "password-of-redis",
        "password-of-postgres",
    ];
    let [of_user, of_ftp, of_redis, of_postgres] = PASSWORDS;
    let folder = tempfile::tempdir().unwrap();
    let (_postgres, url) =
        tokio::task::spawn_blocking(move || Postgres::start_with_password(of_postgres))
            .await
            .unwrap();
    make_user(folder.path(), &[("DATABASE_URL", &url)], "anna", of_user);
    let files = folder.path().join("ftp");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(files.join("postuplenie.xlsx"), receipts(&[a_receipt(1)])).unwrap();
    let ftp = DemoFtpServer::start(files, "1c", &Secret::new(of_ftp))
        .await
        .unwrap();
    let redis = Redis::start_with_password("password-of-redis");
    let address = format!("127.0.0.1:{}", free_port());
    let log = folder.path().join("log");
    let mut serve = program(folder.path(), &["serve"]);
    serve
        .env(
            "RUST_LOG",
            "trace,suppaftp=trace,tokio_postgres=trace,redis=trace",
        )
        .env("SECRET_KEY", SECRET_KEY)
        .env("BIND", &address)
        .env("DATABASE_URL", &url)
        .env("USE_REDIS", "true")
        .env("REDIS_HOST", "127.0.0.1")
        .env("REDIS_PORT", redis.port.to_string())
        .env("REDIS_PASSWORD", of_redis)
        .env("FTP_HOST", "127.0.0.1")
        .env("FTP_PORT", ftp.address.port().to_string())
        .env("FTP_USER", "1c")
        .env("FTP_PASSWORD", of_ftp)
        .env("IMPORT_ENABLED", "false")
        .env("IMPORT_SETTLE_SECONDS", "0")
        .stderr(std::fs::File::create(&log).unwrap());
    let running = Running(serve.spawn().unwrap());
    wait_until_ready(&address);
    let token = log_in(&address, "anna", of_user).await;
    let base = format!("http://{address}/api/v1/credit-portfolio");
    let trigger = Client::new()
        .post(format!("{base}/import/trigger"))
        .bearer_auth(&token);
    assert_eq!(trigger.send().await.unwrap().status(), StatusCode::OK);
    running.terminate();
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("postuplenie.xlsx"), "{log}");
    let (_, signature) = token.rsplit_once('.').unwrap();
    for secret in PASSWORDS.iter().chain(&[SECRET_KEY, signature, "$argon2"]) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_file_of_settings_that_everybody_can_read_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    std::fs::write(&file, "REDIS_PASSWORD=only-for-tests\n").unwrap();
    for (mode, is_warned_of) in [(0o644, true), (0o640, false), (0o600, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let said = output_text(&run(folder.path(), &["migrate"], ""));
        let warned = said.contains(".env can be read by every user of this machine: chmod 600");
        assert_eq!(warned, is_warned_of, "{mode:o}: {said}");
    }
}

#[test]
fn a_new_sqlite_file_is_its_owners_and_an_old_one_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credit-portfolio.db");
    let mode = |name: &str| {
        let path = folder.path().join(name);
        path.metadata()
            .map(|file| file.permissions().mode() & 0o777)
    };
    assert!(run(folder.path(), &["migrate"], "").status.success());
    assert_eq!(mode("credit-portfolio.db").unwrap(), 0o600);
    let address = format!("127.0.0.1:{}", free_port());
    let mut serve = program(folder.path(), &["serve"]);
    let serve = Running::start(serve.env("SECRET_KEY", SECRET_KEY).env("BIND", &address));
    wait_until_ready(&address);
    assert_eq!(mode("credit-portfolio.db-wal").unwrap(), 0o600);
    assert_eq!(mode("credit-portfolio.db-shm").unwrap(), 0o600);
    serve.terminate();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(run(folder.path(), &["migrate"], "").status.success());
    assert_eq!(mode("credit-portfolio.db").unwrap(), 0o640);
}
