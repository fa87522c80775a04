//! A question over a portfolio: its cache key, what it depends on, and who computes it.

use chrono::Months;
use serde_json::value::{RawValue, to_raw_value};

use super::balances::Basis;
use super::{AnalyticsError, ContractSearch, Data, DebtGroup, RollForwardGroup};
use super::{
    comparison, concentration, contracts, data_quality, debt, lenders, months, organizations,
    roll_forward, summary,
};
use crate::cache::CacheLookup;
use crate::db::DbConn;
use crate::domain::{DateRange, Dependency, Language, PortfolioFilter};

/// What is prepared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// The totals.
    Summary,
    /// Receipts and expenses by month.
    MonthlyStats,
    /// Principal and interest by month.
    MonthlyEfficiency,
    /// How organizations pay off.
    OrgEfficiency,
    /// The cash flow by month.
    CashflowMonthly,
    /// Received and paid by year.
    YearlyComparison,
    /// Received and paid by quarter.
    QuarterlyComparison,
    /// What is owed at each month's end, kept apart by the group.
    DebtBalance(Option<DebtGroup>),
    /// Shares of what is owed.
    Concentration,
    /// How the balances of a range came about.
    RollForward(RollForwardGroup),
    /// How many contracts there are.
    ContractStats,
    /// The figures of contracts.
    ContractsSummary(ContractSearch),
    /// The figures of organizations.
    OrganizationStats,
    /// The figures of lenders.
    LenderStats,
    /// What is wrong with the data of a department, with so many rows of each check at most.
    DataQuality {
        /// The department, which is also that of the filter.
        department_id: i64,
        /// Rows of each check.
        limit: i64,
        /// The language of its texts.
        language: Language,
    },
}

/// A question, and what is looked for to answer it: made once, asked often.
#[derive(Clone, Debug)]
pub struct PreparedQuery {
    /// The question.
    pub query: AnalyticsQuery,
    pub(super) lookup: CacheLookup,
    pub(super) hits: prometheus::IntCounter,
}

/// A question over the operations that a filter leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnalyticsQuery {
    /// What is prepared.
    pub figure: Figure,
    /// Over which operations.
    pub filter: PortfolioFilter,
}

/// Names the endpoint of each figure; all of them are what metrics begin with.
macro_rules! endpoints {
    ($($figure:pat => $name:literal,)+) => {
        pub(crate) const ENDPOINTS: &[&str] = &[$($name),+];

        impl Figure {
            fn endpoint(&self) -> &'static str {
                match self {
                    $($figure => $name,)+
                }
            }
        }
    };
}

endpoints! {
    Figure::Summary => "summary",
    Figure::MonthlyStats => "monthly_stats",
    Figure::MonthlyEfficiency => "monthly_efficiency",
    Figure::OrgEfficiency => "org_efficiency",
    Figure::CashflowMonthly => "cashflow_monthly",
    Figure::YearlyComparison => "yearly_comparison",
    Figure::QuarterlyComparison => "quarterly_comparison",
    Figure::DebtBalance(_) => "debt_balance",
    Figure::Concentration => "concentration",
    Figure::RollForward(_) => "roll_forward",
    Figure::ContractStats => "contract_stats",
    Figure::ContractsSummary(_) => "contracts_summary",
    Figure::OrganizationStats => "organization_stats",
    Figure::LenderStats => "lender_stats",
    Figure::DataQuality { .. } => "data_quality",
}

impl AnalyticsQuery {
    /// The endpoint's name in keys, metrics and file names.
    pub fn endpoint(&self) -> &'static str {
        self.figure.endpoint()
    }

    /// What is looked for in the cache. A currency other than the base one is part of the key.
    pub(super) fn lookup(&self, basis: &Basis) -> CacheLookup {
        CacheLookup::new(
            self.key(&basis.base_currency),
            self.filter.department,
            self.dependency(basis),
        )
    }

    fn data<T>(&self, basis: &Basis, other_currencies: Vec<String>, data: Vec<T>) -> Data<T> {
        Data {
            data,
            as_of: basis.as_of(&self.filter),
            currency: self.filter.currency.to_string(),
            other_currencies,
        }
    }

    /// Whether the answer contains balances, which also depend on everything before the range.
    pub fn is_of_balances(&self) -> bool {
        !matches!(
            self.figure,
            Figure::MonthlyStats
                | Figure::MonthlyEfficiency
                | Figure::CashflowMonthly
                | Figure::YearlyComparison
                | Figure::QuarterlyComparison
                | Figure::OrgEfficiency
        )
    }

    /// The operations that the answer is made of.
    pub(super) fn counted(&self) -> PortfolioFilter {
        match self.is_of_balances() {
            true => self
                .filter
                .over(DateRange::new(None, self.filter.dates.to()).unwrap_or_default()),
            false => self.filter.clone(),
        }
    }

    fn dependency(&self, basis: &Basis) -> Dependency {
        let dates = &self.filter.dates;
        let is_of_names = self.figure == Figure::OrgEfficiency;
        let further_dates = match self.figure {
            // What is planned after the range.
            Figure::Summary if basis.as_of(&self.filter) == basis.today => {
                DateRange::new(basis.today.succ_opt(), None).ok()
            }
            // The days before the range that growth is against: its second year is compared with
            // all of its first.
            Figure::YearlyComparison | Figure::QuarterlyComparison => {
                dates.from().and_then(|from| {
                    let first = from.checked_sub_months(Months::new(12));
                    DateRange::new(first, from.pred_opt()).ok()
                })
            }
            _ => None,
        };
        Dependency {
            dates: self.counted().dates,
            further_dates,
            organization_id: self.filter.organization_id,
            bank_account_id: self.filter.bank_account_id,
            contract_id: self.filter.contract_id,
            any_change: matches!(self.figure, Figure::DataQuality { .. }),
            reference_data: self.is_of_balances()
                || is_of_names
                || self.filter.restricts_contracts(),
        }
    }

    /// Computes the answer; `others` are the currencies that are not in its amounts.
    pub(super) async fn compute(
        &self,
        conn: &mut DbConn,
        basis: &Basis,
        others: Vec<String>,
    ) -> Result<Box<RawValue>, AnalyticsError> {
        let filter = &self.filter;
        let json = match &self.figure {
            Figure::Summary => to_raw_value(&summary::summary(conn, filter, basis, others).await?),
            Figure::MonthlyStats => {
                to_raw_value(&months::monthly_stats(conn, filter, basis).await?)
            }
            Figure::MonthlyEfficiency => to_raw_value(&self.data(
                basis,
                others,
                months::monthly_efficiency(conn, filter, basis).await?,
            )),
            Figure::OrgEfficiency => to_raw_value(&self.data(
                basis,
                others,
                organizations::org_efficiency(conn, filter).await?,
            )),
            Figure::CashflowMonthly => to_raw_value(&self.data(
                basis,
                others,
                months::cashflow_monthly(conn, filter, basis).await?,
            )),
            Figure::YearlyComparison => to_raw_value(&self.data(
                basis,
                others,
                comparison::yearly_comparison(conn, filter, basis).await?,
            )),
            Figure::QuarterlyComparison => to_raw_value(&self.data(
                basis,
                others,
                comparison::quarterly_comparison(conn, filter, basis).await?,
            )),
            Figure::DebtBalance(group) => to_raw_value(&self.data(
                basis,
                others,
                debt::debt_balance(conn, filter, basis, *group).await?,
            )),
            Figure::Concentration => {
                to_raw_value(&concentration::concentration(conn, filter, basis, others).await?)
            }
            Figure::RollForward(group) => to_raw_value(
                &roll_forward::roll_forward(conn, filter, basis, *group, others).await?,
            ),
            Figure::ContractStats => {
                to_raw_value(&summary::contract_counts(conn, filter, basis).await?)
            }
            Figure::ContractsSummary(search) => to_raw_value(
                &contracts::contracts_summary(conn, filter, basis, search, others).await?,
            ),
            Figure::OrganizationStats => to_raw_value(&self.data(
                basis,
                others,
                organizations::organization_stats(conn, filter, basis).await?,
            )),
            Figure::LenderStats => to_raw_value(&self.data(
                basis,
                others,
                lenders::lender_stats(conn, filter, basis).await?,
            )),
            Figure::DataQuality {
                department_id,
                limit,
                language,
            } => {
                let (id, limit, language) = (*department_id, *limit, *language);
                to_raw_value(
                    &data_quality::data_quality(conn, filter, id, basis, limit, language, others)
                        .await?,
                )
            }
        };
        Ok(json?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chrono::NaiveDate;

    use super::super::ContractSort;
    use super::*;
    use crate::domain::{
        ContractStatus, ContractType, Currency, DepartmentScope, Direction, IntraGroup,
    };

    fn questions() -> Vec<Figure> {
        let search = |bits: u32| {
            let is_set = |bit: u32| bits & (1 << bit) != 0;
            Figure::ContractsSummary(ContractSearch {
                search: is_set(0).then(|| "None".to_owned()),
                status: is_set(1).then_some(ContractStatus::Open),
                has_debt: is_set(2).then_some(true),
                sort: is_set(3)
                    .then(|| ContractSort::parse("-outstanding"))
                    .flatten(),
                page: if is_set(4) { 2 } else { 1 },
                limit: if is_set(5) { 100 } else { 20 },
            })
        };
        let mut questions = vec![
            Figure::Summary,
            Figure::MonthlyStats,
            Figure::MonthlyEfficiency,
            Figure::OrgEfficiency,
            Figure::CashflowMonthly,
            Figure::YearlyComparison,
            Figure::QuarterlyComparison,
            Figure::DebtBalance(None),
            Figure::DebtBalance(DebtGroup::of_name("contract")),
            Figure::DebtBalance(DebtGroup::of_name("lender")),
            Figure::Concentration,
            Figure::ContractStats,
            Figure::OrganizationStats,
            Figure::LenderStats,
            Figure::DataQuality {
                department_id: 7,
                limit: 20,
                language: Language::English,
            },
            Figure::DataQuality {
                department_id: 7,
                limit: 20,
                language: Language::Russian,
            },
        ];
        questions.extend(
            ["contract", "month"]
                .into_iter()
                .filter_map(RollForwardGroup::of_name)
                .map(Figure::RollForward),
        );
        questions.extend((0..1 << 6).map(search));
        questions
    }

    /// The filter in which those fields are set whose bits are.
    fn filter(bits: u32) -> PortfolioFilter {
        let is_set = |bit: u32| bits & (1 << bit) != 0;
        let id = |bit: u32| is_set(bit).then_some(7);
        let day = |bit: u32| is_set(bit).then_some(NaiveDate::default());
        PortfolioFilter {
            department: if is_set(0) {
                DepartmentScope::One(7)
            } else {
                DepartmentScope::All
            },
            dates: DateRange::new(day(1), day(2)).unwrap_or_default(),
            organization_id: id(3),
            bank_account_id: id(4),
            contract_id: id(5),
            currency: if is_set(6) {
                Currency::parse("USD").unwrap_or_default()
            } else {
                Currency::default()
            },
            contract_type: is_set(7).then_some(ContractType::Loan),
            lender_id: id(8),
            direction: is_set(9).then_some(Direction::Lent),
            intra_group: if is_set(10) {
                IntraGroup::Exclude
            } else {
                IntraGroup::Include
            },
            confirmed: is_set(11).then_some(true),
        }
    }

    #[test]
    fn each_question_has_a_key_of_its_own_under_each_set_of_filters() {
        let mut keys = HashMap::new();
        for question in questions() {
            for bits in 0..1 << 12 {
                let query = AnalyticsQuery {
                    figure: question.clone(),
                    filter: filter(bits),
                };
                let key = query.key(&Currency::default()).to_string();
                let other = keys.insert(key.clone(), query.clone());
                assert_eq!(other, None, "{key} is the key of {query:?} as well");
            }
        }
        assert_eq!(keys.len(), questions().len() << 12);
    }
}
