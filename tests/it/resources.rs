//! Reference data, operations, departments and users over REST.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};

on_both_databases!(
    organizations_and_bank_accounts_are_made_listed_and_changed,
    contracts_are_made_found_and_changed_with_their_figures,
    operations_are_listed_newest_first_and_summed,
    a_wrong_body_changes_nothing,
    departments_and_users_are_made_by_administrators,
);

async fn send(app: &TestApp, token: &str, method: Method, path: &str, body: Value) -> Answer {
    app.request(
        method,
        &format!("credit-portfolio/{path}"),
        Some(token),
        Some(body),
    )
    .await
}

async fn filled(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            "postuplenie.xlsx",
            &receipts(&[
                a_receipt(1).amounting_to(500_00),
                a_receipt(2).on("06.03.2024").in_currency("USD"),
            ]),
        ),
        (
            "spisanie.xlsx",
            &expenses(&[an_expense(1), an_expense(2).under("№ 2 от 01.02.2024")]),
        ),
        (
            "rasshifrovka.xlsx",
            &details(&[principal(1, 70_00), interest(1, 30_00), principal(2, 5_00)]),
        ),
    ];
    app.import(DEPARTMENT, &files).await;
    app
}

async fn organizations_and_bank_accounts_are_made_listed_and_changed(backend: Backend) {
    let app = filled(backend).await;
    let manager = app.token(Role::Manager, DEPARTMENT).await;
    let stranger = app.token(Role::Manager, OTHER_DEPARTMENT).await;
    for (path, key, extra) in [
        ("organizations", "name", "inn"),
        ("bank-accounts", "account_number", "bank_name"),
    ] {
        let made = send(
            &app,
            &manager,
            Method::POST,
            path,
            json!({ key: "  New   one ", extra: "77" }),
        )
        .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = made.json();
        assert_eq!(
            (&made[key], &made[extra], &made["is_active"]),
            (&json!("New one"), &json!("77"), &json!(true))
        );
        assert_eq!(made["department_id"], DEPARTMENT);
        let twice = send(
            &app,
            &manager,
            Method::POST,
            path,
            json!({ key: "New one" }),
        )
        .await;
        assert_eq!(twice.status, StatusCode::CONFLICT, "{}", twice.text);
        let one = format!("{path}/{}", made["id"]);
        let changed = send(
            &app,
            &manager,
            Method::PUT,
            &one,
            json!({ "is_active": false }),
        )
        .await
        .ok();
        assert_eq!(
            (&changed["is_active"], &changed[key]),
            (&json!(false), &json!("New one"))
        );
        assert_eq!(app.get_as(&manager, &one).await.ok(), changed);
        assert_eq!(
            app.get_as(&stranger, &one).await.status,
            StatusCode::NOT_FOUND
        );
        let foreign = send(
            &app,
            &stranger,
            Method::PUT,
            &one,
            json!({ "is_active": true }),
        )
        .await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
        let active = app
            .get_as(&manager, &format!("{path}?is_active=true"))
            .await;
        assert_eq!(active.header("X-Total-Count"), "1");
        assert_eq!(
            app.get_as(&manager, path).await.header("X-Total-Count"),
            "2"
        );
        let known = active.json()[0][key].clone();
        let clash = send(&app, &manager, Method::PUT, &one, json!({ key: known })).await;
        assert_eq!(clash.status, StatusCode::CONFLICT);
    }
    app.stop().await;
}

async fn contracts_are_made_found_and_changed_with_their_figures(backend: Backend) {
    let app = filled(backend).await;
    let manager = app.token(Role::Manager, DEPARTMENT).await;
    let found = app.get_as(&manager, "contracts?search=РОМАШКА").await;
    assert_eq!(
        found.header("X-Total-Count"),
        "2",
        "letter case does not matter in Russian either"
    );
    let first = found.json()[0].clone();
    assert_eq!(
        (
            &first["principal"],
            &first["interest"],
            &first["total_paid"]
        ),
        (&json!(75.0), &json!(30.0), &json!(105.0))
    );
    assert_eq!(first["contract_date"], "2024-02-01");
    assert_eq!(
        app.get_as(&manager, "contracts?contract_type=loan")
            .await
            .header("X-Total-Count"),
        "0"
    );
    let body = json!({ "contract_number": "№ 1 от 01.02.2024г.", "organization_id": first["organization_id"] });
    let same = send(&app, &manager, Method::POST, "contracts", body).await;
    assert_eq!(
        same.status,
        StatusCode::CONFLICT,
        "another spelling of a known contract: {}",
        same.text
    );
    let body = json!({ "contract_number": "77", "contract_date": "2024-05-01", "contract_type": "loan",
        "organization_id": first["organization_id"] });
    let made = send(&app, &manager, Method::POST, "contracts", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let one = format!("contracts/{}", made.json()["id"]);
    let changed = send(
        &app,
        &manager,
        Method::PUT,
        &one,
        json!({ "counterparty": "ПАО «Третий»" }),
    )
    .await
    .ok();
    assert_eq!(
        (&changed["counterparty"], &changed["contract_type"]),
        (&json!("ПАО «Третий»"), &json!("loan"))
    );
    assert_eq!(
        app.get_as(&manager, "contracts?search=третий")
            .await
            .header("X-Total-Count"),
        "1"
    );
    let counts = app.get_as(&manager, "contract-stats").await.ok();
    let of = |counts: &Value| {
        ["total_count", "active_count", "closed_count"].map(|name| counts[name].as_u64())
    };
    assert_eq!(
        of(&counts),
        [Some(3), Some(1), Some(2)],
        "one of them is repaid, on one nothing was drawn"
    );
    let owing = app
        .get_as(&manager, "contracts/stats/summary?status=open")
        .await
        .ok()["data"][0]["contract_id"]
        .clone();
    let owing = format!("contracts/{owing}");
    send(
        &app,
        &manager,
        Method::PUT,
        &owing,
        json!({ "is_active": false }),
    )
    .await
    .ok();
    let counts = app.get_as(&manager, "contract-stats").await.ok();
    assert_eq!(
        of(&counts),
        [Some(3), Some(0), Some(3)],
        "the cache has heard of it"
    );
    let page = app
        .get_as(&manager, "contracts/stats/summary?limit=2&page=2")
        .await
        .ok();
    assert_eq!(
        page["pagination"],
        json!({ "page": 2, "limit": 2, "total": 3, "pages": 2 })
    );
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    let far = app
        .get_as(&manager, "contracts/stats/summary?page=9223372036854775807")
        .await
        .ok();
    assert_eq!(far["data"], json!([]));
    app.stop().await;
}

async fn operations_are_listed_newest_first_and_summed(backend: Backend) {
    let app = filled(backend).await;
    let list = app.get("receipts").await;
    assert_eq!(list.header("X-Total-Count"), "2");
    let list = list.json();
    assert_eq!(
        (&list[0]["document_date"], &list[1]["document_date"]),
        (&json!("2024-03-06"), &json!("2024-03-05"))
    );
    assert_eq!(list[1]["amount"], json!(500.0));
    assert_eq!(
        app.get(&format!("receipts/{}", list[0]["id"])).await.ok(),
        list[0]
    );
    let stats = app.get("receipts/stats/summary").await;
    assert_eq!(stats.header("X-Other-Currencies"), "USD");
    assert_eq!(
        stats.json(),
        json!({ "total_records": 2, "total_amount": 500.0 })
    );
    assert_eq!(
        app.get("expenses/stats/summary").await.ok(),
        json!({ "total_records": 2, "total_amount": 200.0 })
    );
    let contract = list[1]["contract_id"].clone();
    let of_contract = app.get(&format!("expenses?contract_id={contract}")).await;
    assert_eq!(
        of_contract.header("X-Total-Count"),
        "2",
        "one by its header, one by its detail"
    );
    let id = an_expense(1).id();
    let parts = app
        .get(&format!(
            "expense-details?expense_operation_id={}",
            id.replace(' ', "%20")
        ))
        .await;
    assert_eq!(parts.header("X-Total-Count"), "2");
    assert_eq!(
        app.get("expense-details?date_from=2024-03-06")
            .await
            .header("X-Total-Count"),
        "0"
    );
    assert_eq!(
        app.get("expense-details?date_to=2024-03-05")
            .await
            .header("X-Total-Count"),
        "3"
    );
    assert_eq!(
        app.get("receipts?limit=1&skip=1")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(app.get("receipts/4711").await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

async fn a_wrong_body_changes_nothing(backend: Backend) {
    let app = filled(backend).await;
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    let before = app.get_as(&admin, "organizations").await.json();
    let one = format!("organizations/{}", before[0]["id"]);
    for body in [
        json!({ "name": 5 }),
        json!({ "is_active": "yes" }),
        json!({ "nme": "x" }),
        json!({ "name": " " }),
        json!([]),
    ] {
        let answer = send(&app, &admin, Method::PUT, &one, body.clone()).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}: {}",
            answer.text
        );
    }
    let body =
        json!({ "contract_number": "1", "organization_id": 4711, "department_id": DEPARTMENT });
    let unknown = send(&app, &admin, Method::POST, "contracts", body).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(
        unknown.text.contains("there is no organization 4711"),
        "{}",
        unknown.text
    );
    assert_eq!(app.get_as(&admin, "organizations").await.json(), before);
    let made = send(
        &app,
        &admin,
        Method::POST,
        "organizations",
        json!({ "name": "x", "department_id": 9.0 }),
    )
    .await;
    assert_eq!(
        made.json()["department_id"],
        9,
        "JSON has one kind of number"
    );
    let shown = app.request(
        Method::GET,
        made.header("Location").strip_prefix("/api/v1/").unwrap(),
        Some(&admin),
        None,
    );
    assert_eq!(shown.await.ok(), made.json());
    let own = send(
        &app,
        &admin,
        Method::POST,
        "organizations",
        json!({ "name": "y" }),
    )
    .await;
    assert_eq!(
        own.json()["department_id"],
        DEPARTMENT,
        "left out, it is the caller's own"
    );
    app.stop().await;
}

async fn departments_and_users_are_made_by_administrators(backend: Backend) {
    let app = TestApp::start(backend).await;
    let [admin, manager] = [
        app.token(Role::Admin, DEPARTMENT).await,
        app.token(Role::Manager, DEPARTMENT).await,
    ];
    let department = json!({ "name": "Legal", "code": "LEG" });
    let post = async |token: &str, path: &str, body: &Value| {
        app.request(Method::POST, path, Some(token), Some(body.clone()))
            .await
    };
    assert_eq!(
        post(&manager, "departments", &department).await.status,
        StatusCode::FORBIDDEN
    );
    let made = post(&admin, "departments", &department).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(
        post(&admin, "departments", &department).await.status,
        StatusCode::CONFLICT
    );
    let id = made.json()["id"].clone();
    let shown = app
        .request(
            Method::GET,
            &format!("departments/{id}"),
            Some(&manager),
            None,
        )
        .await
        .ok();
    assert_eq!(
        shown,
        json!({ "id": id, "name": "Legal", "code": "LEG", "is_active": true })
    );
    let user = json!({ "username": "otto", "email": "o@example.org", "password": "correct horse", "full_name": "Otto O.",
        "role": "MANAGER", "department_id": id });
    assert_eq!(
        post(&manager, "auth/register", &user).await.status,
        StatusCode::FORBIDDEN
    );
    let registered = post(&admin, "auth/register", &user).await;
    assert_eq!(
        registered.status,
        StatusCode::CREATED,
        "{}",
        registered.text
    );
    assert_eq!(
        post(&admin, "auth/register", &user).await.status,
        StatusCode::CONFLICT
    );
    let login = async |password: &str| {
        post(
            &admin,
            "auth/login",
            &json!({ "username": "otto", "password": password }),
        )
        .await
    };
    let token = login("correct horse").await.ok()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = json!({ "old_password": "wrong", "new_password": "battery staple" });
    let refused = post(&token, "auth/me/change-password", &change).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert!(refused.text.contains("old_password"), "{}", refused.text);
    let change = json!({ "old_password": "correct horse", "new_password": "battery staple" });
    assert_eq!(
        post(&token, "auth/me/change-password", &change)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        login("correct horse").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(login("battery staple").await.status, StatusCode::OK);
    app.stop().await;
}
