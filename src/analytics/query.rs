//! A question over a portfolio: its cache key, what it depends on, and who computes it.

use serde_json::value::{RawValue, to_raw_value};

use super::{AnalyticsError, ContractSearch, DebtGroup, contract_counts};
use super::{contracts, debt, months, organizations, summary, years};
use crate::cache::{CacheKey, Wanted};
use crate::db::DbConn;
use crate::domain::{Currency, DateRange, Dependency, PortfolioFilter};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
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
    /// What is owed at each month's end, kept apart by the group.
    DebtBalance(Option<DebtGroup>),
    /// Shares of what is owed.
    Concentration,
    /// How many contracts there are.
    ContractStats,
    /// The figures of contracts.
    ContractsSummary(ContractSearch),
    /// The figures of organizations.
    OrganizationStats,
}

/// A question, and what is looked for to answer it: made once, asked often.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The question.
    pub query: Query,
    pub(super) wanted: Wanted,
    pub(super) hits: prometheus::IntCounter,
}

/// A question over the operations that a filter leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// What is asked.
    pub question: Question,
    /// Over which operations.
    pub filter: PortfolioFilter,
}

impl Query {
    /// The endpoint's name in keys, metrics and file names.
    pub fn endpoint(&self) -> &'static str {
        match self.question {
            Question::Summary => "summary",
            Question::MonthlyStats => "monthly_stats",
            Question::MonthlyEfficiency => "monthly_efficiency",
            Question::OrgEfficiency => "org_efficiency",
            Question::CashflowMonthly => "cashflow_monthly",
            Question::YearlyComparison => "yearly_comparison",
            Question::DebtBalance(_) => "debt_balance",
            Question::Concentration => "concentration",
            Question::ContractStats => "contract_stats",
            Question::ContractsSummary(_) => "contracts_summary",
            Question::OrganizationStats => "organization_stats",
        }
    }

    /// What is looked for in the cache. A currency other than the base one is part of the key.
    pub(super) fn wanted(&self, base_currency: &Currency) -> Wanted {
        Wanted::new(self.key(base_currency), self.filter.department, self.dependency())
    }

    fn key(&self, base_currency: &Currency) -> CacheKey {
        let PortfolioFilter { department, dates, organization_id, bank_account_id, contract_id, currency } =
            &self.filter;
        let ids: &[Option<i64>] = match self.question {
            Question::MonthlyEfficiency | Question::CashflowMonthly => &[*organization_id, *bank_account_id],
            Question::OrgEfficiency | Question::YearlyComparison | Question::ContractsSummary(_) => &[*organization_id],
            Question::DebtBalance(_) => &[*organization_id, *contract_id],
            _ => &[],
        };
        let key = CacheKey::new(self.endpoint()).part(department).optional_part(dates.from()).optional_part(dates.to());
        let key = ids.iter().copied().fold(key, CacheKey::optional_part);
        let key = if currency == base_currency { key } else { key.part(currency) };
        match &self.question {
            Question::DebtBalance(group) => key.optional_part(group.map(DebtGroup::as_str)),
            Question::ContractsSummary(asked) => {
                key.optional_part(asked.search.as_ref()).part(asked.page).part(asked.limit)
            }
            _ => key,
        }
    }

    fn dependency(&self) -> Dependency {
        let (is_balance, reference_data) = match self.question {
            Question::MonthlyStats
            | Question::MonthlyEfficiency
            | Question::CashflowMonthly
            | Question::YearlyComparison => (false, false),
            Question::DebtBalance(group) => (true, group.is_some()),
            Question::Concentration => (true, true),
            _ => (false, true),
        };
        let until = DateRange::new(None, self.filter.dates.to()).unwrap_or_default();
        Dependency {
            // A balance is made of everything before it as well.
            dates: if is_balance { until } else { self.filter.dates },
            organization_id: self.filter.organization_id,
            bank_account_id: self.filter.bank_account_id,
            contract_id: self.filter.contract_id,
            reference_data,
        }
    }

    pub(super) async fn compute(&self, conn: &mut DbConn) -> Result<Box<RawValue>, AnalyticsError> {
        let filter = &self.filter;
        let json = match &self.question {
            Question::Summary => to_raw_value(&summary::summary(conn, filter).await?),
            Question::MonthlyStats => to_raw_value(&months::monthly_stats(conn, filter).await?),
            Question::MonthlyEfficiency => to_raw_value(&months::monthly_efficiency(conn, filter).await?),
            Question::OrgEfficiency => to_raw_value(&organizations::org_efficiency(conn, filter).await?),
            Question::CashflowMonthly => to_raw_value(&months::cashflow_monthly(conn, filter).await?),
            Question::YearlyComparison => to_raw_value(&years::yearly_comparison(conn, filter).await?),
            Question::DebtBalance(group) => to_raw_value(&debt::debt_balance(conn, filter, *group).await?),
            Question::Concentration => to_raw_value(&debt::concentration(conn, filter).await?),
            Question::ContractStats => to_raw_value(&contract_counts(conn, filter).await?),
            Question::ContractsSummary(asked) => {
                to_raw_value(&contracts::contracts_summary(conn, filter, asked).await?)
            }
            Question::OrganizationStats => to_raw_value(&organizations::organization_stats(conn, filter).await?),
        };
        Ok(json?)
    }
}
