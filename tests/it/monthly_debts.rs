//! What is owed at the end of each month, from the sums that are kept of whole months, against the
//! same added up from contracts.

use credit_portfolio::domain::Role;
use proptest::strategy::{Strategy, ValueTree};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::random_operations::runner;
use crate::support::random_portfolio::{import, portfolio};
use crate::support::tables::has_true_rollups;
use crate::support::workbooks::{a_receipt, kopecks, receipts};

on_both_databases!(
    kept_months_are_what_the_contracts_add_up_to,
    what_a_contract_is_moves_its_debt_to_other_months_sums,
    months_that_an_older_version_left_behind_are_not_read_and_made_again,
);

const GROUPS: [&str; 2] = ["", "&group_by=organization"];
const FILTERS: [&str; 4] = [
    "",
    "&direction=lent",
    "&currency=USD",
    "&direction=borrowed",
];
const RANGES: [&str; 6] = [
    "",
    "&date_to=2026-03-31",
    "&date_to=2026-03-15",
    "&date_from=2026-01-10&date_to=2026-09-30",
    "&date_to=2027-06-30",
    "&date_from=2020-01-01&date_to=2020-02-29",
];
/// As a version without them leaves a department.
const LEFT_BEHIND: &str = "UPDATE departments SET debts_generation = -1";
const SPOILED: &str = "UPDATE monthly_debts SET drawn = drawn + 1, debt = debt + 1";

async fn with_portfolio(backend: Backend, seed: u8) -> TestApp {
    let app = TestApp::start_with(backend, &[("USE_REDIS", "false")]).await;
    let drawn = portfolio(150)
        .new_tree(&mut runner(seed))
        .unwrap()
        .current();
    import(&app, &drawn).await;
    app
}

/// All series, each with its question.
async fn series(app: &TestApp) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for group in GROUPS {
        for filter in FILTERS {
            for range in RANGES {
                let path = format!("analytics/debt-balance?department_id=8{group}{filter}{range}");
                let answer = app.get(&path).await.ok();
                all.push((path, answer["data"].clone()));
            }
        }
    }
    all
}

async fn kept_months_are_what_the_contracts_add_up_to(backend: Backend) {
    for seed in [3, 44] {
        let app = with_portfolio(backend, seed).await;
        assert!(!app.read("SELECT 1 FROM monthly_debts").is_empty());
        let kept = series(&app).await;
        let [other, third] = [app.twin().await, app.twin().await];
        app.execute(SPOILED).await;
        assert_ne!(kept, series(&other).await, "they are read");
        app.execute(LEFT_BEHIND).await;
        for ((path, kept), (_, added_up)) in kept.iter().zip(series(&third).await) {
            assert_eq!(*kept, added_up, "{path}");
        }
        let owed = |path: &&(String, Value)| path.1.as_array().unwrap().len();
        assert!(kept.iter().map(|series| owed(&series)).sum::<usize>() > 300);
        other.stop().await;
        third.stop().await;
        app.stop().await;
    }
}

/// The sums of each direction and currency.
fn sums(app: &TestApp) -> Vec<String> {
    app.read(
        "SELECT direction || ' ' || currency || ' ' || CAST(SUM(debt) AS TEXT) FROM monthly_debts \
         GROUP BY direction, currency ORDER BY direction, currency",
    )
}

async fn what_a_contract_is_moves_its_debt_to_other_months_sums(backend: Backend) {
    let app = with_portfolio(backend, 7).await;
    let drawn = "SELECT CAST(MIN(contract_id) AS TEXT) FROM monthly_flows WHERE drawn > 0 AND currency = 'RUB' \
         AND contract_id IN (SELECT id FROM contracts WHERE direction = 'borrowed' AND currency = 'RUB')";
    let path = format!("credit-portfolio/contracts/{}", app.read(drawn)[0]);
    let token = app.token(Role::Admin, DEPARTMENT).await;
    for change in [json!({ "direction": "lent" }), json!({ "currency": "KZT" })] {
        let before = sums(&app);
        app.request(Method::PUT, &path, Some(&token), Some(change.clone()))
            .await
            .ok();
        assert_ne!(before, sums(&app), "{change}");
        assert_eq!(
            app.read("SELECT COUNT(*) FROM departments WHERE generation <> debts_generation"),
            ["0"],
            "they are read"
        );
        assert!(has_true_rollups(&app.running.state.db).await, "{change}");
    }
    app.stop().await;
}

async fn months_that_an_older_version_left_behind_are_not_read_and_made_again(backend: Backend) {
    let app = TestApp::start_with(backend, &[("USE_REDIS", "false")]).await;
    let receipt = |number: u32, day: &str| a_receipt(number).on(day).amounting_to(10_000);
    let first = receipts(&[receipt(1, "10.03.2026"), receipt(2, "20.06.2026")]);
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &first)])
        .await;
    let owed = async |to: &str| -> i64 {
        let path = format!("analytics/debt-balance?date_to={to}");
        let months = app.get(&path).await.ok()["data"].clone();
        let months = months.as_array().unwrap();
        months.iter().map(|row| kopecks(&row["outstanding"])).sum()
    };
    // Of March to June.
    assert_eq!(owed("2026-06-30").await, 3 * 10_000 + 20_000);

    // A change of a version that keeps totals and does not know of these.
    app.execute(
        "UPDATE departments SET generation = generation + 1, totals_generation = generation + 1 WHERE id = 8",
    )
    .await;
    app.execute(SPOILED).await;
    assert_eq!(owed("2026-06-29").await, 3 * 10_000 + 20_000);

    let second = receipts(&[receipt(3, "05.01.2026")]);
    app.import(DEPARTMENT, &[("postuplenie_2.xlsx", &second)])
        .await;
    assert!(has_true_rollups(&app.running.state.db).await);
    assert_eq!(owed("2026-06-28").await, 2 * 10_000 + 3 * 20_000 + 30_000);
    app.stop().await;
}
