//! The lines of tables of contracts.

use super::{status_name, type_name};
use crate::analytics::{ContractSummary, ContractsSummary};
use crate::domain::{ContractStatus, Money};
use crate::web::cells::{Amount, Behind};
use crate::web::charts::Pct;
use crate::web::frame::Frame;
use crate::web::page_query::PageQuery;

/// A contract.
pub(crate) struct ContractLine {
    pub(crate) number: String,
    pub(crate) href: String,
    pub(crate) contract_type: String,
    pub(crate) organization: String,
    pub(crate) lender: String,
    pub(crate) lender_href: Option<String>,
    pub(crate) status: String,
    pub(crate) received: Amount,
    pub(crate) principal: Amount,
    pub(crate) interest: Amount,
    pub(crate) outstanding: Amount,
    /// How much of what was drawn is still owed.
    pub(crate) left: Pct,
    pub(crate) last_payment: String,
}

impl ContractLine {
    /// The lines of the contracts of an answer, in its order.
    pub(crate) fn all(found: &ContractsSummary, query: &PageQuery, p: &Frame) -> Vec<ContractLine> {
        let line = |row: &ContractSummary| {
            let of_row = Behind::all(query).with("contract_id", row.contract_id);
            let flow = |money, measure| Amount::at(money, of_row.flow(measure), p);
            let owed = i128::from(row.outstanding.max(Money::ZERO).kopecks());
            let repaid = i128::from(row.repaid.max(Money::ZERO).kopecks());
            let at = |path: String| query.link.at(&path).to_string();
            let status = ContractStatus::of_name(&row.status);
            ContractLine {
                number: row.contract_number.clone(),
                href: at(format!("/contracts/{}", row.contract_id)),
                contract_type: type_name(row.contract_type.as_deref(), p.texts),
                organization: row.organization.clone(),
                lender: row.counterparty.clone().unwrap_or_default(),
                lender_href: row.lender_id.map(|id| at(format!("/lenders/{id}"))),
                status: status.map_or_else(String::new, |status| status_name(status, p.texts)),
                received: flow(row.received, "receipts"),
                principal: flow(row.principal, "principal"),
                interest: flow(row.interest, "interest"),
                outstanding: Amount::at(row.outstanding, of_row.balance("balance"), p),
                left: Pct::of(owed, owed + repaid),
                last_payment: row
                    .last_payment
                    .map(|day| p.format.date(day))
                    .unwrap_or_default(),
            }
        };
        found.data.iter().map(line).collect()
    }
}
