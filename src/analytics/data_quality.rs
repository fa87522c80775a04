//! What is wrong with the imported data: what counts and statements of the database find, what
//! balances show, and which names look alike.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::balances::{Balances, Basis, ContractBalance};
use super::look_alikes::{Party, look_alikes};
use super::quality_checks::QUALITY_CHECKS;
use crate::db::{
    self, DbConn, DbError, KnownContract, LenderRow, OrganizationRow, Page, QualityFindings,
    QualityRow, ReferenceFilter, ReferenceRow,
};
use crate::domain::{
    BalanceFlows, Currency, DepartmentScope, Language, Money, PortfolioFilter, look_alike,
};

/// What the checks found.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct DataQuality {
    pub(crate) department_id: i64,
    /// Today: the day whose end balances belong to, and after which operations are planned.
    pub(crate) as_of: NaiveDate,
    /// The currency of the sums.
    pub(crate) currency: String,
    /// Currencies among the operations and contracts whose amounts are not in the sums.
    pub(crate) other_currencies: Vec<String>,
    pub(crate) checks: Vec<CheckResult>,
}

/// What a check found.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = QualityFindings)]
pub(crate) struct CheckResult {
    pub(crate) name: Cow<'static, str>,
    /// What it looks for, and what stands at stake.
    pub(crate) description: Cow<'static, str>,
    /// What to do about what it found.
    pub(crate) advice: Cow<'static, str>,
    /// How many rows, all of them.
    pub(crate) count: i64,
    /// What stands at stake in all of them, in that currency: the sum of absolute amounts, so that
    /// none offsets another.
    pub(crate) at_stake: Money,
    /// The first rows, those with most at stake first.
    pub(crate) rows: Vec<FoundRow>,
}

/// A row that a check found.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = QualityRow)]
pub(crate) struct FoundRow {
    /// `receipt`, `expense`, `expense_detail`, `contract`, `organization`, `lender` or `file`.
    pub(crate) kind: String,
    /// Its id; of a file, that of its journal entry.
    pub(crate) id: i64,
    /// Operation id, contract number, name of an organization or lender, or file name.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) organization_id: Option<i64>,
    /// Its day.
    pub(crate) document_date: Option<NaiveDate>,
    /// The amounts' currency.
    pub(crate) currency: Option<String>,
    /// Its amount; of a file its own total, of a contract what was received, adjustments included.
    pub(crate) amount: Option<Money>,
    /// What that is compared with: the sum of details or of rows, or the principal repaid.
    pub(crate) compared: Option<Money>,
    /// What stands at stake; a difference or a balance may be below zero.
    pub(crate) at_stake: Option<Money>,
}

impl From<QualityRow> for FoundRow {
    fn from(row: QualityRow) -> FoundRow {
        FoundRow {
            kind: row.kind,
            id: row.id,
            name: row.name,
            organization_id: row.organization_id,
            document_date: row.document_date,
            currency: row.currency,
            amount: row.amount.map(Money::from_kopecks),
            compared: row.compared.map(Money::from_kopecks),
            at_stake: row.at_stake.map(Money::from_kopecks),
        }
    }
}

/// Returns what the checks find in a department, with the first `limit` rows each, in words of
/// `language`. Sums are of the filter's currency; `other_currencies` are not in them.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn data_quality(
    conn: &mut DbConn,
    filter: &PortfolioFilter,
    department_id: i64,
    basis: &Basis,
    limit: i64,
    language: Language,
    other_currencies: Vec<String>,
) -> Result<DataQuality, DbError> {
    let (currency, base_currency) = (&filter.currency, &basis.base_currency);
    let scope = DepartmentScope::One(department_id);
    let mut found: HashMap<String, QualityFindings> =
        db::list_daily_findings(conn, department_id, currency, limit)
            .await?
            .into_iter()
            .collect();
    let sources = basis
        .configured_sources
        .iter()
        .filter(|(id, _)| *id == department_id);
    let sources: Vec<&str> = sources.map(|(_, name)| name.as_str()).collect();
    for (name, findings) in db::list_query_findings(
        conn,
        department_id,
        basis.today,
        currency,
        base_currency,
        &sources,
        limit,
    )
    .await?
    {
        found.entry(name.to_owned()).or_default().add(findings);
    }
    let balances = Balances::load(conn, filter, basis).await?;
    let contracts = db::list_contracts(conn, department_id).await?;
    let active = ReferenceFilter {
        is_active: Some(true),
        ..ReferenceFilter::all(scope)
    };
    let (organizations, _) = OrganizationRow::list(conn, &active, Page::ALL).await?;
    let organizations = organizations
        .into_iter()
        .map(|row| Party::new(row.id, row.name, row.inn))
        .collect();
    let (lenders, _) = LenderRow::list(conn, &active, Page::ALL).await?;
    let lenders = lenders
        .into_iter()
        .map(|row| Party::new(row.id, row.name, row.inn))
        .collect();
    let of_no_direction = |contract: &&ContractBalance| contract.title.direction.is_none();
    // Most portfolios have none.
    let with_operations: HashSet<i64> = match balances.contracts.values().find(of_no_direction) {
        Some(_) => db::contracts_with_flows(conn, filter)
            .await?
            .into_iter()
            .collect(),
        None => HashSet::new(),
    };
    let of_balances = |is_found: &dyn Fn(&ContractBalance) -> bool| {
        balances
            .contracts
            .values()
            .filter(|contract| is_found(contract))
            .map(|contract| balance_row(contract, base_currency))
            .collect()
    };
    let known_by_row: [(&str, Vec<QualityRow>); 6] = [
        (
            "overpaid",
            of_balances(&|contract| contract.closing() < Money::ZERO),
        ),
        (
            "switched_off_with_balance",
            of_balances(&|contract| !contract.title.is_active && contract.closing() != Money::ZERO),
        ),
        (
            "unknown_direction",
            of_balances(&|contract| {
                let has_moved = contract.total != BalanceFlows::default();
                contract.title.direction.is_none()
                    && (has_moved || with_operations.contains(&contract.title.id))
            }),
        ),
        ("contract_under_two_spellings", two_spellings(contracts)),
        (
            "organizations_that_look_alike",
            party_rows("organization", organizations),
        ),
        ("lenders_that_look_alike", party_rows("lender", lenders)),
    ];
    for (name, rows) in known_by_row {
        found
            .entry(name.to_owned())
            .or_default()
            .add(QualityFindings::of_rows(rows, currency));
    }
    let checks = QUALITY_CHECKS.iter().map(|check| {
        let mut findings = found.remove(check.name).unwrap_or_default();
        findings.truncate(limit);
        CheckResult {
            name: check.name.into(),
            description: language.of(check.description.0, check.description.1).into(),
            advice: language.of(check.advice.0, check.advice.1).into(),
            count: findings.count,
            at_stake: Money::from_kopecks(findings.at_stake),
            rows: findings.rows.into_iter().map(FoundRow::from).collect(),
        }
    });
    let checks = checks.collect();
    Ok(DataQuality {
        department_id,
        as_of: basis.today,
        currency: currency.to_string(),
        other_currencies,
        checks,
    })
}

/// The row of a contract. Its amounts are in its own currency; without operations, in the base
/// currency.
fn balance_row(contract: &ContractBalance, base_currency: &Currency) -> QualityRow {
    let (title, total) = (&contract.title, &contract.total);
    QualityRow {
        organization_id: Some(title.organization_id),
        document_date: title.contract_date,
        currency: Some(
            title
                .currency
                .clone()
                .unwrap_or_else(|| base_currency.to_string()),
        ),
        amount: Some((total.drawn + total.adjustments).kopecks()),
        compared: Some(total.repaid.kopecks()),
        at_stake: Some(contract.closing().kopecks()),
        ..QualityRow::named("contract", title.id, title.contract_number.clone())
    }
}

/// Contracts of one organization and date whose numbers read alike: most likely one, spelt in two
/// ways that the import does not know to be the same.
fn two_spellings(contracts: Vec<KnownContract>) -> Vec<QualityRow> {
    let mut alike: BTreeMap<(i64, String), Vec<KnownContract>> = BTreeMap::new();
    for contract in contracts {
        let (number, date) = contract
            .contract_key
            .split_once('|')
            .unwrap_or((&contract.contract_key, ""));
        let alike_as = format!("{}|{date}", look_alike(number));
        alike
            .entry((contract.organization_id, alike_as))
            .or_default()
            .push(contract);
    }
    let found = alike
        .into_values()
        .filter(|alike| alike.len() > 1)
        .flatten();
    let of_contract = |contract: KnownContract| QualityRow {
        organization_id: Some(contract.organization_id),
        ..QualityRow::named(
            "contract",
            contract.id,
            contract.contract_key.replace('|', " от "),
        )
    };
    found.map(of_contract).collect()
}

fn party_rows(kind: &str, parties: Vec<Party>) -> Vec<QualityRow> {
    look_alikes(parties)
        .into_iter()
        .map(|party| QualityRow::named(kind, party.id, party.name))
        .collect()
}
