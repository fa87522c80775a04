//! Adjustments entered over REST: part of balances from their day on.

use credit_portfolio::domain::Role;
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::adjustments::{debt, overpaid, send};
use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::tables::has_true_rollups;
use crate::support::workbooks::{details, kopecks, principal};

on_both_databases!(
    an_opening_balance_is_part_of_what_is_owed_from_its_day_on,
    an_adjustment_is_entered_changed_and_removed,
    changes_of_one_adjustment_at_the_same_time_leave_true_rollups,
    an_opening_balance_after_a_share_of_an_expense_is_warned_of,
);

async fn contract_id(app: &TestApp) -> i64 {
    app.get("contracts").await.ok()[0]["id"].as_i64().unwrap()
}

async fn an_opening_balance_is_part_of_what_is_owed_from_its_day_on(backend: Backend) {
    let app = overpaid(backend).await;
    let id = contract_id(&app).await;
    let body = json!({ "contract_id": id, "date": "2025-12-31", "kind": "opening_balance", "amount": 650.5 });
    let made = send(&app, Method::POST, "adjustments", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.json()["warnings"], json!([]));
    assert_eq!(
        debt(&app, "").await,
        [50_50, 0],
        "the cached answer was dropped"
    );
    assert_eq!(debt(&app, "date_to=2025-12-30").await, [0, 0]);
    assert_eq!(debt(&app, "date_to=2025-12-31").await, [650_50, 0]);
    let roll_forward = app
        .get("analytics/roll-forward?date_from=2025-12-01&date_to=2025-12-31")
        .await
        .ok();
    assert_eq!(kopecks(&roll_forward["total"]["adjustments"]), 650_50);
    let ledger = app.get(&format!("contracts/{id}/ledger")).await.ok();
    let lines = ledger["data"].as_array().unwrap();
    let balances: Vec<i64> = lines.iter().map(|line| kopecks(&line["balance"])).collect();
    assert_eq!(balances, [0, 650_50, 750_50, 50_50, 50_50]);
    assert_eq!(lines[1]["kind"], "adjustment");
    let parts = app.get("operations/parts?measure=adjustments").await.ok();
    assert_eq!(
        (kopecks(&parts["total"]), &parts["data"][0]["kind"]),
        (650_50, &json!("adjustment"))
    );
    let late =
        json!({ "contract_id": id, "date": "2026-03-05", "kind": "opening_balance", "amount": 1 });
    let late = send(&app, Method::POST, "adjustments", Some(late))
        .await
        .json();
    assert_eq!(
        late["warnings"].as_array().unwrap().len(),
        1,
        "operations precede it: {late}"
    );
    app.stop().await;
}

async fn an_adjustment_is_entered_changed_and_removed(backend: Backend) {
    let app = overpaid(backend).await;
    let id = contract_id(&app).await;
    let body = json!({ "contract_id": id, "date": "2026-05-01", "kind": "Взаимозачет", "amount": 900, "comment": "акт 5" });
    let made = send(&app, Method::POST, "adjustments", Some(body))
        .await
        .json();
    assert_eq!(
        (&made["kind"], &made["author"].is_string(), &made["source"]),
        (&json!("set_off"), &true, &json!("manual"))
    );
    let one = format!("adjustments/{}", made["id"]);
    assert_eq!(debt(&app, "").await, [300_00, 0]);
    let change = json!({ "amount": -50, "date": "2026-06-01", "comment": null });
    let changed = send(&app, Method::PUT, &one, Some(change)).await.ok();
    assert_eq!(
        (&changed["comment"], &changed["date"]),
        (&Value::Null, &json!("2026-06-01"))
    );
    assert_eq!(debt(&app, "").await, [0, 650_00]);
    assert_eq!(
        debt(&app, "date_to=2026-05-31").await,
        [0, 600_00],
        "it left its old month"
    );
    for (field, value) in [
        ("kind", json!("gift")),
        ("amount", Value::Null),
        ("date", json!("1989-12-31")),
        ("x", json!(1)),
    ] {
        let refused = send(&app, Method::PUT, &one, Some(json!({ field: value }))).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field}: {}",
            refused.text
        );
    }
    let list = app
        .get(&format!("adjustments?contract_id={id}&kind=set_off"))
        .await;
    assert_eq!(list.header("X-Total-Count"), "1");
    assert_eq!(
        app.get("adjustments?kind=correction")
            .await
            .header("X-Total-Count"),
        "0"
    );
    let foreign = app.token(Role::Manager, OTHER_DEPARTMENT).await;
    assert_eq!(
        app.get_as(&foreign, &one).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        send(&app, Method::DELETE, &one, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        send(&app, Method::GET, &one, None).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(debt(&app, "").await, [0, 600_00]);
    app.stop().await;
}

async fn changes_of_one_adjustment_at_the_same_time_leave_true_rollups(backend: Backend) {
    let app = overpaid(backend).await;
    let id = contract_id(&app).await;
    let body = json!({ "contract_id": id, "date": "2026-05-01", "kind": "set_off", "amount": 900 });
    let made = send(&app, Method::POST, "adjustments", Some(body))
        .await
        .json();
    let path = format!("credit-portfolio/adjustments/{}", made["id"]);
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let to_month = |month: u32| {
        let body = json!({ "date": format!("2025-{month:02}-15") });
        app.request(Method::PUT, &path, Some(&token), Some(body))
    };
    let changed = join_all((1..=8).map(to_month)).await;
    assert!(changed.iter().all(|answer| answer.status == StatusCode::OK));
    assert!(
        has_true_rollups(&app.running.state.db).await,
        "no month keeps the amount that left it"
    );
    let removed = app.request(Method::DELETE, &path, Some(&token), None);
    let (removed, _) = tokio::join!(removed, join_all((9..=12).map(to_month)));
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text);
    assert!(
        has_true_rollups(&app.running.state.db).await,
        "nothing is left of what was removed"
    );
    assert_eq!(debt(&app, "").await, [0, 600_00]);
    app.stop().await;
}

async fn an_opening_balance_after_a_share_of_an_expense_is_warned_of(backend: Backend) {
    let app = overpaid(backend).await;
    let own = contract_id(&app).await;
    let share = principal(1, 300_00).under("2 от 01.02.2024г.");
    app.import(
        DEPARTMENT,
        &[(
            "rasshifrovka.xlsx",
            &details(&[principal(1, 400_00), share]),
        )],
    )
    .await;
    let contracts = app.get("contracts").await.ok();
    let other = contracts
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] != own)
        .unwrap();
    for (day, warnings) in [("2026-04-04", 0), ("2026-04-06", 1)] {
        let body = json!({ "contract_id": other["id"], "date": day, "kind": "opening_balance", "amount": 1 });
        let made = send(&app, Method::POST, "adjustments", Some(body))
            .await
            .json();
        assert_eq!(
            made["warnings"].as_array().unwrap().len(),
            warnings,
            "{made}"
        );
    }
    app.stop().await;
}
