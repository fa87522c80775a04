//! The OpenAPI document: that it says what the program does, and what each endpoint answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use credit_portfolio::accounts::hash_password;
use credit_portfolio::api::openapi;
use credit_portfolio::db;
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::processes::program;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};

on_both_databases!(every_endpoint_answers_as_its_snapshot_says);

/// Path, method and operation of everything in the document.
fn operations() -> Vec<(String, String, &'static Value)> {
    let paths = openapi()["paths"].as_object().unwrap().iter();
    let of_path = |(path, methods): (&String, &'static Value)| {
        let path = path.clone();
        let methods = methods.as_object().unwrap().iter();
        methods
            .map(move |(method, operation)| (path.clone(), method.clone(), operation))
            .collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

fn parameters(operation: &Value, place: &str) -> BTreeMap<String, String> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    let example = |parameter: &Value| match &parameter["example"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    all.filter(|parameter| parameter["in"] == place)
        .map(|parameter| {
            (
                parameter["name"].as_str().unwrap().to_owned(),
                example(parameter),
            )
        })
        .collect()
}

/// One receipt, one expense of two details, one row that can't be read, two currencies.
async fn a_small_portfolio(app: &TestApp) {
    let dollars = a_receipt(2).in_currency("USD").amounting_to(7_00);
    let received = receipts(&[a_receipt(1).amounting_to(1_250_000_50), dollars]);
    let spent = expenses(&[an_expense(1).on("25.03.2024").amounting_to(65_991_78)]);
    let paid = details(&[principal(1, 50_000_00), interest(1, 15_991_78)]);
    app.put("postuplenie.xlsx", received);
    app.put("spisanie.xlsx", spent);
    app.put("rasshifrovka.xlsx", paid);
    app.put("spisanie bad.xlsx", "no workbook");
    assert_eq!(app.trigger().await.status, StatusCode::OK);
}

#[test]
fn every_route_is_in_the_document() {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let mut routes = BTreeSet::new();
    for file in std::fs::read_dir(api)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file())
    {
        let code = std::fs::read_to_string(file.path()).unwrap();
        for call in code.split("web::resource(").skip(1) {
            let methods = [".get(", ".post(", ".put(", ".delete("];
            let first = methods.iter().filter_map(|method| call.find(method)).min();
            let paths = &call[..first.unwrap()];
            routes.extend(paths.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    assert!(routes.len() > 30, "{routes:?}");
    let documented: BTreeSet<String> = operations()
        .into_iter()
        .map(|(path, ..)| {
            path.replace("/api/v1/credit-portfolio", "")
                .replace("/api/v1", "")
        })
        .collect();
    assert_eq!(
        routes.difference(&documented).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

#[test]
fn every_schema_has_an_example_with_its_fields() {
    for (name, schema) in openapi()["components"]["schemas"].as_object().unwrap() {
        // What is only a part of another schema, or a plain value.
        if name.starts_with("Stored") || schema["type"] != "object" && schema["allOf"].is_null() {
            continue;
        }
        let example = schema["example"]
            .as_object()
            .unwrap_or_else(|| panic!("{name} has no example"));
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(
                example.contains_key(required.as_str().unwrap()),
                "{name}: {required} is not in the example"
            );
        }
        if let Some(properties) = schema["properties"].as_object() {
            let unknown: Vec<_> = example
                .keys()
                .filter(|field| !properties.contains_key(*field))
                .collect();
            assert!(
                unknown.is_empty(),
                "{name}: {unknown:?} of the example are no fields"
            );
        }
    }
}

#[test]
fn every_operation_and_parameter_says_what_it_is() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} stands twice");
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{method} {path}"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                !parameter["description"].is_null() && !parameter["example"].is_null(),
                "{path}: {parameter}"
            );
        }
        let has_id = path.contains("{id}");
        assert_eq!(
            parameters(operation, "path").contains_key("id"),
            has_id,
            "{method} {path}"
        );
    }
}

#[actix_rt::test]
async fn a_get_takes_the_parameters_of_the_document_and_no_others() {
    let app = TestApp::start(Backend::Sqlite).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let gets: Vec<_> = operations()
        .into_iter()
        .filter(|(path, method, _)| method == "get" && path.starts_with("/api/v1/credit-portfolio"))
        .collect();
    let all: BTreeMap<String, String> = gets
        .iter()
        .flat_map(|(_, _, operation)| parameters(operation, "query"))
        .collect();
    assert!(all.len() > 14, "{all:?}");
    for (path, _, operation) in &gets {
        let known = parameters(operation, "query");
        let path = path
            .strip_prefix("/api/v1/")
            .unwrap()
            .replace("{id}", "1")
            .replace("{check}", "overpaid");
        for (name, example) in &all {
            let example = known.get(name).unwrap_or(example);
            let asked = format!(
                "{path}?{}",
                serde_urlencoded::to_string([(name, example)]).unwrap()
            );
            let answer = app.request(Method::GET, &asked, Some(&token), None).await;
            let is_refused = answer.status == StatusCode::UNPROCESSABLE_ENTITY;
            assert_eq!(
                is_refused,
                !known.contains_key(name),
                "{asked}: {}",
                answer.text
            );
        }
    }
    app.stop().await;
}

/// What differs from run to run is taken out.
fn steady(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(steady),
        Value::Object(fields) => {
            for (name, field) in fields {
                let times = [
                    "last_login",
                    "import_date",
                    "processing_time_seconds",
                    "since",
                    "data_as_of",
                ];
                let is_time = name.ends_with("_at") || times.contains(&name.as_str());
                if is_time && !field.is_null() {
                    *field = Value::from("[time]");
                } else if name == "author"
                    || name == "started_by"
                    || name == "processed_by"
                    || name == "username"
                    || name == "email"
                {
                    *field = Value::from("[user]");
                } else {
                    steady(field);
                }
            }
        }
        _ => {}
    }
}

async fn every_endpoint_answers_as_its_snapshot_says(backend: Backend) {
    let app = TestApp::start(backend).await;
    a_small_portfolio(&app).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let opening =
        json!({ "contract_id": 1, "date": "2023-12-31", "kind": "opening_balance", "amount": 10 });
    let made = app
        .request(
            Method::POST,
            "credit-portfolio/adjustments",
            Some(&token),
            Some(opening),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    for (path, method, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        let is_described = method == "get"
            && path.starts_with("/api/v1")
            && ![
                "openapi",
                "cache_stats",
                "watch_import_run",
                "adjustment_template",
                // Users of tests have random names.
                "list_users",
                "get_user",
                "list_audit_log",
            ]
            .contains(&id);
        if !is_described {
            continue;
        }
        let row = if path.contains("departments") {
            "8"
        } else {
            "1"
        };
        let path = path
            .strip_prefix("/api/v1/")
            .unwrap()
            .replace("{id}", row)
            .replace("{check}", "overpaid");
        let mut answer = app
            .request(Method::GET, &path, Some(&token), None)
            .await
            .ok();
        steady(&mut answer);
        insta::allow_duplicates! {
            insta::assert_snapshot!(id, serde_json::to_string_pretty(&answer).unwrap());
        }
    }
    app.stop().await;
}

#[actix_rt::test]
async fn the_page_of_the_interface_comes_out_of_the_program() {
    let app = TestApp::start(Backend::Sqlite).await;
    let page = app.raw_get("/docs", &[]).await;
    assert!(
        page.status.is_success() && page.text.contains("swagger-ui-bundle.js"),
        "{}",
        page.text
    );
    let script = app.raw_get("/docs/swagger-ui-bundle.js", &[]).await;
    assert!(script.status.is_success() && script.text.len() > 1_000_000);
    let start = app.raw_get("/docs/swagger-initializer.js", &[]).await;
    assert!(
        start.text.contains("/api/v1/openapi.json"),
        "{}",
        start.text
    );
    let document = app.raw_get("/api/v1/openapi.json", &[]).await.ok();
    assert_eq!(document["openapi"], "3.1.0");
    app.stop().await;
}

/// A fuzzer that this project did not write reads the document and tries to catch the program
/// breaking it: refused valid requests, accepted invalid ones, undocumented statuses and bodies.
#[actix_rt::test]
async fn schemathesis_finds_nothing() {
    let app = TestApp::start_with(
        Backend::Postgres,
        &[("USE_REDIS", "false"), ("FTP_HOST", "")],
    )
    .await;
    a_small_portfolio_without_ftp(&app).await;
    let user = app
        .user(
            Role::Admin,
            DEPARTMENT,
            &hash_password("correct horse".to_owned()).await.unwrap(),
        )
        .await;
    // An id that nothing is tried on: who is fuzzing must not lose the own account.
    let own_id = 900_719_925_474_i64;
    app.execute(&format!(
        "UPDATE users SET id = {own_id} WHERE id = {}",
        user.id
    ))
    .await;
    let user = db::UserRow { id: own_id, ..user };
    let token = app.running.state.tokens.issue(&user).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("schemathesis"));
    command
        .arg("run")
        .arg(format!(
            "http://{}/api/v1/openapi.json",
            app.running.address
        ))
        .args([
            "--checks",
            "all",
            "--max-examples",
            "5",
            "--no-color",
            "--seed",
            "7",
        ])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--exclude-operation-id", "logout"])
        .env("SCHEMATHESIS_HOOKS", "dependent_parameters")
        .env("PYTHONPATH", root.join("tests/it/openapi"))
        .current_dir(&folder);
    let done = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let output = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{output}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    app.stop().await;
}

async fn a_small_portfolio_without_ftp(app: &TestApp) {
    let paid = details(&[principal(1, 50_00), interest(1, 50_00)]);
    let files = [
        ("postuplenie.xlsx", receipts(&[a_receipt(1)])),
        ("spisanie.xlsx", expenses(&[an_expense(1)])),
        ("rasshifrovka.xlsx", paid),
    ];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, content)| (*name, content.as_slice()))
        .collect();
    app.import(DEPARTMENT, &files).await;
}
