//! TLS to PostgreSQL: what each `sslmode` accepts of a real server.

use std::path::Path;

use credit_portfolio::config::{DatabaseSettings, DatabaseUrl, Secret};
use credit_portfolio::db::{Db, DbError, PoolPurpose};

use crate::support::servers::{Postgres, a_certificate, psql};

/// Whether a connection is encrypted, or why there is none.
async fn encrypted(url: &str, ca_file: Option<&Path>) -> Result<bool, String> {
    let settings = DatabaseSettings {
        ca_file: ca_file.map(Path::to_path_buf),
        ..DatabaseSettings::of(DatabaseUrl::Postgres(Secret::new(url)))
    };
    let text = |err: DbError| err.to_string();
    let db = Db::pool(&settings, PoolPurpose::Requests).map_err(text)?;
    let mut conn = db.conn().await.map_err(text)?;
    let credit_portfolio::db::DbConn::Postgres(postgres) = &mut conn else {
        unreachable!("it is PostgreSQL");
    };
    let sql = "SELECT ssl AS is_encrypted FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row: Encrypted =
        diesel_async::RunQueryDsl::get_result(diesel::sql_query(sql), &mut **postgres)
            .await
            .map_err(|err| err.to_string())?;
    Ok(row.is_encrypted)
}

#[derive(diesel::QueryableByName)]
struct Encrypted {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_encrypted: bool,
}

#[actix_rt::test]
async fn each_sslmode_accepts_what_libpq_does() {
    let ((server, folder), other) = tokio::task::spawn_blocking(|| {
        let other = tempfile::tempdir().unwrap();
        a_certificate(other.path());
        (Postgres::start_with_tls(&[]), other)
    })
    .await
    .unwrap();
    let url = |host: &str, query: &str| {
        format!(
            "postgres://postgres@{host}:{}/postgres{query}",
            server.port()
        )
    };
    let (own, foreign) = (folder.join("cert.pem"), other.path().join("cert.pem"));
    let with_root =
        |mode: &str, file: &Path| format!("?sslmode={mode}&sslrootcert={}", file.display());
    for (host, query, expected) in [
        ("localhost", String::new(), Ok(true)),
        ("localhost", "?sslmode=disable".to_owned(), Ok(false)),
        ("127.0.0.1", "?sslmode=prefer".to_owned(), Ok(true)),
        ("127.0.0.1", "?sslmode=require".to_owned(), Ok(true)),
        ("127.0.0.1", with_root("require", &own), Ok(true)),
        (
            "127.0.0.1",
            with_root("require", &foreign),
            Err("invalid peer certificate"),
        ),
        ("127.0.0.1", with_root("verify-ca", &own), Ok(true)),
        (
            "localhost",
            with_root("verify-ca", &foreign),
            Err("invalid peer certificate"),
        ),
        ("localhost", with_root("verify-full", &own), Ok(true)),
        (
            "127.0.0.1",
            with_root("verify-full", &own),
            Err("not valid for name"),
        ),
        (
            "localhost",
            "?sslmode=verify-full".to_owned(),
            Err("invalid peer certificate"),
        ),
        (
            "localhost",
            "?sslmode=sometimes".to_owned(),
            Err("sslmode=sometimes is none of"),
        ),
    ] {
        let found = encrypted(&url(host, &query), None).await;
        match expected {
            Ok(is_encrypted) => assert_eq!(found, Ok(is_encrypted), "{host} {query}"),
            Err(text) => {
                let err = found.unwrap_err();
                assert!(err.contains(text), "{host} {query}: {err}");
                assert!(!err.contains("postgres@"), "{err}");
            }
        }
    }
    // The setting stands in for the URL's parameter, and demands the server's name.
    assert_eq!(encrypted(&url("localhost", ""), Some(&own)).await, Ok(true));
    assert!(encrypted(&url("127.0.0.1", ""), Some(&own)).await.is_err());

    // A client's certificate.
    let pg_hba = folder.join("data/pg_hba.conf");
    std::fs::write(
        &pg_hba,
        "hostssl all all all trust clientcert=verify-ca\nlocal all all trust\n",
    )
    .unwrap();
    let socket = format!(
        "postgres://postgres@localhost/postgres?host={}&port={}",
        folder.display(),
        server.port()
    );
    psql(&socket, "SELECT pg_reload_conf()").unwrap();
    let identity = format!(
        "?sslmode=verify-full&sslrootcert={}&sslcert={}&sslkey={}",
        own.display(),
        own.display(),
        folder.join("key.pem").display()
    );
    crate::support::eventually("the server demands a certificate", async || {
        encrypted(&url("localhost", "?sslmode=require"), None)
            .await
            .is_err()
    })
    .await;
    assert_eq!(
        encrypted(&url("localhost", &identity), None).await,
        Ok(true)
    );
}

#[actix_rt::test]
async fn a_server_without_tls_is_refused_where_tls_is_demanded() {
    let url = tokio::task::spawn_blocking(Postgres::fresh_database)
        .await
        .unwrap();
    assert_eq!(encrypted(&url, None).await, Ok(false));
    let err = encrypted(&format!("{url}?sslmode=require"), None)
        .await
        .unwrap_err();
    assert!(err.contains("speaks no TLS"), "{err}");
}

#[actix_rt::test]
async fn a_server_that_can_not_be_reached_is_named_with_the_cause() {
    let port = crate::support::processes::free_port();
    let err = encrypted(&format!("postgres://secret:word@127.0.0.1:{port}/db"), None)
        .await
        .unwrap_err();
    assert!(err.contains(&format!("127.0.0.1:{port}")), "{err}");
    assert!(err.contains("refused"), "{err}");
    assert!(!err.contains("word"), "{err}");
}

#[actix_rt::test]
async fn where_tls_is_optional_a_failed_handshake_is_followed_by_a_try_without() {
    let (server, _) = tokio::task::spawn_blocking(|| {
        Postgres::start_with_tls(&[
            "ssl_min_protocol_version=TLSv1",
            "ssl_max_protocol_version=TLSv1",
        ])
    })
    .await
    .unwrap();
    let url = |mode: &str| {
        format!(
            "postgres://postgres@localhost:{}/postgres?sslmode={mode}",
            server.port()
        )
    };
    assert_eq!(encrypted(&url("prefer"), None).await, Ok(false));
    let err = encrypted(&url("require"), None).await.unwrap_err();
    assert!(err.contains("error performing TLS handshake"), "{err}");
}

#[actix_rt::test]
async fn sockets_bare_addresses_and_several_hosts_are_reached() {
    let (server, folder) = tokio::task::spawn_blocking(|| Postgres::start_with_tls(&[]))
        .await
        .unwrap();
    let (port, folder) = (server.port(), folder.display());
    let socket = format!("postgres://postgres@/postgres?host={folder}&port={port}");
    assert_eq!(encrypted(&socket, None).await, Ok(false));
    let address = format!("postgres://postgres@/postgres?hostaddr=127.0.0.1&port={port}");
    assert_eq!(encrypted(&address, None).await, Ok(true));

    let refusing = crate::support::processes::free_port();
    // Takes connections and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    for dead in [refusing, silent_port] {
        let hosts = format!("postgres://postgres@127.0.0.1:{dead},127.0.0.1:{port}/postgres");
        assert_eq!(encrypted(&hosts, None).await, Ok(true), "{dead}");
    }

    let mixed = format!("postgres://postgres@localhost/postgres?host={folder}&port={port},{port}");
    let err = encrypted(&mixed, None).await.unwrap_err();
    assert!(err.contains("can't stand side by side"), "{err}");
}
