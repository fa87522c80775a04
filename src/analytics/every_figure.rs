//! Every figure of a database at once: what two databases are compared by.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    AnalyticsError, AnalyticsQuery, Basis, ContractSearch, DebtGroup, Figure, RollForwardGroup,
};
use crate::db::{self, DbConn};
use crate::domain::{Currency, DepartmentScope, Language, PortfolioFilter};

/// So many contracts a page holds: all of a holding's.
const ALL_CONTRACTS: i64 = 50_000;

/// Returns the answer to every question about a department, or all together, that has no filter but a
/// currency: each by a name for people.
///
/// # Errors
/// [`AnalyticsError`] when the database can't answer.
pub(crate) async fn every_figure(
    conn: &mut DbConn,
    department: DepartmentScope,
    basis: &Basis,
) -> Result<BTreeMap<String, Value>, AnalyticsError> {
    let all = |currency: Currency| PortfolioFilter::of_department(department, currency);
    let base = all(basis.base_currency.clone());
    let mut currencies = db::other_currencies(conn, &base).await?;
    currencies.push(basis.base_currency.clone());
    let mut answers = BTreeMap::new();
    for currency in currencies {
        for figure in figures(department) {
            let query = AnalyticsQuery {
                figure,
                filter: all(currency.clone()),
            };
            let others = db::other_currencies(conn, &query.counted()).await?;
            let others = others.iter().map(ToString::to_string).collect();
            let answer = query.compute(conn, basis, others).await?;
            let answer = serde_json::from_str(answer.get())?;
            answers.insert(format!("{:?}, {currency}", query.figure), answer);
        }
    }
    Ok(answers)
}

fn figures(department: DepartmentScope) -> Vec<Figure> {
    let groups = [
        DebtGroup::Contract,
        DebtGroup::Organization,
        DebtGroup::Lender,
    ];
    let mut figures = vec![
        Figure::Summary,
        Figure::MonthlyStats,
        Figure::MonthlyEfficiency,
        Figure::OrgEfficiency,
        Figure::CashflowMonthly,
        Figure::YearlyComparison,
        Figure::QuarterlyComparison,
        Figure::DebtBalance(None),
        Figure::Concentration,
        Figure::ContractStats,
        Figure::ContractsSummary(ContractSearch::first_page(ALL_CONTRACTS)),
        Figure::OrganizationStats,
        Figure::LenderStats,
        Figure::RollForward(RollForwardGroup::Month),
    ];
    if let Some(department_id) = department.id() {
        figures.push(Figure::DataQuality {
            department_id,
            limit: 20,
            language: Language::English,
        });
    }
    for group in groups {
        figures.push(Figure::DebtBalance(Some(group)));
        figures.push(Figure::RollForward(RollForwardGroup::Of(group)));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of a kind of question; a new kind does not compile until it has one.
    fn place(figure: &Figure) -> usize {
        match figure {
            Figure::Summary => 0,
            Figure::MonthlyStats => 1,
            Figure::MonthlyEfficiency => 2,
            Figure::OrgEfficiency => 3,
            Figure::CashflowMonthly => 4,
            Figure::YearlyComparison => 5,
            Figure::QuarterlyComparison => 6,
            Figure::DebtBalance(_) => 7,
            Figure::Concentration => 8,
            Figure::RollForward(_) => 9,
            Figure::ContractStats => 10,
            Figure::ContractsSummary(_) => 11,
            Figure::OrganizationStats => 12,
            Figure::LenderStats => 13,
            Figure::DataQuality { .. } => 14,
        }
    }

    #[test]
    fn no_kind_of_question_is_left_out() {
        let mut places: Vec<usize> = figures(DepartmentScope::One(8)).iter().map(place).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places, (0..15).collect::<Vec<_>>());
    }
}
