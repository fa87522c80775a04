//! The migrations: same names for both databases, up and down and up, and what the code believes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use credit_portfolio::config::{DatabaseSettings, DatabaseUrl, Secret};
use credit_portfolio::db::{Db, DbError};

use crate::support::servers::{Postgres, psql};

fn folder(backend: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(backend)
}

fn names(backend: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder(backend)).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn script(backend: &str, migration: &str, direction: &str) -> String {
    std::fs::read_to_string(
        folder(backend)
            .join(migration)
            .join(format!("{direction}.sql")),
    )
    .unwrap()
}

fn settings(url: &str) -> DatabaseSettings {
    let url = DatabaseUrl::parse(url).unwrap();
    DatabaseSettings {
        pool_size: 2,
        timeout: std::time::Duration::from_secs(30),
        ..DatabaseSettings::of(url)
    }
}

/// The columns of each table as src/db/schema.rs has them: name to (type, nullable).
fn believed() -> BTreeMap<String, BTreeMap<String, (String, bool)>> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/schema.rs"))
            .unwrap();
    let mut tables = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line
            .strip_suffix(" {")
            .and_then(|line| line.split_once(" ("))
        {
            table = name.to_owned();
            tables.insert(table.clone(), BTreeMap::new());
        } else if let Some((name, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let inner = kind
                .strip_prefix("Nullable<")
                .map(|inner| inner.trim_end_matches('>'));
            let column = (inner.unwrap_or(kind).to_owned(), inner.is_some());
            tables
                .get_mut(&table)
                .unwrap()
                .insert(name.to_owned(), column);
        }
    }
    assert!(tables.len() >= 11, "{tables:?}");
    tables
}

const POSTGRES_SCHEMA: &str = "SELECT table_name || '|' || column_name || '|' || data_type || '|' || is_nullable
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' ORDER BY 1";

#[test]
fn both_databases_have_the_same_migrations() {
    assert_eq!(names("postgres"), names("sqlite"));
}

#[test]
fn postgres_goes_up_and_down_and_up_and_is_what_the_code_believes() {
    let url = Postgres::empty_database();
    let run = |direction: &str, order: &[String]| {
        for name in order {
            psql(&url, &script("postgres", name, direction)).unwrap();
        }
    };
    let (up, mut down) = (names("postgres"), names("postgres"));
    down.reverse();
    run("up", &up);
    let first = psql(&url, POSTGRES_SCHEMA).unwrap();
    run("down", &down);
    assert_eq!(
        psql(&url, POSTGRES_SCHEMA).unwrap(),
        "",
        "down leaves something"
    );
    run("up", &up);
    assert_eq!(psql(&url, POSTGRES_SCHEMA).unwrap(), first);

    let kind = |name: &str| match name {
        "bigint" => "BigInt",
        "integer" => "Integer",
        "text" => "Text",
        "boolean" => "Bool",
        "date" => "Date",
        "timestamp without time zone" => "Timestamp",
        other => panic!("{other}"),
    };
    let mut tables: BTreeMap<String, BTreeMap<String, (String, bool)>> = BTreeMap::new();
    for line in first.lines() {
        let [table, column, type_name, nullable] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let column_kind = (kind(type_name).to_owned(), nullable == "YES");
        tables
            .entry(table.to_owned())
            .or_default()
            .insert(column.to_owned(), column_kind);
    }
    assert_eq!(tables, believed());
}

#[test]
fn in_postgres_every_key_includes_the_department() {
    let url = Postgres::fresh_database();
    let keys = "SELECT conrelid::regclass || ': ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype IN ('p', 'u', 'f') AND connamespace = 'public'::regnamespace
        AND conrelid::regclass::text NOT IN ('departments', 'users', 'replicas', 'account_changes', 'database_identity',
            'api_keys', 'audit_log', 'sessions', '__diesel_schema_migrations')";
    let keys = psql(&url, keys).unwrap();
    assert!(keys.lines().count() > 20, "{keys}");
    for key in keys.lines() {
        assert!(key.contains("(department_id"), "{key}");
    }
}

#[test]
fn sqlite_goes_up_and_down_and_up_and_is_what_the_code_believes() {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    #[derive(diesel::QueryableByName)]
    struct Column {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let read = |conn: &mut SqliteConnection| -> Vec<String> {
        diesel::sql_query(
            "SELECT m.name || '|' || c.name || '|' || c.type || '|' || c.\"notnull\" AS line FROM sqlite_master m
             JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1",
        )
        .load::<Column>(conn)
        .unwrap()
        .into_iter()
        .map(|column| column.line)
        .collect()
    };
    let (up, mut down) = (names("sqlite"), names("sqlite"));
    down.reverse();
    let run = |conn: &mut SqliteConnection, direction: &str, order: &[String]| {
        for name in order {
            conn.batch_execute(&script("sqlite", name, direction))
                .unwrap();
        }
    };
    run(&mut conn, "up", &up);
    let first = read(&mut conn);
    run(&mut conn, "down", &down);
    assert_eq!(read(&mut conn), [""; 0], "down leaves something");
    run(&mut conn, "up", &up);
    assert_eq!(read(&mut conn), first);

    let believed = believed();
    let mut tables: BTreeMap<String, BTreeMap<String, (String, bool)>> = BTreeMap::new();
    for line in &first {
        let [table, column, type_name, not_null] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let kind = match type_name {
            "BIGINT" => "BigInt",
            // Keys are SQLite's own integers, of 64 bits like all.
            "INTEGER" if column == "id" => "BigInt",
            "INTEGER" => "Integer",
            "TEXT" => "Text",
            "BOOLEAN" => "Bool",
            "DATE" => "Date",
            "TIMESTAMP" => "Timestamp",
            other => panic!("{other}"),
        };
        tables
            .entry(table.to_owned())
            .or_default()
            .insert(column.to_owned(), (kind.to_owned(), not_null == "0"));
    }
    assert_eq!(tables, believed);
}

#[actix_rt::test]
async fn a_database_that_is_behind_is_refused_when_migrating_is() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("behind.db").display());
    for url in [sqlite, Postgres::empty_database()] {
        let refused = Db::open(&settings(&url), false).await.err().unwrap();
        assert!(
            matches!(&refused, DbError::Migration(advice) if advice.contains("credit-portfolio migrate")),
            "{refused}"
        );
        Db::open(&settings(&url), true).await.unwrap();
        Db::open(&settings(&url), false).await.unwrap();
    }
}

#[actix_rt::test]
async fn an_unreachable_database_is_reported_without_its_password() {
    let mut settings = settings("sqlite://x");
    settings.url = DatabaseUrl::Postgres(Secret::new("postgres://u:very-secret@127.0.0.1:1/x"));
    settings.timeout = std::time::Duration::from_millis(500);
    for migrate in [true, false] {
        let message = Db::open(&settings, migrate)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(
            message.contains("does not answer") && !message.contains("very-secret"),
            "{message}"
        );
    }
}

/// So the schema can be sharded by department without another one: `docs/scaling.md`.
#[test]
fn keys_of_every_table_of_a_departments_data_contain_the_department() {
    let url = Postgres::fresh_database();
    let without = "SELECT DISTINCT t.relname FROM pg_class t JOIN pg_index i ON i.indrelid = t.oid \
         WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace AND NOT EXISTS ( \
           SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'department_id' \
             AND a.attnum = ANY(i.indkey)) \
         UNION SELECT t.relname FROM pg_class t JOIN pg_constraint c ON c.conrelid = t.oid \
         WHERE c.contype = 'f' AND t.relnamespace = 'public'::regnamespace AND NOT EXISTS ( \
           SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'department_id' \
             AND a.attnum = ANY(c.conkey)) \
         ORDER BY 1";
    let exempt = [
        "__diesel_schema_migrations",
        "account_changes",
        "api_keys",
        "audit_log",
        "database_identity",
        "departments",
        "replicas",
        "sessions",
        "users",
    ];
    assert_eq!(
        psql(&url, without).unwrap().replace('\n', " "),
        exempt.join(" ")
    );
}
