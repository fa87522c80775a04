//! Measures the figures at two sizes of the same portfolio, in one run, and prints ratios.
//!
//! `bench/run` makes the databases: `SMALL_URL` and `LARGE_URL` name them, `LARGE` says how many
//! operations the large one holds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::{Duration, Instant};

use credit_portfolio::analytics::{
    Analytics, AnalyticsQuery, ContractSearch, DebtGroup, Figure, RollForwardGroup,
};
use credit_portfolio::cache::{Cache, NAMESPACE};
use credit_portfolio::config::{CacheSettings, DatabaseSettings, DatabaseUrl};
use credit_portfolio::db::{Db, Reads};
use credit_portfolio::domain::{
    Clock, Currency, DateRange, DepartmentScope, Language, PortfolioFilter,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

const REPEATS: usize = 101;
const DIRECT_REPEATS: usize = 5;

struct Portfolio {
    analytics: Analytics,
    cache: Cache,
}

fn figures() -> [(&'static str, Figure); 15] {
    let first_page = ContractSearch::first_page(20);
    [
        ("summary", Figure::Summary),
        ("monthly-stats", Figure::MonthlyStats),
        ("monthly-efficiency", Figure::MonthlyEfficiency),
        ("org-efficiency", Figure::OrgEfficiency),
        ("cashflow-monthly", Figure::CashflowMonthly),
        ("yearly-comparison", Figure::YearlyComparison),
        ("quarterly-comparison", Figure::QuarterlyComparison),
        ("contract-stats", Figure::ContractStats),
        (
            "contracts/stats/summary",
            Figure::ContractsSummary(first_page),
        ),
        ("organization-stats", Figure::OrganizationStats),
        ("debt-balance", Figure::DebtBalance(None)),
        (
            "debt-balance by contract",
            Figure::DebtBalance(Some(DebtGroup::Contract)),
        ),
        ("concentration", Figure::Concentration),
        (
            "data-quality",
            Figure::DataQuality {
                department_id: 8,
                limit: 20,
                language: Language::English,
            },
        ),
        (
            "roll-forward",
            Figure::RollForward(RollForwardGroup::Of(DebtGroup::Contract)),
        ),
    ]
}

impl Portfolio {
    async fn open(url: &str) -> Portfolio {
        let timeout = Duration::from_secs(30);
        let settings = DatabaseSettings {
            pool_size: 2,
            timeout,
            ..DatabaseSettings::of(DatabaseUrl::parse(url).unwrap())
        };
        let db = Db::open(&settings, true).await.unwrap();
        let cache = CacheSettings {
            ttl: Duration::from_secs(300),
            memory_bytes: 64 << 20,
            lease: Duration::from_secs(3600),
            stale_if_error: Duration::ZERO,
            is_scoped: true,
            redis: None,
            clock: Clock::default(),
        };
        let cache = Cache::open(&cache).await.unwrap();
        let analytics = Analytics::new(
            (Reads::of_primary(db.clone()), db),
            cache.clone(),
            Currency::default(),
            Vec::new().into(),
        );
        analytics.look_for_changes().await.unwrap();
        Portfolio { analytics, cache }
    }

    /// The time of one miss.
    async fn miss(&self, figure: &Figure, dates: DateRange) -> Duration {
        let department = DepartmentScope::One(8);
        let filter = PortfolioFilter::of_department(department, Currency::default()).over(dates);
        let query = AnalyticsQuery {
            figure: figure.clone(),
            filter,
        };
        self.cache.invalidate_namespace(NAMESPACE).await;
        let started = Instant::now();
        self.analytics.answer(&query).await.unwrap();
        started.elapsed()
    }
}

/// The median times of two kinds of misses, taken in turns: what slows the machine slows both.
async fn in_turns(
    figure: &Figure,
    one: (&Portfolio, DateRange),
    other: (&Portfolio, DateRange),
) -> [Duration; 2] {
    let (mut times, mut others) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        times.push(one.0.miss(figure, one.1).await);
        others.push(other.0.miss(figure, other.1).await);
    }
    [median(times), median(others)]
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn range(from: &str, to: &str) -> DateRange {
    DateRange::new(Some(from.parse().unwrap()), Some(to.parse().unwrap())).unwrap()
}

/// The summary's sums, computed over the rows.
const DIRECT: &str = "SELECT
    (SELECT SUM(amount) FROM receipts WHERE department_id = 8 AND is_active AND currency = 'RUB'),
    (SELECT SUM(amount) FROM expenses WHERE department_id = 8 AND is_active AND currency = 'RUB'),
    (SELECT SUM(d.amount) FROM expense_details d JOIN expenses e ON e.department_id = d.department_id
        AND e.operation_id = d.expense_operation_id
     WHERE d.department_id = 8 AND e.is_active AND e.currency = 'RUB' AND d.payment_type = 'Погашение долга')";

async fn direct(url: &str) -> Duration {
    let mut conn = AsyncPgConnection::establish(url).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..DIRECT_REPEATS {
        let started = Instant::now();
        diesel::sql_query(DIRECT).execute(&mut conn).await.unwrap();
        times.push(started.elapsed());
    }
    median(times)
}

fn main() {
    actix_rt::System::new().block_on(async {
        let [small_url, large_url] = ["SMALL_URL", "LARGE_URL"].map(|name| std::env::var(name).expect(name));
        let (small, large) = (Portfolio::open(&small_url).await, Portfolio::open(&large_url).await);
        let count = std::env::var("LARGE").expect("LARGE");
        println!("| miss, no dates | 50,000 operations | {count} operations | ratio |\n| --- | --- | --- | --- |");
        for (name, figure) in &figures() {
            let [at_small, at_large] = in_turns(figure, (&small, DateRange::ALL), (&large, DateRange::ALL)).await;
            println!(
                "| {name} | {:.2} ms | {:.2} ms | {:.2} |",
                ms(at_small),
                ms(at_large),
                ms(at_large) / ms(at_small)
            );
        }
        println!("\n| miss at {count} | whole months | cutting two months | ratio |\n| --- | --- | --- | --- |");
        for (name, figure) in &figures() {
            let (uncut, cutting) = (range("2022-03-01", "2024-10-31"), range("2022-03-11", "2024-10-20"));
            let [whole, cut] = in_turns(figure, (&large, uncut), (&large, cutting)).await;
            println!("| {name} | {:.2} ms | {:.2} ms | {:.2} |", ms(whole), ms(cut), ms(cut) / ms(whole));
        }
        let rows = direct(&large_url).await;
        let [rollups, _] = in_turns(&Figure::Summary, (&large, DateRange::ALL), (&small, DateRange::ALL)).await;
        println!("\n| the summary at {count} | time |\n| --- | --- |");
        println!("| by SQL over the rows | {:.0} ms |\n| a miss here | {:.2} ms |", ms(rows), ms(rollups));
        println!("| ratio | {:.0} |", ms(rows) / ms(rollups));
    });
}
