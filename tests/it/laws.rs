//! Laws over random portfolios: every figure equals a brute-force sum, whatever the filter and
//! however the rows came in; and the rollups equal those rebuilt from the rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use credit_portfolio::db;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TODAY, TestApp};
use crate::support::on_both_databases;
use crate::support::random_operations::{
    CURRENCIES, Contract, Flow, ORGANIZATIONS, Sums, add, day_of, flow, import, runner,
};
use crate::support::workbooks::kopecks;

on_both_databases!(
    every_figure_equals_a_brute_force_sum_over_random_operations,
    rollups_after_any_imports_equal_rebuilt_rollups,
);

fn amounts<const N: usize>(row: &Value, names: [&str; N]) -> [i64; N] {
    names.map(|name| kopecks(&row[name]))
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer.get("data").unwrap_or(answer).as_array().unwrap()
}

async fn every_figure_equals_a_brute_force_sum_over_random_operations(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut runner = runner(7);
    let flows = prop::collection::vec(flow(), 60..90)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    import(&app, &flows).await;
    let mut conn = app.running.state.db.conn().await.unwrap();
    let organization_ids = db::list_organization_ids(&mut conn, DEPARTMENT)
        .await
        .unwrap();
    drop(conn);
    let strategy = (
        prop::option::of(0_u32..800),
        prop::option::of(0_u32..800),
        prop::option::of(0_usize..3),
        any::<bool>(),
    );
    for _ in 0..12 {
        let (from, to, organization, in_dollars) =
            strategy.new_tree(&mut runner).unwrap().current();
        let (from, to) = match (from, to) {
            (Some(from), Some(to)) => (Some(from.min(to)), Some(from.max(to))),
            other => other,
        };
        let mut query = "department_id=8".to_owned();
        query += &from
            .map(|day| format!("&date_from={}", day_of(day)))
            .unwrap_or_default();
        query += &to
            .map(|day| format!("&date_to={}", day_of(day)))
            .unwrap_or_default();
        query += if in_dollars { "&currency=USD" } else { "" };
        let in_currency = |flow: &&Flow| (CURRENCIES[flow.currency] == "USD") == in_dollars;
        let in_range = |flow: &&Flow| {
            from.is_none_or(|day| flow.day >= day) && to.is_none_or(|day| flow.day <= day)
        };
        let inside: Vec<&Flow> = flows.iter().filter(in_currency).filter(in_range).collect();
        check_totals(&app, &query, &inside).await;
        check_months_and_years(&app, &query, &inside).await;
        check_organizations(&app, &query, &inside).await;
        let dated: Vec<&Flow> = flows.iter().filter(in_range).collect();
        let all = from.is_none() && to.is_none();
        check_contracts(&app, &query, &inside, if all { None } else { Some(&dated) }).await;
        let Some((organization, id)) =
            organization.and_then(|at| Some((at, organization_ids.get(ORGANIZATIONS[at])?)))
        else {
            continue;
        };
        let of_one: Vec<&Flow> = inside
            .into_iter()
            .filter(|flow| flow.organization == organization)
            .collect();
        let answer = app
            .get(&format!(
                "analytics/cashflow-monthly?{query}&organization_id={id}"
            ))
            .await
            .ok();
        let total: i64 = rows(&answer).iter().map(|row| kopecks(&row["net"])).sum();
        assert_eq!(
            total,
            of_one
                .iter()
                .map(|flow| flow.sums()[0] - flow.sums()[1])
                .sum::<i64>()
        );
    }
    app.stop().await;
}

async fn check_totals(app: &TestApp, query: &str, inside: &[&Flow]) {
    let mut expected = Sums::default();
    inside
        .iter()
        .for_each(|flow| add(&mut expected, flow.sums()));
    let summary = app.get(&format!("summary?{query}")).await.ok();
    let names = [
        "total_receipts",
        "total_expenses",
        "total_principal",
        "total_interest",
    ];
    assert_eq!(amounts(&summary, names), expected, "{query}");
}

/// The months from the first asked for, else the first operation's, to that of the last day asked
/// for, today at the latest.
fn months_of_series(query: &str, inside: &[&Flow]) -> Vec<String> {
    let parameter = |name: &str| {
        query
            .split('&')
            .find_map(|part| part.strip_prefix(name))
            .map(|day| day[..7].to_owned())
    };
    let month = |flow: &&&Flow| day_of(flow.day).format("%Y-%m").to_string();
    let first = parameter("date_from=").or_else(|| inside.iter().map(|flow| month(&flow)).min());
    let last = parameter("date_to=").unwrap_or_else(|| TODAY[..7].to_owned());
    let all =
        (2023..=2026).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}")));
    all.filter(|month| first.as_ref().is_some_and(|first| month >= first) && *month <= last)
        .collect()
}

async fn check_months_and_years(app: &TestApp, query: &str, inside: &[&Flow]) {
    let mut months: BTreeMap<String, Sums> = BTreeMap::new();
    let mut years: BTreeMap<String, Sums> = BTreeMap::new();
    for month in months_of_series(query, inside) {
        months.insert(month, Sums::default());
    }
    for flow in inside {
        let day = day_of(flow.day);
        add(
            months.entry(day.format("%Y-%m").to_string()).or_default(),
            flow.sums(),
        );
        add(
            years.entry(day.year().to_string()).or_default(),
            flow.sums(),
        );
    }
    let stats = app.get(&format!("monthly-stats?{query}")).await.ok();
    let served: Vec<_> = rows(&stats)
        .iter()
        .map(|row| {
            (
                row["month"].as_str().unwrap()[..7].to_owned(),
                amounts(row, ["receipts", "expenses"]),
            )
        })
        .collect();
    let expected: Vec<_> = months
        .iter()
        .map(|(month, sums)| (month.clone(), [sums[0], sums[1]]))
        .collect();
    assert_eq!(served, expected, "{query}");

    let efficiency = app
        .get(&format!("analytics/monthly-efficiency?{query}"))
        .await
        .ok();
    let served: Vec<_> = rows(&efficiency)
        .iter()
        .map(|row| amounts(row, ["principal", "interest", "total"]))
        .collect();
    let expected = months
        .values()
        .map(|sums| [sums[2], sums[3], sums[2] + sums[3]]);
    assert_eq!(served, expected.collect::<Vec<_>>(), "{query}");

    let cashflow = app
        .get(&format!("analytics/cashflow-monthly?{query}"))
        .await
        .ok();
    let served: Vec<_> = rows(&cashflow)
        .iter()
        .map(|row| amounts(row, ["inflow", "outflow", "cumulative"]))
        .collect();
    let running = months.values().scan(0, |sum, sums| {
        *sum += sums[0] - sums[1];
        Some([sums[0], sums[1], *sum])
    });
    assert_eq!(served, running.collect::<Vec<_>>(), "{query}");

    let yearly = app
        .get(&format!("analytics/yearly-comparison?{query}"))
        .await
        .ok();
    let served: Vec<_> = rows(&yearly)
        .iter()
        .map(|row| {
            (
                row["year"].as_str().unwrap().to_owned(),
                amounts(row, ["received", "principal", "interest", "paid"]),
            )
        })
        .collect();
    let expected: Vec<_> = years
        .iter()
        .map(|(year, sums)| (year.clone(), [sums[0], sums[2], sums[3], sums[2] + sums[3]]))
        .collect();
    assert_eq!(served, expected, "{query}");

    let quarterly = app
        .get(&format!("analytics/quarterly-comparison?{query}"))
        .await
        .ok();
    let served: Vec<_> = rows(&quarterly)
        .iter()
        .map(|row| {
            (
                row["quarter"].as_str().unwrap().to_owned(),
                amounts(row, ["received", "principal", "interest", "paid"]),
            )
        })
        .collect();
    assert_eq!(served, quarters_of(inside), "{query}");
}

/// Received, principal, interest and paid of each quarter with operations.
fn quarters_of(inside: &[&Flow]) -> Vec<(String, [i64; 4])> {
    let mut quarters: BTreeMap<String, Sums> = BTreeMap::new();
    for flow in inside {
        let day = day_of(flow.day);
        let quarter = format!("{}-Q{}", day.year(), day.month0() / 3 + 1);
        add(quarters.entry(quarter).or_default(), flow.sums());
    }
    let row =
        |(quarter, sums): (String, Sums)| (quarter, [sums[0], sums[2], sums[3], sums[2] + sums[3]]);
    quarters.into_iter().map(row).collect()
}

async fn check_organizations(app: &TestApp, query: &str, inside: &[&Flow]) {
    let mut organizations: BTreeMap<&str, Sums> = BTreeMap::new();
    for flow in inside {
        add(
            organizations
                .entry(ORGANIZATIONS[flow.organization])
                .or_default(),
            flow.sums(),
        );
    }
    for (path, names) in [
        (
            "analytics/org-efficiency",
            ["received", "totalPaid", "principal", "interest"],
        ),
        (
            "organization-stats",
            ["received", "paid", "principal", "interest"],
        ),
    ] {
        let answer = app.get(&format!("{path}?{query}")).await.ok();
        // One without operations in the range is listed for its balance.
        let served: BTreeMap<&str, Sums> = rows(&answer)
            .iter()
            .map(|row| (row["name"].as_str().unwrap(), amounts(row, names)))
            .filter(|(_, sums)| *sums != Sums::default())
            .collect();
        assert_eq!(served, organizations, "{path}?{query}");
        let paid: Vec<i64> = rows(&answer)
            .iter()
            .map(|row| kopecks(&row[names[1]]))
            .collect();
        assert!(paid.is_sorted_by(|a, b| a >= b), "largest first: {paid:?}");
    }
    let stats = app.get(&format!("organization-stats?{query}")).await.ok();
    for row in rows(&stats) {
        let own = inside
            .iter()
            .filter(|flow| ORGANIZATIONS[flow.organization] == row["name"]);
        assert_eq!(row["operations"], own.clone().count(), "{query}");
        let last = own
            .filter(|flow| !flow.is_receipt)
            .map(|flow| day_of(flow.day))
            .max();
        assert_eq!(
            row["lastPayment"].as_str().map(str::to_owned),
            last.map(|day| day.to_string()),
            "{query}"
        );
    }
}

async fn check_contracts(app: &TestApp, query: &str, inside: &[&Flow], dated: Option<&[&Flow]>) {
    let mut contracts: BTreeMap<(String, String), Sums> = BTreeMap::new();
    let mut operations: BTreeMap<(String, String), usize> = BTreeMap::new();
    let name = |(organization, number): Contract| {
        let contract = if number == 0 {
            "Без договора".to_owned()
        } else {
            format!("Договор № {number}")
        };
        (ORGANIZATIONS[organization].to_owned(), contract)
    };
    for flow in inside {
        for (contract, sums) in flow.by_contract() {
            add(contracts.entry(name(contract)).or_default(), sums);
            *operations.entry(name(contract)).or_default() += 1;
        }
    }
    let answer = app
        .get(&format!("contracts/stats/summary?{query}&limit=100"))
        .await
        .ok();
    let mut served = BTreeMap::new();
    for row in rows(&answer) {
        let number = row["contractNumber"]
            .as_str()
            .unwrap()
            .split(" от ")
            .next()
            .unwrap()
            .to_owned();
        let key = (row["organization"].as_str().unwrap().to_owned(), number);
        let sums = amounts(row, ["received", "totalPaid", "principal", "interest"]);
        let expected = operations.get(&key).copied().unwrap_or(0);
        assert_eq!(row["operationsCount"], expected, "{query}: {row}");
        served.insert(key, sums);
    }
    served.retain(|_, sums| *sums != Sums::default());
    contracts.retain(|_, sums| *sums != Sums::default());
    assert_eq!(served, contracts, "{query}");
    if let Some(dated) = dated {
        let counts = app.get(&format!("contract-stats?{query}")).await.ok();
        let expected: BTreeSet<Contract> = dated.iter().flat_map(|flow| flow.contracts()).collect();
        assert_eq!(counts["total_count"], expected.len(), "{query}");
    }
}

async fn rollups_after_any_imports_equal_rebuilt_rollups(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut runner = runner(11);
    for _ in 0..6 {
        // The same serial numbers again and again: rows change organization, month, contract.
        let flows = prop::collection::vec(flow(), 1..40)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        import(&app, &flows).await;
        let (kept, computed, rebuilt) = app
            .running
            .state
            .db
            .write(async |conn| {
                let kept = db::list_rollups(conn).await?;
                let computed = db::compute_rollups(conn).await?;
                db::rebuild_rollups(conn).await?;
                Ok::<_, db::DbError>((kept, computed, db::list_rollups(conn).await?))
            })
            .await
            .unwrap();
        assert!(!kept.days.is_empty());
        assert_eq!(kept, computed);
        assert_eq!(kept, rebuilt);
    }
    app.stop().await;
}
