//! What the tests share: servers, the program under test, and workbooks.

pub mod adjustments;
pub mod app;
pub mod browser;
pub mod chromium;
pub mod dashboard;
pub mod exported;
pub mod freshness;
pub mod ftp_proxy;
pub mod ftp_servers;
pub mod haproxy;
pub mod imports;
pub mod known_files;
pub mod merges;
pub mod packages;
pub mod processes;
pub mod program;
pub mod proxy;
pub mod quality;
pub mod random_operations;
pub mod random_portfolio;
pub mod readings;
pub mod scripted_ftp;
pub mod servers;
pub mod sheets;
pub mod tables;
pub mod versions;
pub mod workbooks;

/// Runs the same scenario on both databases: one test each.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* $scenario:ident),+ $(,)?) => {
        mod on_sqlite {
            $($(#[$meta])* #[actix_rt::test]
            async fn $scenario() {
                super::$scenario($crate::support::app::Backend::Sqlite).await;
            })+
        }
        mod on_postgres {
            $($(#[$meta])* #[actix_rt::test]
            async fn $scenario() {
                super::$scenario($crate::support::app::Backend::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both_databases;

/// Writes a file that was last modified so many minutes ago.
pub fn write_aged(folder: &std::path::Path, name: &str, content: &[u8], minutes: u64) {
    std::fs::write(folder.join(name), content).unwrap();
    let file = std::fs::File::options()
        .append(true)
        .open(folder.join(name))
        .unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(60 * minutes))
        .unwrap();
}

/// A number that makes the long form of a test.
pub fn from_environment(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |count| count.parse().unwrap())
}

/// Asks again and again until the answer is yes; fails with `what` after half a minute.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !is_so().await {
        assert!(
            std::time::Instant::now() < deadline,
            "waited in vain until {what}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
