//! What a body says of a contract, checked: its organization, direction, currency and type.

use crate::api::answer::{missing, not_merged};
use crate::api::error::ApiError;
use crate::db::{
    self, AliasKind, ContractRow, DbConn, OrganizationRow, Page, ReferenceFilter, ReferenceRow,
};
use crate::domain::{ContractType, Currency, DepartmentScope, Direction};
use crate::state::AppState;

/// Checks that a contract may belong to another organization, and forgets by which names exports of
/// the present one recognize it.
pub(super) async fn move_contract(
    conn: &mut DbConn,
    known: &ContractRow,
    organization_id: i64,
) -> Result<(), ApiError> {
    own_organization(
        conn,
        DepartmentScope::One(known.department_id),
        organization_id,
    )
    .await?;
    if db::has_operations_of_contract(conn, known.department_id, known.id).await? {
        let detail =
            "operations belong to it: exports say whose they are; merge the organizations instead";
        return Err(ApiError::Conflict(detail.to_owned()));
    }
    Ok(db::delete_aliases_of(conn, known.department_id, AliasKind::Contract, known.id).await?)
}

/// The organization of a contract must be of the contract's department.
pub(super) async fn own_organization(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<(), ApiError> {
    let organization = OrganizationRow::find(conn, scope, id).await?;
    let organization = organization.ok_or_else(|| missing("organization", id))?;
    not_merged("organization", id, organization.merged_into)
}

/// The organization of a department that has one only.
pub(super) async fn only_organization(
    state: &AppState,
    scope: DepartmentScope,
) -> Result<i64, ApiError> {
    let page = Page { skip: 0, limit: 2 };
    let (organizations, _) = OrganizationRow::list(
        &mut state.db.conn().await?,
        &ReferenceFilter::all(scope),
        page,
    )
    .await?;
    match organizations.as_slice() {
        [one] => Ok(one.id),
        _ => Err(ApiError::Conflict(
            "organization_id: is needed, because the department has not exactly one organization"
                .to_owned(),
        )),
    }
}

pub(super) fn direction(text: &str) -> Result<String, ApiError> {
    let known = Direction::of_name(text).map(|known| known.as_str().to_owned());
    known.ok_or_else(|| {
        ApiError::invalid(
            "direction",
            format!("{text:?} is neither borrowed nor lent"),
        )
    })
}

pub(super) fn currency(text: &str) -> Result<String, ApiError> {
    let known = Currency::parse(text).map(|known| known.as_str().to_owned());
    known.ok_or_else(|| {
        ApiError::invalid("currency", format!("{text:?} is no currency of ISO 4217"))
    })
}

pub(super) fn contract_type(text: &str) -> Result<String, ApiError> {
    let known = ContractType::of_name(text).map(|known| known.as_str().to_owned());
    known.ok_or_else(|| {
        ApiError::invalid(
            "contract_type",
            format!("{text:?} is neither credit nor loan"),
        )
    })
}
