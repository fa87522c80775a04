//! Contract by contract.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Balances, Basis, ContractBalance, is_shown};
use crate::db::{self, DbConn, DbError, FlowGroup};
use crate::domain::{ContractStatus, Direction, FlowSums, Money, PortfolioFilter};

/// Which contracts of the summary are asked for, and in which order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContractSearch {
    /// A part of number, organization or counterparty, in any letter case.
    pub search: Option<String>,
    /// Of one status at `as_of`.
    pub status: Option<ContractStatus>,
    /// With a positive balance at `as_of`, or without one.
    pub has_debt: Option<bool>,
    /// The order; without one, largest totalPaid first.
    pub sort: Option<ContractSort>,
    /// From 1.
    pub page: i64,
    /// Contracts a page.
    pub limit: i64,
}

/// What contracts are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContractSort {
    /// The column.
    pub column: ContractColumn,
    /// Largest first.
    pub is_descending: bool,
}

/// A column that contracts can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the column of that name")]
pub enum ContractColumn {
    ContractNumber,
    ContractType,
    Counterparty,
    Organization,
    Direction,
    Status,
    Received,
    TotalPaid,
    Principal,
    Interest,
    Outstanding,
    LastPayment,
}

impl ContractSort {
    /// The names of the columns, as `sort` takes them; with `-` in front, largest first.
    pub const COLUMNS: [(&'static str, ContractColumn); 12] = [
        ("contractNumber", ContractColumn::ContractNumber),
        ("contractType", ContractColumn::ContractType),
        ("counterparty", ContractColumn::Counterparty),
        ("organization", ContractColumn::Organization),
        ("direction", ContractColumn::Direction),
        ("status", ContractColumn::Status),
        ("received", ContractColumn::Received),
        ("totalPaid", ContractColumn::TotalPaid),
        ("principal", ContractColumn::Principal),
        ("interest", ContractColumn::Interest),
        ("outstanding", ContractColumn::Outstanding),
        ("lastPayment", ContractColumn::LastPayment),
    ];

    /// Reads `column` or `-column`.
    pub fn parse(text: &str) -> Option<ContractSort> {
        let (name, is_descending) = text
            .strip_prefix('-')
            .map_or((text, false), |name| (name, true));
        let (_, column) = Self::COLUMNS.iter().find(|(known, _)| *known == name)?;
        Some(ContractSort {
            column: *column,
            is_descending,
        })
    }

    /// As `sort` and the cache key have it.
    pub fn name(self) -> String {
        let name = Self::COLUMNS
            .iter()
            .find(|(_, column)| *column == self.column)
            .map_or("", |(name, _)| name);
        format!("{}{name}", if self.is_descending { "-" } else { "" })
    }
}

/// A page of contracts.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct ContractsSummary {
    pub(crate) data: Vec<ContractSummary>,
    pub(crate) pagination: Pagination,
    /// The day whose end the balances belong to.
    pub(crate) as_of: NaiveDate,
    /// The currency of the flows, and of the balances that are shown.
    pub(crate) currency: String,
    /// Currencies among the operations and contracts whose amounts are not in them.
    pub(crate) other_currencies: Vec<String>,
}

/// The figures of a contract.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractSummary {
    #[serde(rename = "contract_id")]
    pub(crate) contract_id: i64,
    pub(crate) contract_number: String,
    pub(crate) contract_type: Option<String>,
    #[serde(rename = "lender_id")]
    pub(crate) lender_id: Option<i64>,
    pub(crate) counterparty: Option<String>,
    #[serde(rename = "organization_id")]
    pub(crate) organization_id: i64,
    pub(crate) organization: String,
    /// `borrowed` or `lent`; absent when nothing says which: it counts as borrowed.
    pub(crate) direction: Option<String>,
    #[serde(rename = "is_intra_group")]
    pub(crate) is_intra_group: bool,
    /// `undrawn`, `open`, `repaid` or `overpaid` at `as_of`.
    pub(crate) status: Cow<'static, str>,
    #[serde(rename = "is_active")]
    pub(crate) is_active: bool,
    /// The currency of what is owed.
    pub(crate) currency: Option<String>,
    pub(crate) received: Money,
    /// What its details name, and what the details of its expenses leave.
    pub(crate) total_paid: Money,
    pub(crate) principal: Money,
    pub(crate) interest: Money,
    /// Paid out as loans given.
    pub(crate) given: Money,
    /// Paid for anything else.
    pub(crate) other: Money,
    /// The commission that receipts name.
    pub(crate) commission: Money,
    /// Expenses that the bank has not confirmed.
    pub(crate) unconfirmed: Money,
    /// The balance at the end of the day before `date_from`. This and the next four are zero for a
    /// contract in another currency, and for a loan given unless `direction=lent`.
    pub(crate) opening: Money,
    /// Drawn since.
    pub(crate) drawn: Money,
    /// Repaid since.
    pub(crate) repaid: Money,
    /// Adjustments since.
    pub(crate) adjustments: Money,
    /// The balance at `as_of`: below zero when more was repaid than drawn.
    pub(crate) outstanding: Money,
    /// What is owed to us on a loan given.
    #[serde(rename = "owed_to_us")]
    pub(crate) owed_to_us: Money,
    /// Receipts and payments.
    pub(crate) operations_count: i64,
    pub(crate) last_payment: Option<NaiveDate>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Pagination {
    pub(crate) page: i64,
    pub(crate) limit: i64,
    pub(crate) total: i64,
    pub(crate) pages: i64,
}

/// Returns the figures of the contracts that match. With dates, those with an operation in the
/// range or with an opening or closing balance.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn contracts_summary(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    search: &ContractSearch,
    other_currencies: Vec<String>,
) -> Result<ContractsSummary, DbError> {
    let Balances { as_of, contracts } = Balances::load(conn, filter, basis).await?;
    let flows = db::flows_by(conn, filter, FlowGroup::Contract).await?;
    let is_found = search.finder(filter, basis);
    let mut rows: Vec<(ContractBalance, FlowSums)> = contracts
        .into_iter()
        .filter(|(_, contract)| is_found(contract))
        .map(|(id, contract)| (contract, flows.get(&id).copied()))
        .filter(|(contract, flow)| {
            let balances = [contract.opening, contract.closing()];
            filter.dates.is_all()
                || flow.is_some_and(|flow| flow.receipt_count + flow.payment_count > 0)
                || balances.iter().any(|balance| *balance != Money::ZERO)
        })
        .map(|(contract, flow)| (contract, flow.unwrap_or_default()))
        .collect();
    let shown = |contract: &ContractBalance| outstanding(contract, filter, basis);
    rows.sort_by(|one, other| {
        search
            .compare(one, other, shown)
            .then(one.0.title.id.cmp(&other.0.title.id))
    });
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let skipped =
        usize::try_from((search.page - 1).saturating_mul(search.limit)).unwrap_or(usize::MAX);
    let shown = rows
        .into_iter()
        .skip(skipped)
        .take(usize::try_from(search.limit).unwrap_or(0));
    let data = shown.map(|(contract, flow)| ContractSummary::of(contract, flow, filter, basis));
    let pages = total.div_euclid(search.limit) + i64::from(total.rem_euclid(search.limit) > 0);
    let pagination = Pagination {
        page: search.page,
        limit: search.limit,
        total,
        pages,
    };
    Ok(ContractsSummary {
        data: data.collect(),
        pagination,
        as_of,
        currency: filter.currency.to_string(),
        other_currencies,
    })
}

/// Returns the ids of the contracts that a search finds, in order, by their balances at the filter's `as_of`.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn found_contracts(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    basis: &Basis,
    search: &ContractSearch,
) -> Result<Vec<i64>, DbError> {
    // A balance belongs to no bank account.
    let filter = &PortfolioFilter {
        bank_account_id: None,
        ..filter.clone()
    };
    let contracts = Balances::load(conn, filter, basis).await?.contracts;
    let is_found = search.finder(filter, basis);
    let found = contracts.values().filter(|contract| is_found(contract));
    Ok(found.map(|contract| contract.title.id).collect())
}

impl ContractSearch {
    /// Whether it leaves contracts out.
    pub fn is_narrow(&self) -> bool {
        self.search.is_some() || self.status.is_some() || self.has_debt.is_some()
    }

    /// The first contracts of all, in the default order.
    pub fn first_page(limit: i64) -> ContractSearch {
        ContractSearch {
            search: None,
            status: None,
            has_debt: None,
            sort: None,
            page: 1,
            limit,
        }
    }

    /// The same contracts on one page.
    pub fn whole(self) -> ContractSearch {
        ContractSearch {
            page: 1,
            limit: i64::MAX,
            ..self
        }
    }

    /// Returns what says whether a contract is found.
    fn finder(&self, filter: &PortfolioFilter, basis: &Basis) -> impl Fn(&ContractBalance) -> bool {
        let wanted = self.search.as_ref().map(|text| text.to_lowercase());
        move |contract| {
            let title = &contract.title;
            let texts = [
                Some(&title.contract_number),
                Some(&title.organization),
                title.lender.as_ref(),
            ];
            let mut texts = texts.into_iter().flatten();
            let owes = || outstanding(contract, filter, basis) > Money::ZERO;
            self.status.is_none_or(|status| contract.status() == status)
                && self.has_debt.is_none_or(|has_debt| owes() == has_debt)
                && wanted
                    .as_ref()
                    .is_none_or(|wanted| texts.any(|text| text.to_lowercase().contains(wanted)))
        }
    }

    fn compare(
        &self,
        one: &(ContractBalance, FlowSums),
        other: &(ContractBalance, FlowSums),
        outstanding: impl Fn(&ContractBalance) -> Money,
    ) -> Ordering {
        let default = ContractSort {
            column: ContractColumn::TotalPaid,
            is_descending: true,
        };
        let ContractSort {
            column,
            is_descending,
        } = self.sort.unwrap_or(default);
        let ((contract, flow), (other, other_flow)) = (one, other);
        let (title, other_title) = (&contract.title, &other.title);
        let order = match column {
            ContractColumn::ContractNumber => {
                title.contract_number.cmp(&other_title.contract_number)
            }
            ContractColumn::ContractType => title.contract_type.cmp(&other_title.contract_type),
            ContractColumn::Counterparty => title.lender.cmp(&other_title.lender),
            ContractColumn::Organization => title.organization.cmp(&other_title.organization),
            ContractColumn::Direction => title.direction.cmp(&other_title.direction),
            ContractColumn::Status => contract.status().as_str().cmp(other.status().as_str()),
            ContractColumn::Received => flow.receipts.cmp(&other_flow.receipts),
            ContractColumn::TotalPaid => flow.expenses.cmp(&other_flow.expenses),
            ContractColumn::Principal => flow.principal.cmp(&other_flow.principal),
            ContractColumn::Interest => flow.interest.cmp(&other_flow.interest),
            ContractColumn::Outstanding => outstanding(contract).cmp(&outstanding(other)),
            ContractColumn::LastPayment => flow.last_payment.cmp(&other_flow.last_payment),
        };
        if is_descending {
            order.reverse()
        } else {
            order
        }
    }
}

/// What is shown of a contract's balance: zero of one in another currency, and of a loan given
/// unless those are asked for.
fn outstanding(contract: &ContractBalance, filter: &PortfolioFilter, basis: &Basis) -> Money {
    if is_shown(&contract.title, filter, basis) {
        contract.closing()
    } else {
        Money::ZERO
    }
}

impl ContractSummary {
    fn of(
        contract: ContractBalance,
        flow: FlowSums,
        filter: &PortfolioFilter,
        basis: &Basis,
    ) -> ContractSummary {
        let (status, closing) = (contract.status().as_str(), contract.closing());
        let is_lent = contract.title.counted_direction() == Direction::Lent;
        let is_in_currency = contract.title.is_in(&filter.currency, &basis.base_currency);
        let if_in = |amount: Money, is_in: bool| if is_in { amount } else { Money::ZERO };
        let is_shown = is_shown(&contract.title, filter, basis);
        let owed_to_us = if_in(closing, is_lent && is_in_currency);
        let ContractBalance {
            title,
            opening,
            flows,
            ..
        } = contract;
        ContractSummary {
            contract_id: title.id,
            contract_number: title.contract_number,
            contract_type: title.contract_type,
            lender_id: title.lender_id,
            counterparty: title.lender,
            organization_id: title.organization_id,
            organization: title.organization,
            direction: title.direction,
            is_intra_group: title.is_intra_group == Some(true),
            status: status.into(),
            is_active: title.is_active,
            currency: title.currency,
            received: flow.receipts,
            total_paid: flow.expenses,
            principal: flow.principal,
            interest: flow.interest,
            given: flow.given,
            other: flow.other(),
            commission: flow.commission,
            unconfirmed: flow.unconfirmed,
            opening: if_in(opening, is_shown),
            drawn: if_in(flows.drawn, is_shown),
            repaid: if_in(flows.repaid, is_shown),
            adjustments: if_in(flows.adjustments, is_shown),
            outstanding: if_in(closing, is_shown),
            owed_to_us,
            operations_count: flow.receipt_count + flow.payment_count,
            last_payment: flow.last_payment,
        }
    }
}
