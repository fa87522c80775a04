//! Questions with the filters that their endpoints take, at random.

use chrono::NaiveDate;
use credit_portfolio::analytics::{
    AnalyticsQuery, ContractSearch, DebtGroup, Figure, RollForwardGroup,
};
use credit_portfolio::domain::{
    Currency, DateRange, DepartmentScope, Direction, IntraGroup, PortfolioFilter,
};
use rand::RngExt;
use rand::rngs::SmallRng;

use crate::support::app::{DEPARTMENT, OTHER_DEPARTMENT};

fn a_day(random: &mut SmallRng) -> NaiveDate {
    NaiveDate::from_ymd_opt(
        2024,
        random.random_range(1..=12),
        random.random_range(1..=28),
    )
    .unwrap()
}

fn a_figure(random: &mut SmallRng) -> Figure {
    match random.random_range(0..16) {
        0 => Figure::Summary,
        1 => Figure::MonthlyStats,
        2 => Figure::MonthlyEfficiency,
        3 => Figure::OrgEfficiency,
        4 => Figure::CashflowMonthly,
        5 => Figure::YearlyComparison,
        6 => Figure::DebtBalance(None),
        7 => Figure::DebtBalance(Some(DebtGroup::Contract)),
        8 => Figure::Concentration,
        9 => Figure::ContractStats,
        10 => Figure::ContractsSummary(ContractSearch::first_page(20)),
        11 => Figure::RollForward(RollForwardGroup::Month),
        12 => Figure::RollForward(RollForwardGroup::Of(DebtGroup::Organization)),
        13 => Figure::LenderStats,
        14 => Figure::QuarterlyComparison,
        _ => Figure::OrganizationStats,
    }
}

/// A question with the filters that its endpoint takes.
pub(super) fn a_query(random: &mut SmallRng) -> AnalyticsQuery {
    let figure = a_figure(random);
    let (from, to) = (a_day(random), a_day(random));
    let dates = match random.random_range(0..4) {
        0 => DateRange::ALL,
        1 => DateRange::new(Some(from), None).unwrap(),
        2 => DateRange::new(None, Some(to)).unwrap(),
        _ => DateRange::new(Some(from.min(to)), Some(from.max(to))).unwrap(),
    };
    let mut id =
        |takes: bool| (takes && random.random_bool(0.3)).then(|| random.random_range(1..=3));
    let by_account = matches!(figure, Figure::MonthlyEfficiency | Figure::CashflowMonthly);
    let by_contract = matches!(figure, Figure::DebtBalance(_) | Figure::RollForward(_));
    let filter = PortfolioFilter {
        dates,
        organization_id: id(true),
        bank_account_id: id(by_account),
        contract_id: id(by_contract),
        ..PortfolioFilter::of_department(DepartmentScope::One(DEPARTMENT), Currency::default())
    };
    // Now and then a filter of contracts, too.
    let filter = match random.random_range(0..8) {
        0 => PortfolioFilter {
            lender_id: Some(random.random_range(0..=2)),
            ..filter
        },
        1 => PortfolioFilter {
            direction: Some(Direction::Borrowed),
            ..filter
        },
        2 => PortfolioFilter {
            intra_group: IntraGroup::Exclude,
            confirmed: Some(true),
            ..filter
        },
        _ => filter,
    };
    let departments = [
        DepartmentScope::One(DEPARTMENT),
        DepartmentScope::One(OTHER_DEPARTMENT),
        DepartmentScope::All,
    ];
    let filter = PortfolioFilter {
        department: departments[random.random_range(0..3)],
        ..filter
    };
    AnalyticsQuery { figure, filter }
}
