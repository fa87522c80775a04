//! Contract by contract.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{self, ContractTitle, DbConn, DbError, FlowGroup};
use crate::domain::{Money, PortfolioFilter};

/// Which contracts of the summary are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContractSearch {
    /// A part of number, organization or counterparty, in any letter case.
    pub search: Option<String>,
    /// From 1.
    pub page: i64,
    /// Contracts a page.
    pub limit: i64,
}

/// A page of contracts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContractsSummary {
    data: Vec<ContractSummary>,
    pagination: Pagination,
}

/// The figures of a contract.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractSummary {
    #[serde(rename = "contract_id")]
    contract_id: i64,
    contract_number: String,
    contract_type: Option<String>,
    counterparty: Option<String>,
    organization: String,
    received: Money,
    /// What its details name, and what the details of its expenses leave.
    total_paid: Money,
    principal: Money,
    interest: Money,
    /// Received − principal.
    outstanding: Money,
    /// Receipts and payments.
    operations_count: i64,
    last_payment: Option<NaiveDate>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Pagination {
    page: i64,
    limit: i64,
    total: i64,
    pages: i64,
}

/// The figures of the contracts that match, largest totalPaid first, ties by id. Without dates
/// a contract without operations is listed, too.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn contracts_summary(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    asked: &ContractSearch,
) -> Result<ContractsSummary, DbError> {
    let titles = db::list_contract_titles(conn, filter.department).await?;
    let names = db::list_organization_names(conn, filter.department).await?;
    let flows = db::flows_by(conn, filter, FlowGroup::Contract).await?;
    let wanted = asked.search.as_ref().map(|text| text.to_lowercase());
    let name_of = |title: &ContractTitle| names.get(&title.organization_id).map_or("", String::as_str);
    let matches = |title: &ContractTitle| {
        let texts = [Some(title.contract_number.as_str()), Some(name_of(title)), title.counterparty.as_deref()];
        wanted
            .as_ref()
            .is_none_or(|wanted| texts.into_iter().flatten().any(|text| text.to_lowercase().contains(wanted.as_str())))
    };
    let mut contracts: Vec<_> = titles
        .into_values()
        .filter(|title| filter.organization_id.is_none_or(|id| id == title.organization_id))
        .map(|title| (flows.get(&title.id).copied(), title))
        .filter(|(flow, title)| (flow.is_some() || filter.dates.is_all()) && matches(title))
        .map(|(flow, title)| (flow.unwrap_or_default(), title))
        .collect();
    contracts.sort_by(|(flow, title), (other, other_title)| {
        other.expenses.cmp(&flow.expenses).then(title.id.cmp(&other_title.id))
    });
    let total = i64::try_from(contracts.len()).unwrap_or(i64::MAX);
    let skipped = usize::try_from((asked.page - 1).saturating_mul(asked.limit)).unwrap_or(usize::MAX);
    let shown = contracts.into_iter().skip(skipped).take(usize::try_from(asked.limit).unwrap_or(0));
    let data = shown.map(|(flow, title)| ContractSummary {
        contract_id: title.id,
        organization: name_of(&title).to_owned(),
        contract_number: title.contract_number,
        contract_type: title.contract_type,
        counterparty: title.counterparty,
        received: flow.receipts,
        total_paid: flow.expenses,
        principal: flow.principal,
        interest: flow.interest,
        outstanding: flow.outstanding(),
        operations_count: flow.receipt_count + flow.payment_count,
        last_payment: flow.last_payment,
    });
    let pages = total.div_euclid(asked.limit) + i64::from(total.rem_euclid(asked.limit) > 0);
    let pagination = Pagination { page: asked.page, limit: asked.limit, total, pages };
    Ok(ContractsSummary { data: data.collect(), pagination })
}
