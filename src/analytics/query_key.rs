//! The key under which the answer to a question is cached.

use super::query::{AnalyticsQuery, Figure};
use super::{ContractSearch, ContractSort, DebtGroup};
use crate::cache::CacheKey;
use crate::domain::{
    ContractStatus, ContractType, Currency, Direction, IntraGroup, Language, PortfolioFilter,
};

/// The filters that stand in a key at a place of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Placed {
    Organization,
    BankAccount,
    Contract,
}

impl AnalyticsQuery {
    /// `endpoint|department|from|to`, the filters that have a place in this endpoint's key, a
    /// currency other than the base one, what the question itself says; then every other filter
    /// that is set, as `name=value`.
    pub(super) fn key(&self, base_currency: &Currency) -> CacheKey {
        // Every field is named: one that is added has to be put into the key.
        let PortfolioFilter {
            department,
            dates,
            organization_id,
            bank_account_id,
            contract_id,
            currency,
            contract_type,
            lender_id,
            direction,
            intra_group,
            confirmed,
        } = &self.filter;
        let placed: &[Placed] = match self.figure {
            Figure::MonthlyEfficiency | Figure::CashflowMonthly => {
                &[Placed::Organization, Placed::BankAccount]
            }
            Figure::OrgEfficiency
            | Figure::YearlyComparison
            | Figure::QuarterlyComparison
            | Figure::ContractsSummary(_) => &[Placed::Organization],
            Figure::DebtBalance(_) => &[Placed::Organization, Placed::Contract],
            _ => &[],
        };
        let ids = [
            (Placed::Organization, "organization_id", *organization_id),
            (Placed::BankAccount, "bank_account_id", *bank_account_id),
            (Placed::Contract, "contract_id", *contract_id),
        ];
        let key = CacheKey::new(self.endpoint())
            .part(department)
            .optional_part(dates.from())
            .optional_part(dates.to());
        let key = ids
            .iter()
            .filter(|(id, ..)| placed.contains(id))
            .fold(key, |key, (.., value)| key.optional_part(*value));
        let key = if currency == base_currency {
            key
        } else {
            key.part(currency)
        };
        let key = match &self.figure {
            Figure::DebtBalance(group) => key.optional_part(group.map(DebtGroup::as_str)),
            Figure::RollForward(group) => key.part(group.as_str()),
            Figure::DataQuality {
                department_id: _,
                limit,
                language,
            } => key.part(limit).named_part(
                "lang",
                Some("ru").filter(|_| *language == Language::Russian),
            ),
            Figure::ContractsSummary(search) => {
                let ContractSearch {
                    search,
                    status,
                    has_debt,
                    sort,
                    page,
                    limit,
                } = search;
                key.optional_part(search.as_ref())
                    .part(page)
                    .part(limit)
                    .named_part("status", status.map(ContractStatus::as_str))
                    .named_part("has_debt", *has_debt)
                    .named_part("sort", sort.map(ContractSort::name))
            }
            _ => key,
        };
        let key = ids
            .iter()
            .filter(|(id, ..)| !placed.contains(id))
            .fold(key, |key, (_, name, value)| key.named_part(name, *value));
        key.named_part("contract_type", contract_type.map(ContractType::as_str))
            .named_part("lender_id", *lender_id)
            .named_part("direction", direction.map(Direction::as_str))
            .named_part(
                "intra_group",
                Some(intra_group.as_str()).filter(|_| *intra_group != IntraGroup::Include),
            )
            .named_part("confirmed", *confirmed)
    }
}
