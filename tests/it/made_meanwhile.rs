//! Somebody makes by hand what a file that is being loaded names: neither the row nor the file is
//! lost.

use std::sync::mpsc;
use std::time::Duration;

use credit_portfolio::app::{import_context, open_database};
use credit_portfolio::cache::Cache;
use credit_portfolio::config::Settings;
use credit_portfolio::domain::Role;
use credit_portfolio::import::{ImportEvent, ImportRequest, RunReport, RunState, Source, run_once};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::tables::has_true_rollups;
use crate::support::workbooks::{Operation, a_receipt, receipts};

on_both_databases!(
    an_organization_made_while_a_file_that_names_it_loads_costs_neither,
    a_bank_account_made_while_a_file_that_names_it_loads_costs_neither,
    a_contract_made_while_a_file_that_names_it_loads_costs_neither,
);

/// An import of another process, which is held when its rows are written and not committed yet.
struct HeldImport {
    reached: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
    thread: std::thread::JoinHandle<RunReport>,
}

fn held_import(settings: Settings, folder: std::path::PathBuf) -> HeldImport {
    let (reaching, reached) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_rt::System::new().block_on(async move {
            let database = open_database(&settings, false).await.unwrap();
            let cache = Cache::open(&settings.cache).await.unwrap();
            let context = import_context(&settings, database, cache);
            let source = Source::folder(folder, DEPARTMENT, settings.import.policy.clone());
            let mut hold = |event: ImportEvent<'_>| {
                if matches!(event, ImportEvent::Loaded { .. }) {
                    reaching.send(()).unwrap();
                    released.recv().unwrap();
                }
            };
            run_once(
                &context,
                &ImportRequest::now(vec![source], "test"),
                &Default::default(),
                &mut hold,
            )
            .await
            .unwrap()
        })
    });
    HeldImport {
        reached,
        release,
        thread,
    }
}

/// Makes a row by hand while a receipt of 100 loads.
async fn made_while_it_loads(app: &TestApp, path: &str, body: Value, receipt: Operation) -> Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("postuplenie.xlsx"), receipts(&[receipt])).unwrap();
    let before = app.get("summary").await.ok()["total_receipts"]
        .as_f64()
        .unwrap();
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let path = format!("credit-portfolio/{path}");
    let HeldImport {
        reached,
        release,
        thread,
    } = held_import(app.settings.clone(), folder.path().to_owned());
    tokio::task::spawn_blocking(move || reached.recv().unwrap())
        .await
        .unwrap();
    let made = {
        let mut making =
            std::pin::pin!(app.request(Method::POST, &path, Some(&token), Some(body.clone())));
        let early = tokio::time::timeout(Duration::from_secs(2), &mut making).await;
        assert!(
            early.is_err(),
            "it waits while the file loads: {}",
            early.unwrap().text
        );
        release.send(()).unwrap();
        making.await
    };
    let report = tokio::task::spawn_blocking(move || thread.join().unwrap())
        .await
        .unwrap();
    assert_eq!(report.state, RunState::Completed, "{}", report.message);
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let again = app
        .request(Method::POST, &path, Some(&token), Some(body))
        .await;
    assert_eq!(
        again.status,
        StatusCode::CONFLICT,
        "what is known already is not made again"
    );
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(before + 100.0)
    );
    assert!(has_true_rollups(&app.running.state.db).await);
    made.json()
}

async fn an_organization_made_while_a_file_that_names_it_loads_costs_neither(backend: Backend) {
    let app = TestApp::start(backend).await;
    let body = json!({ "name": "ООО Ромашка", "inn": "7701234567" });
    let made = made_while_it_loads(&app, "organizations", body, a_receipt(1)).await;
    let list = app.get("organizations").await.ok();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list[0], made, "the import's row is the one that was made");
    assert_eq!(
        (&made["name"], &made["inn"]),
        (&json!("ООО Ромашка"), &json!("7701234567"))
    );
    app.stop().await;
}

async fn a_bank_account_made_while_a_file_that_names_it_loads_costs_neither(backend: Backend) {
    let app = TestApp::start(backend).await;
    let body = json!({ "account_number": "40702810900000000001", "bank_name": "ПАО Банк" });
    let made = made_while_it_loads(&app, "bank-accounts", body, a_receipt(1)).await;
    let list = app.get("bank-accounts").await.ok();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(
        (&list[0]["id"], &list[0]["bank_name"]),
        (&made["id"], &json!("ПАО Банк"))
    );
    app.stop().await;
}

async fn a_contract_made_while_a_file_that_names_it_loads_costs_neither(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[("postuplenie.xlsx", &receipts(&[a_receipt(1)]))],
    )
    .await;
    let body = json!({ "contract_number": "№ 2 от 01.02.2024", "currency": "RUB" });
    let receipt = a_receipt(2).under("Договор займа № 2 от 01.02.2024");
    let made = made_while_it_loads(&app, "contracts", body, receipt).await;
    let contract = app.get(&format!("contracts/{}", made["id"])).await.ok();
    assert_eq!(
        (&contract["outstanding"], &contract["currency"]),
        (&json!(100.0), &json!("RUB")),
        "{contract}"
    );
    assert_eq!(app.get("contracts").await.header("X-Total-Count"), "2");
    app.stop().await;
}
