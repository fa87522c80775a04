//! The calls of the existing front end's six pages, with their exact parameters, and the fields
//! that each reads.
//!
//! The contract is that front end: what it reads has to be there, of the type that it reads it as.

use credit_portfolio::accounts::hash_password;
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};

on_both_databases!(
    the_frame_logs_in_and_reads_user_and_departments,
    the_main_page_reads_whole_lists_and_adds_them_up,
    the_pages_of_figures_read_their_fields,
    the_contracts_page_and_the_filter_bar_read_names,
    a_profile_is_changed_field_by_field,
);

/// A JSON type, after which null is allowed where a question mark stands.
fn is_of(value: &Value, kind: &str) -> bool {
    let (kind, may_be_null) = kind
        .strip_suffix('?')
        .map_or((kind, false), |kind| (kind, true));
    match kind {
        _ if value.is_null() => may_be_null,
        "number" => value.is_number(),
        "id" => value.as_i64().is_some_and(|id| id > 0),
        "text" => value.is_string(),
        "date" => value
            .as_str()
            .is_some_and(|text| text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok()),
        "time" => value
            .as_str()
            .is_some_and(|text| text.parse::<chrono::NaiveDateTime>().is_ok()),
        "mark" => value.is_boolean(),
        other => panic!("{other}"),
    }
}

/// Every row must have these fields, written `name: type`.
fn reads(rows: &Value, fields: &str) {
    let rows = rows
        .as_array()
        .map_or_else(|| vec![rows.clone()], Vec::clone);
    assert!(!rows.is_empty(), "no row to read {fields} of");
    for row in rows {
        for (name, kind) in fields
            .split(',')
            .map(|field| field.trim().split_once(": ").unwrap())
        {
            let value = row
                .get(name)
                .unwrap_or_else(|| panic!("{name} is missing in {row}"));
            assert!(is_of(value, kind), "{name} is no {kind}: {row}");
        }
    }
}

const USER: &str = "id: id, username: text, email: text, full_name: text, role: text, department_id: id, \
    is_active: mark, is_verified: mark, position: text?, phone: text?, last_login: time?, created_at: time, \
    updated_at: time";

async fn filled(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    let files: [(&str, &[u8]); 3] = [
        (
            "postuplenie.xlsx",
            &receipts(&[
                a_receipt(1).amounting_to(500_00),
                a_receipt(2).on("06.03.2025").amounting_to(70_10),
            ]),
        ),
        (
            "spisanie.xlsx",
            &expenses(&[
                an_expense(1),
                an_expense(2).on("07.03.2025").under("№ 2 от 01.02.2024"),
            ]),
        ),
        (
            "rasshifrovka.xlsx",
            &details(&[principal(1, 70_00), interest(1, 30_00), principal(2, 5_00)]),
        ),
    ];
    app.import(DEPARTMENT, &files).await;
    app
}

async fn the_frame_logs_in_and_reads_user_and_departments(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app
        .user(
            Role::Manager,
            DEPARTMENT,
            &hash_password("correct horse".to_owned()).await.unwrap(),
        )
        .await;
    let post = async |body: Value| {
        app.request(Method::POST, "auth/login", None, Some(body))
            .await
    };
    // The front end asks for a user name or an e-mail address, as people type it.
    let by_email =
        post(json!({ "username": user.email.to_uppercase(), "password": "correct horse" }))
            .await
            .ok();
    assert_eq!(by_email["user"]["id"], user.id);
    let login = post(json!({ "username": user.username, "password": "correct horse" }))
        .await
        .ok();
    reads(
        &login,
        "access_token: text, token_type: text, expires_in: number",
    );
    reads(&login["user"], USER);
    assert!(is_of(&login["user"]["last_login"], "time"), "set at login");
    let token = login["access_token"].as_str().unwrap();
    let me = app
        .request(Method::GET, "auth/me", Some(token), None)
        .await
        .ok();
    assert_eq!(me, login["user"]);
    for path in [
        "departments/?is_active=true",
        "departments?is_active=true",
        "departments///?is_active=true",
    ] {
        let departments = app.request(Method::GET, path, Some(token), None).await.ok();
        reads(
            &departments,
            "id: id, name: text, code: text, is_active: mark",
        );
        assert_eq!(departments.as_array().unwrap().len(), 2, "{path}");
    }
    let none = app
        .request(
            Method::GET,
            "departments/?is_active=false",
            Some(token),
            None,
        )
        .await
        .ok();
    assert_eq!(none, json!([]));
    let refused = post(json!({ "username": user.email, "password": "battery staple" })).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.json()["detail"].is_string(), "{}", refused.text);
    app.stop().await;
}

async fn the_main_page_reads_whole_lists_and_adds_them_up(backend: Backend) {
    let app = filled(backend).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let ask = async |path: &str, query: &str| {
        let answer = app.get_as(&token, &format!("{path}?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        let rows = answer.json();
        assert_eq!(
            answer.header("X-Total-Count"),
            rows.as_array().unwrap().len().to_string(),
            "{path}"
        );
        rows
    };
    let page = "skip=0&limit=50000&department_id=8";
    let range = "skip=0&limit=50000&department_id=8&date_from=2024-01-01&date_to=2025-12-31";
    reads(
        &ask("organizations", page).await,
        "id: id, name: text, is_active: mark",
    );
    reads(
        &ask("bank-accounts", page).await,
        "id: id, account_number: text, bank_name: text?",
    );
    reads(
        &ask("contracts", page).await,
        "id: id, contract_number: text, contract_type: text?, counterparty: text?",
    );
    let operation = "id: id, operation_id: text, amount: number, document_date: date, organization_id: id, \
        bank_account_id: id?, contract_id: id?, accounting_account: text?, responsible_person: text?, \
        organization: text, bank_account: text?, contract: text?, counterparty: text?";
    for query in [page, range, "limit=20000&department_id=8", "limit=10000"] {
        let received = ask("receipts", query).await;
        reads(&received, operation);
        let amounts = received
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["amount"].as_f64().unwrap());
        assert_eq!(amounts.sum::<f64>(), 570.1, "what the browser adds up");
        let spent = ask("expenses", query).await;
        reads(&spent, operation);
        reads(&spent, "expense_article: text?, unconfirmed_by_bank: mark");
        assert!(
            spent[0].get("contract_amount").is_none(),
            "no contract, no share: {}",
            spent[0]
        );
    }
    let parts = ask("expense-details", "limit=50000").await;
    let part = "id: id, expense_operation_id: text, contract_id: id?, contract_number: text?, payment_amount: number, \
        payment_type: text?, vat_in_expense: number?, document_date: date?, amount: number";
    reads(&parts, part);
    assert!(
        parts
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["payment_amount"] == row["amount"])
    );
    app.stop().await;
}

async fn the_pages_of_figures_read_their_fields(backend: Backend) {
    let app = filled(backend).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    for query in [
        "",
        "department_id=8",
        "department_id=8&date_from=2024-01-01&date_to=2025-12-31",
    ] {
        let ask = async |path: &str| app.get_as(&token, &format!("{path}?{query}")).await.ok();
        reads(
            &ask("summary").await,
            "total_receipts: number, total_expenses: number, net_balance: number, active_contracts_count: number, \
             total_principal: number, total_interest: number",
        );
        reads(
            &ask("analytics/cashflow-monthly").await["data"],
            "month: text, inflow: number, outflow: number, net: number, cumulative: number",
        );
        let years = ask("analytics/yearly-comparison").await["data"].clone();
        reads(
            &years,
            "year: text, received: number, principal: number, interest: number, paid: number",
        );
        reads(&years[1], "receivedGrowth: number");
        reads(
            &ask("analytics/monthly-efficiency").await["data"],
            "month: text, principal: number, interest: number, total: number, efficiency: number",
        );
        reads(
            &ask("analytics/org-efficiency").await["data"],
            "organization_id: id, name: text, totalPaid: number, principal: number, interest: number, \
             received: number, efficiency: number, debtRatio: number",
        );
    }
    app.stop().await;
}

async fn the_contracts_page_and_the_filter_bar_read_names(backend: Backend) {
    let app = filled(backend).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let ask = async |path: &str| app.get_as(&token, path).await.ok();
    reads(
        &ask("contracts?department_id=8").await,
        "contract_number: text, contract_date: date?, contract_type: text?, counterparty: text?, organization_id: id, \
         is_active: mark, total_paid: number, principal: number, interest: number",
    );
    reads(
        &ask("organizations?limit=100&is_active=true").await,
        "id: id, name: text",
    );
    reads(
        &ask("bank-accounts?limit=100&is_active=true").await,
        "id: id, account_number: text, bank_name: text?",
    );
    reads(
        &ask("contracts?limit=200&is_active=true").await,
        "id: id, contract_number: text",
    );
    let russian = ask("contracts?contract_type=%D0%9A%D1%80%D0%B5%D0%B4%D0%B8%D1%82").await;
    assert_eq!(russian.as_array().unwrap().len(), 2, "Кредит is credit");
    app.stop().await;
}

async fn a_profile_is_changed_field_by_field(backend: Backend) {
    let app = TestApp::start(backend).await;
    let user = app.user(Role::User, DEPARTMENT, "irrelevant").await;
    let other = app.user(Role::User, DEPARTMENT, "irrelevant").await;
    let token = app.running.state.tokens.issue(&user).unwrap();
    let put = async |body: Value| {
        app.request(Method::PUT, "auth/me", Some(&token), Some(body))
            .await
    };
    let body = json!({ "email": "Anna@Example.org", "full_name": "Анна", "position": "Казначей", "phone": "+7" });
    let changed = put(body).await.ok();
    reads(&changed, USER);
    assert_eq!(
        (&changed["email"], &changed["position"]),
        (&json!("Anna@Example.org"), &json!("Казначей"))
    );
    let cleared = put(json!({ "position": null })).await.ok();
    assert_eq!(
        (
            &cleared["position"],
            &cleared["phone"],
            &cleared["full_name"]
        ),
        (&Value::Null, &json!("+7"), &json!("Анна"))
    );
    assert_eq!(
        put(json!({})).await.ok()["phone"],
        "+7",
        "what is left out stays"
    );
    for (body, parameter) in [
        (json!({ "email": null }), "email"),
        (json!({ "full_name": null }), "full_name"),
        (json!({ "full_name": " " }), "full_name"),
        (json!({ "role": "ADMIN" }), "body"),
        (json!([]), "body"),
    ] {
        let refused = put(body).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text
        );
        assert_eq!(refused.json()["parameter"], parameter);
    }
    let taken = put(json!({ "email": other.email.to_uppercase() })).await;
    assert_eq!(taken.status, StatusCode::CONFLICT, "{}", taken.text);
    assert_eq!(
        put(json!({ "email": "anna@example.org" })).await.ok()["email"],
        "anna@example.org",
        "the own one"
    );
    app.stop().await;
}

/// Whichever name is typed, it is one user's password that is guessed.
#[actix_rt::test]
async fn tries_by_name_and_by_e_mail_address_are_counted_together() {
    let app = TestApp::start(Backend::Sqlite).await;
    let user = app
        .user(
            Role::Manager,
            DEPARTMENT,
            &hash_password("correct horse".to_owned()).await.unwrap(),
        )
        .await;
    let login = async |username: &str, password: &str| {
        let body = json!({ "username": username, "password": password });
        app.request(Method::POST, "auth/login", None, Some(body))
            .await
            .status
    };
    let names = [
        &user.username,
        &user.email,
        &user.email.to_uppercase(),
        &user.username,
        &user.email,
    ];
    for name in names {
        assert_eq!(login(name, "guess").await, StatusCode::UNAUTHORIZED);
    }
    // Not 429: that would say which name and which address are one user's.
    for name in [&user.username, &user.email] {
        assert_eq!(login(name, "correct horse").await, StatusCode::UNAUTHORIZED);
    }
    app.stop().await;
}

#[actix_rt::test]
async fn a_head_is_answered_like_a_get_without_its_body() {
    let app = filled(Backend::Sqlite).await;
    let token = app.token(Role::Admin, DEPARTMENT).await;
    for path in [
        "credit-portfolio/receipts",
        "credit-portfolio/receipts?limit=1",
        "credit-portfolio/summary",
        "credit-portfolio/summary/",
        "credit-portfolio/expenses?format=csv",
        "auth/me",
        "departments/",
        "credit-portfolio/receipts/4711",
        "credit-portfolio/import/trigger",
    ] {
        // The second time, figures come from memory.
        for _ in 0..2 {
            let get = app.request(Method::GET, path, Some(&token), None).await;
            let head = app.request(Method::HEAD, path, Some(&token), None).await;
            assert_eq!(
                (head.status, head.text.as_str()),
                (get.status, ""),
                "{path}"
            );
            for name in [
                "Content-Type",
                "Content-Length",
                "ETag",
                "X-Total-Count",
                "X-Next-After",
                "Link",
                "Allow",
            ] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
        }
    }
    for path in ["/livez", "/readyz", "/metrics", "/api/v1/openapi.json"] {
        let head = reqwest::Client::new()
            .head(format!("http://{}{path}", app.running.address))
            .send()
            .await
            .unwrap();
        assert_eq!(head.status(), StatusCode::OK, "{path}");
    }
    app.stop().await;
}
