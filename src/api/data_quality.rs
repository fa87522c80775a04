//! What is wrong with the data that was imported.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::openapi::parameters::{Department, OneCurrency, RowLimit};
use super::params::Params;
use crate::app::AppState;
use crate::db::{self, KnownContract, QUALITY_CHECKS, QualityRow};
use crate::domain::{Money, look_alike};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/data-quality").get(data_quality));
}

/// What the checks found.
#[derive(Serialize, ToSchema)]
struct DataQuality {
    department_id: i64,
    /// The currency of the sums.
    currency: String,
    checks: Vec<QualityFindings>,
}

/// What a check found.
#[derive(Serialize, ToSchema)]
struct QualityFindings {
    name: &'static str,
    description: &'static str,
    /// How many rows, all of them.
    count: i64,
    /// What stands at stake in all of them, in that currency.
    at_stake: Money,
    /// The first rows, what matters most first.
    rows: Vec<QualityRow>,
}

/// Checks of the data: rows that contradict each other or lack what figures need.
#[utoipa::path(
    get,
    context_path = CREDIT_PORTFOLIO,
    path = "/data-quality",
    tag = "Import",
    params(Department, OneCurrency, RowLimit),
    responses((status = 200, description = "OK", body = DataQuality))
)]
pub async fn data_quality(state: Data<AppState>, caller: Caller, mut params: Params) -> Result<HttpResponse, ApiError> {
    let asked = params.id("department_id")?;
    let currency = params.currency(&state.base_currency)?;
    let limit = params.number("limit", 1, 1000)?.unwrap_or(20);
    params.finish()?;
    let department_id = caller.one_department(asked)?;
    let today = state.cache.today();
    let checks = state
        .db
        .snapshot(async |conn| {
            let mut found = Vec::new();
            for check in &QUALITY_CHECKS {
                let (tally, rows) = db::check_quality(conn, check, department_id, today, &currency, limit).await?;
                found.push(QualityFindings {
                    name: check.name,
                    description: check.description,
                    count: tally.count,
                    at_stake: Money::from_kopecks(tally.at_stake),
                    rows,
                });
            }
            found.push(two_spellings(db::list_contracts(conn, department_id).await?, limit));
            Ok::<_, db::DbError>(found)
        })
        .await?;
    Ok(HttpResponse::Ok().json(DataQuality { department_id, currency: currency.to_string(), checks }))
}

/// Contracts of one organization whose numbers read alike: most likely one, spelt in two ways that
/// the import does not know to be the same.
fn two_spellings(contracts: Vec<KnownContract>, limit: i64) -> QualityFindings {
    let mut alike: BTreeMap<(i64, String), Vec<KnownContract>> = BTreeMap::new();
    for contract in contracts {
        // Two numbers that read alike are one contract only if the dates agree, too.
        let (number, date) = contract.contract_key.split_once('|').unwrap_or((&contract.contract_key, ""));
        let alike_as = format!("{}|{date}", look_alike(number));
        alike.entry((contract.organization_id, alike_as)).or_default().push(contract);
    }
    let found: Vec<KnownContract> = alike.into_values().filter(|alike| alike.len() > 1).flatten().collect();
    let row = |contract: &KnownContract| QualityRow {
        kind: "contract".to_owned(),
        id: contract.id,
        name: contract.contract_key.replace('|', " от "),
        organization_id: Some(contract.organization_id),
        document_date: None,
        currency: None,
        amount: None,
        compared: None,
        at_stake: None,
    };
    QualityFindings {
        name: "contract_under_two_spellings",
        description: "contracts of one organization and date whose numbers read alike",
        count: i64::try_from(found.len()).unwrap_or(i64::MAX),
        at_stake: Money::ZERO,
        rows: found.iter().take(usize::try_from(limit).unwrap_or_default()).map(row).collect(),
    }
}
