//! What the tests share: servers, the program under test, and workbooks.

pub mod app;
pub mod ftp_proxy;
pub mod ftp_servers;
pub mod processes;
pub mod proxy;
pub mod random_portfolio;
pub mod scripted_ftp;
pub mod servers;
pub mod tables;
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

/// A number that makes the long form of a test.
pub fn from_environment(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |count| count.parse().unwrap())
}

/// Asks again and again until the answer is yes; fails with `what` after half a minute.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !is_so().await {
        assert!(std::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
