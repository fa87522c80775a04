//! Lenders over REST, and the aliases by which exports recognize them.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(
    a_renamed_lender_is_recognized_by_all_its_names,
    a_lender_that_was_entered_by_hand_is_recognized_in_exports,
    intra_group_by_hand_wins_until_it_is_given_back,
    a_lender_belongs_to_its_department,
    reference_data_is_sorted_by_name_or_id,
);

const FILE: &str = "A - postuplenie.xlsx";

async fn send(app: &TestApp, method: Method, path: &str, body: Value) -> Answer {
    let token = app.token(Role::Manager, DEPARTMENT).await;
    app.request(
        method,
        &format!("credit-portfolio/{path}"),
        Some(&token),
        Some(body),
    )
    .await
}

async fn lenders(app: &TestApp) -> Vec<Value> {
    app.get("lenders?department_id=8")
        .await
        .ok()
        .as_array()
        .unwrap()
        .clone()
}

fn spellings(lender: &Value) -> Vec<&str> {
    lender["aliases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alias| alias["spelling"].as_str().unwrap())
        .collect()
}

async fn a_renamed_lender_is_recognized_by_all_its_names(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (first, second) = (
        a_receipt(1).with("ПАО «Банк»"),
        a_receipt(2).with("Банк ПАО").under(""),
    );
    app.import(
        DEPARTMENT,
        &[(FILE, &receipts(&[first.clone(), second.clone()]))],
    )
    .await;
    let found = lenders(&app).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let path = format!("lenders/{}", found[0]["id"]);
    let body = json!({ "name": "АО «Новый банк»", "inn": "7707083893", "group": "Банки" });
    let changed = send(&app, Method::PUT, &path, body).await.ok();
    let shown = ["name", "inn", "group"].map(|field| changed[field].as_str().unwrap());
    assert_eq!(shown, ["АО «Новый банк»", "7707083893", "Банки"]);
    assert_eq!(spellings(&changed), ["ПАО «Банк»", "АО «Новый банк»"]);
    assert_eq!(app.get(&path).await.ok(), changed);
    let third = a_receipt(3).with("АО \"Новый банк\"");
    let report = app
        .import(DEPARTMENT, &[(FILE, &receipts(&[first, second, third]))])
        .await;
    let counts = report.files[0].counts;
    assert_eq!(
        (counts.inserted, counts.updated, counts.unchanged),
        (1, 0, 2)
    );
    assert_eq!(
        lenders(&app).await,
        [changed],
        "no name makes another lender"
    );
    let sheet = app.get("lenders?department_id=8&format=csv").await;
    assert!(
        sheet.text.contains("ПАО «Банк»; АО «Новый банк»"),
        "{}",
        sheet.text
    );
    let cleared = send(
        &app,
        Method::PUT,
        &path,
        json!({ "inn": null, "group": null }),
    )
    .await
    .ok();
    assert_eq!(
        (&cleared["inn"], &cleared["group"]),
        (&Value::Null, &Value::Null)
    );
    app.stop().await;
}

async fn a_lender_that_was_entered_by_hand_is_recognized_in_exports(backend: Backend) {
    let app = TestApp::start(backend).await;
    let made = send(
        &app,
        Method::POST,
        "lenders",
        json!({ "name": "ООО «Кредитор»", "is_active": false }),
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    assert_eq!(
        (&made["is_active"], spellings(&made)),
        (&json!(false), vec!["ООО «Кредитор»"])
    );
    let twice = send(
        &app,
        Method::POST,
        "lenders",
        json!({ "name": "Кредитор, ООО" }),
    )
    .await;
    assert_eq!(
        twice.status,
        StatusCode::CONFLICT,
        "another spelling of a known lender: {}",
        twice.text
    );
    app.import(
        DEPARTMENT,
        &[(FILE, &receipts(&[a_receipt(1).with("ООО \"Кредитор\"")]))],
    )
    .await;
    assert_eq!(lenders(&app).await.len(), 1);
    let contracts = app
        .get(&format!("contracts?lender_id={}", made["id"]))
        .await;
    assert_eq!(contracts.header("X-Total-Count"), "1");
    app.stop().await;
}

async fn intra_group_by_hand_wins_until_it_is_given_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(FILE, &receipts(&[a_receipt(1).with("ПАО «Банк»")]))],
    )
    .await;
    let path = format!("lenders/{}", lenders(&app).await[0]["id"]);
    let external = async || app.get("summary").await.ok()["debt_external"].clone();
    assert_eq!(external().await, json!(100.0));
    let by_hand = send(&app, Method::PUT, &path, json!({ "is_intra_group": true }))
        .await
        .ok();
    assert_eq!(
        (
            &by_hand["is_intra_group"],
            &by_hand["is_intra_group_manual"]
        ),
        (&json!(true), &json!(true))
    );
    assert_eq!(external().await, json!(0.0), "cached figures know of it");
    let own = json!({ "name": "ООО «Ромашка»" });
    send(&app, Method::PUT, &path, own).await.ok();
    let back = send(&app, Method::PUT, &path, json!({ "is_intra_group": false }))
        .await
        .ok();
    assert_eq!(
        (&back["is_intra_group"], external().await),
        (&json!(false), json!(100.0)),
        "by hand, against its name"
    );
    let derived = send(&app, Method::PUT, &path, json!({ "is_intra_group": null }))
        .await
        .ok();
    assert_eq!(
        (
            &derived["is_intra_group"],
            &derived["is_intra_group_manual"]
        ),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        external().await,
        json!(0.0),
        "it has the name of our own organization"
    );
    app.stop().await;
}

async fn a_lender_belongs_to_its_department(backend: Backend) {
    let app = TestApp::start(backend).await;
    let made = send(
        &app,
        Method::POST,
        "lenders",
        json!({ "name": "ООО «Кредитор»" }),
    )
    .await
    .json();
    let path = format!("lenders/{}", made["id"]);
    let stranger = app.token(Role::Manager, OTHER_DEPARTMENT).await;
    assert_eq!(
        app.get_as(&stranger, &path).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.get_as(&stranger, "lenders")
            .await
            .header("X-Total-Count"),
        "0"
    );
    let body = json!({ "name": "Чужое" });
    let changed = app
        .request(
            Method::PUT,
            &format!("credit-portfolio/{path}"),
            Some(&stranger),
            Some(body),
        )
        .await
        .status;
    assert_eq!(changed, StatusCode::NOT_FOUND);
    assert_eq!(app.get(&path).await.ok(), made);
    app.stop().await;
}

async fn reference_data_is_sorted_by_name_or_id(backend: Backend) {
    let app = TestApp::start(backend).await;
    let parties = [
        ("ООО «Б»", "АО «Я»", "3"),
        ("ООО «А»", "АО «Ю»", "1"),
        ("ООО «В»", "АО «Э»", "2"),
    ];
    let rows: Vec<_> = (1..)
        .zip(parties)
        .map(|(serial, (organization, lender, account))| {
            let mut receipt = a_receipt(serial).of(organization).with(lender);
            receipt.bank_account = format!("4070281090000000000{account}, ПАО «Банк»");
            receipt
        })
        .collect();
    app.import(DEPARTMENT, &[(FILE, &receipts(&rows))]).await;
    for (path, field) in [
        ("organizations", "name"),
        ("lenders", "name"),
        ("bank-accounts", "account_number"),
    ] {
        let listed = async |sort: &str, column: &str| -> Vec<Value> {
            let list = app.get(&format!("{path}?sort={sort}")).await.ok();
            list.as_array()
                .unwrap()
                .iter()
                .map(|row| row[column].clone())
                .collect()
        };
        let reversed = |mut values: Vec<Value>| {
            values.reverse();
            values
        };
        let names: Vec<String> = listed("name", field)
            .await
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        assert!(names.len() == 3 && names.is_sorted(), "{path}: {names:?}");
        assert_eq!(
            listed("-name", field).await,
            reversed(listed("name", field).await),
            "{path}"
        );
        assert_eq!(
            listed("id", "id").await,
            [1, 2, 3].map(Value::from),
            "{path}"
        );
        assert_eq!(
            listed("-id", "id").await,
            [3, 2, 1].map(Value::from),
            "{path}"
        );
        let refused = app.get(&format!("{path}?sort=inn")).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text
        );
    }
    app.stop().await;
}
