//! Laws of what is owed, over random portfolios that hold every situation: each figure equals an
//! independent row-by-row reading, opening and flows give closing, every endpoint gives the same
//! debt, and the parts of a figure add up to it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;

use crate::support::app::{Backend, TODAY, TestApp};
use crate::support::random_operations::runner;
use crate::support::random_portfolio::{
    self, CONTRACTS, Contract, ORGANIZATIONS, Portfolio, Random, import, moved, natures,
};
use crate::support::workbooks::kopecks;
use crate::support::{from_environment, on_both_databases};

on_both_databases!(
    what_is_owed_equals_a_row_by_row_reading,
    opening_and_flows_give_closing_and_ranges_meet,
    the_parts_of_a_figure_add_up_to_it,
);

fn portfolio(seed: u8, size: usize) -> Portfolio {
    random_portfolio::portfolio(size)
        .new_tree(&mut runner(seed))
        .unwrap()
        .current()
}

fn today() -> NaiveDate {
    TODAY.parse().unwrap()
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer.get("data").unwrap_or(answer).as_array().unwrap()
}

fn sum(answer: &Value, field: &str) -> i64 {
    rows(answer).iter().map(|row| kopecks(&row[field])).sum()
}

fn number_of(spelling: &str) -> usize {
    spelling
        .trim_start_matches("Договор № ")
        .split(' ')
        .next()
        .unwrap()
        .parse::<usize>()
        .unwrap()
        - 1
}

/// A filter as the query has it, and as the reading has it.
#[derive(Clone, Debug)]
struct Filter {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    organization: Option<usize>,
    is_lent: bool,
    in_dollars: bool,
    confirmed: Option<bool>,
}

fn filter() -> impl Strategy<Value = Filter> {
    let day =
        || {
            prop::option::of((0_u64..700).prop_map(|day| {
                NaiveDate::from_ymd_opt(2025, 6, 1).unwrap() + chrono::Days::new(day)
            }))
        };
    let confirmed = prop_oneof![3 => Just(None), 1 => Just(Some(true))];
    (
        day(),
        day(),
        prop::option::of(0_usize..2),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.3),
        confirmed,
    )
        .prop_map(|(from, to, organization, is_lent, in_dollars, confirmed)| {
            let (from, to) = match (from, to) {
                (Some(from), Some(to)) => (Some(from.min(to)), Some(from.max(to))),
                other => other,
            };
            Filter {
                from,
                to,
                organization,
                is_lent,
                in_dollars,
                confirmed,
            }
        })
}

impl Filter {
    fn query(&self, organizations: &BTreeMap<usize, i64>) -> String {
        let mut query = "department_id=8".to_owned();
        let mut add = |name: &str, value: Option<String>| {
            query += &value
                .map(|value| format!("&{name}={value}"))
                .unwrap_or_default();
        };
        add("date_from", self.from.map(|day| day.to_string()));
        add("date_to", self.to.map(|day| day.to_string()));
        add(
            "organization_id",
            self.organization
                .and_then(|at| organizations.get(&at))
                .map(ToString::to_string),
        );
        add("direction", self.is_lent.then(|| "lent".to_owned()));
        add("currency", self.in_dollars.then(|| "USD".to_owned()));
        add(
            "confirmed",
            self.confirmed.map(|confirmed| confirmed.to_string()),
        );
        query
    }

    fn as_of(&self) -> NaiveDate {
        self.to.map_or(today(), |to| to.min(today()))
    }

    fn is_of_organization(&self, contract: &Contract) -> bool {
        self.organization.is_none_or(|at| at == contract.0)
    }

    /// The balances at the end of a day, by an independent reading.
    fn balances(&self, portfolio: &Portfolio, day: NaiveDate) -> BTreeMap<Contract, [i64; 3]> {
        let natures = natures(&portfolio.operations);
        let is_counted = |operation: &Random| {
            self.confirmed
                .is_none_or(|confirmed| operation.is_confirmed == confirmed)
        };
        let mut balances = moved(portfolio, &natures, day, is_counted);
        balances.retain(|contract, _| {
            let nature = natures[contract];
            self.is_of_organization(contract)
                && nature.is_lent == self.is_lent
                && (nature.currency == "USD") == self.in_dollars
        });
        balances
    }
}

async fn organization_ids(app: &TestApp) -> BTreeMap<usize, i64> {
    let all = app.get("organizations?department_id=8").await.ok();
    let place = |row: &Value| ORGANIZATIONS.iter().position(|name| row["name"] == *name);
    rows(&all)
        .iter()
        .filter_map(|row| Some((place(row)?, row["id"].as_i64()?)))
        .collect()
}

async fn what_is_owed_equals_a_row_by_row_reading(backend: Backend) {
    let app = TestApp::start(backend).await;
    let portfolio = portfolio(21, 120);
    import(&app, &portfolio).await;
    let organizations = organization_ids(&app).await;
    let mut runner = runner(22);
    for _ in 0..from_environment("BALANCE_FILTERS", 14) {
        let filter = filter().new_tree(&mut runner).unwrap().current();
        let query = filter.query(&organizations);
        let owed = filter.balances(&portfolio, filter.as_of());
        let balance = |sums: &[i64; 3]| sums[0] - sums[1];
        let debt: i64 = owed.values().map(balance).filter(|owed| *owed > 0).sum();
        let overpaid: i64 = -owed
            .values()
            .map(balance)
            .filter(|owed| *owed < 0)
            .sum::<i64>();

        let summary = app.get(&format!("summary?{query}")).await.ok();
        assert_eq!(summary["as_of"], filter.as_of().to_string(), "{query}");
        let served = ["debt", "overpaid", "debt_unconfirmed"].map(|name| kopecks(&summary[name]));
        assert_eq!(
            served,
            [debt, overpaid, owed.values().map(|sums| sums[2]).sum()],
            "{query}: {owed:?}"
        );

        let contracts = app
            .get(&format!("contracts/stats/summary?{query}&limit=100"))
            .await
            .ok();
        let served: BTreeMap<Contract, i64> = rows(&contracts)
            .iter()
            .map(|row| {
                let organization = ORGANIZATIONS
                    .iter()
                    .position(|name| row["organization"] == *name)
                    .unwrap();
                (
                    (
                        organization,
                        number_of(row["contractNumber"].as_str().unwrap()),
                    ),
                    kopecks(&row["outstanding"]),
                )
            })
            .filter(|(_, owed)| *owed != 0)
            .collect();
        let expected: BTreeMap<Contract, i64> = owed
            .iter()
            .map(|(contract, sums)| (*contract, balance(sums)))
            .filter(|(_, owed)| *owed != 0)
            .collect();
        assert_eq!(served, expected, "{query}");
        assert!(rows(&contracts).len() <= CONTRACTS * ORGANIZATIONS.len());

        for path in [
            "organization-stats",
            "lender-stats",
            "analytics/debt-balance",
            "analytics/debt-balance?group_by=lender",
        ] {
            let join = if path.contains('?') { '&' } else { '?' };
            let answer = app.get(&format!("{path}{join}{query}")).await.ok();
            let last = filter.as_of().format("%Y-%m").to_string();
            let shown = |row: &&Value| row.get("month").is_none_or(|month| *month == last.as_str());
            let is_before_range = filter.from.is_some_and(|from| from > filter.as_of())
                && path.contains("debt-balance");
            let total: i64 = rows(&answer)
                .iter()
                .filter(shown)
                .map(|row| kopecks(&row["outstanding"]))
                .sum();
            assert_eq!(
                total,
                if is_before_range { 0 } else { debt },
                "{path} {query}"
            );
        }
        let concentration = app
            .get(&format!("analytics/concentration?{query}"))
            .await
            .ok();
        assert_eq!(
            kopecks(&concentration["total_outstanding"]),
            debt,
            "{query}"
        );
        for part in ["by_counterparty", "by_contract"] {
            assert_eq!(
                sum(&concentration[part], "outstanding"),
                debt,
                "{part} {query}"
            );
            let shares = sum(&concentration[part], "share");
            assert_eq!(shares, if debt > 0 { 100_00 } else { 0 }, "{part} {query}");
        }
    }
    app.stop().await;
}

async fn opening_and_flows_give_closing_and_ranges_meet(backend: Backend) {
    let app = TestApp::start(backend).await;
    let portfolio = portfolio(31, 120);
    import(&app, &portfolio).await;
    let organizations = organization_ids(&app).await;
    let mut runner = runner(32);
    for _ in 0..from_environment("BALANCE_FILTERS", 14) {
        let filter = filter().new_tree(&mut runner).unwrap().current();
        let query = filter.query(&organizations);
        let mut closings = Vec::new();
        for group in ["contract", "organization", "lender", "month"] {
            let answer = app
                .get(&format!("analytics/roll-forward?{query}&group_by={group}"))
                .await
                .ok();
            for row in rows(&answer).iter().chain([&answer["total"]]) {
                let [opening, drawn, repaid, adjustments, closing] =
                    ["opening", "drawn", "repaid", "adjustments", "closing"]
                        .map(|name| kopecks(&row[name]));
                assert_eq!(
                    opening + drawn - repaid + adjustments,
                    closing,
                    "{group} {query}: {row}"
                );
            }
            let total = kopecks(&answer["total"]["closing"]);
            assert_eq!(
                kopecks(&answer["debt"]) - kopecks(&answer["overpaid"]),
                total,
                "{query}"
            );
            match group {
                "month" => {
                    let all = rows(&answer);
                    assert!(
                        all.windows(2)
                            .all(|pair| pair[0]["closing"] == pair[1]["opening"]),
                        "{query}"
                    );
                    assert_eq!(
                        all.last().map_or(total, |row| kopecks(&row["closing"])),
                        total,
                        "{query}"
                    );
                }
                _ => assert_eq!(sum(&answer, "closing"), total, "{group} {query}"),
            }
            let owed = filter.balances(&portfolio, filter.as_of());
            assert_eq!(
                total,
                owed.values().map(|sums| sums[0] - sums[1]).sum::<i64>(),
                "{query}"
            );
            closings.push(total);
        }
        // The range that begins on the next day opens with this one's closing.
        if let Some(next) = filter.to.and_then(|to| to.succ_opt()) {
            let next = Filter {
                from: Some(next),
                to: None,
                ..filter.clone()
            };
            let answer = app
                .get(&format!(
                    "analytics/roll-forward?{}",
                    next.query(&organizations)
                ))
                .await
                .ok();
            assert_eq!(kopecks(&answer["total"]["opening"]), closings[0], "{query}");
        }
    }
    app.stop().await;
}

async fn the_parts_of_a_figure_add_up_to_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let portfolio = portfolio(41, 120);
    import(&app, &portfolio).await;
    let organizations = organization_ids(&app).await;
    let mut runner = runner(42);
    for _ in 0..from_environment("BALANCE_FILTERS", 14) {
        let filter = filter().new_tree(&mut runner).unwrap().current();
        let query = filter.query(&organizations);
        let summary = app.get(&format!("summary?{query}")).await.ok();
        let roll_forward = app
            .get(&format!("analytics/roll-forward?{query}"))
            .await
            .ok();
        let total = &roll_forward["total"];
        let overpaid = -kopecks(&summary["overpaid"]);
        for (measure, figure) in [
            ("receipts", kopecks(&summary["total_receipts"])),
            ("expenses", kopecks(&summary["total_expenses"])),
            ("principal", kopecks(&summary["total_principal"])),
            ("interest", kopecks(&summary["total_interest"])),
            ("given", kopecks(&summary["given"])),
            ("returned", kopecks(&summary["returned"])),
            ("other", kopecks(&summary["other"])),
            ("commission", kopecks(&summary["commission"])),
            ("unconfirmed", kopecks(&summary["unconfirmed"])),
            ("drawn", kopecks(&total["drawn"])),
            ("repaid", kopecks(&total["repaid"])),
            ("adjustments", kopecks(&total["adjustments"])),
            ("contract_interest", kopecks(&total["interest"])),
            ("contract_other", kopecks(&total["other"])),
            ("balance", kopecks(&total["closing"])),
            ("debt", kopecks(&summary["debt"])),
            ("overpaid", overpaid),
            ("debt_unconfirmed", kopecks(&summary["debt_unconfirmed"])),
            ("planned", summary.get("planned").map_or(0, kopecks)),
        ] {
            let parts = app
                .get(&format!(
                    "operations/parts?{query}&measure={measure}&limit=1000"
                ))
                .await
                .ok();
            assert_eq!(kopecks(&parts["total"]), figure, "{measure} {query}");
            assert_eq!(sum(&parts, "amount"), figure, "{measure} {query}");
            assert_eq!(parts["count"], rows(&parts).len(), "{measure} {query}");
        }
    }
    app.stop().await;
}
