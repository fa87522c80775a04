//! What organizations, bank accounts and lenders have in common as resources: each is a row with the
//! spellings that exports recognize it by.
//!
//! Handlers read the request; what is done with it is the same for all three.

use actix_web::HttpResponse;
use serde::Serialize;

use super::answer::{created, found, missing, not_merged};
use super::error::ApiError;
use super::openapi::CREDIT_PORTFOLIO;
use super::types::{BankAccount, Lender, Organization};
use crate::db::{
    self, BankAccountRow, DbConn, DbError, LenderRow, NewAlias, OrganizationRow, Page,
    ReferenceFilter, ReferenceRow, Spelling,
};
use crate::domain::DepartmentScope;
use crate::state::AppState;

/// What is answered of a row of reference data and its aliases.
pub(super) trait ReferenceAnswer: Serialize + From<(Self::Row, Vec<Spelling>)> {
    /// The row.
    type Row: ReferenceRow;
}

impl ReferenceAnswer for Organization {
    type Row = OrganizationRow;
}

impl ReferenceAnswer for BankAccount {
    type Row = BankAccountRow;
}

impl ReferenceAnswer for Lender {
    type Row = LenderRow;
}

/// Returns a part of the rows, and the full count.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn part_of<T: ReferenceAnswer>(
    conn: &mut DbConn,
    filter: &ReferenceFilter,
    page: Page,
) -> Result<(Vec<T>, i64), DbError> {
    let (rows, total) = T::Row::list(conn, filter, page).await?;
    Ok((with_aliases(conn, filter.department, rows).await?, total))
}

/// Returns the one of that id within a scope.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(super) async fn find<T: ReferenceAnswer>(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<Option<T>, DbError> {
    let row = T::Row::find(conn, scope, id).await?;
    Ok(with_aliases(conn, scope, row.into_iter().collect())
        .await?
        .pop())
}

/// Responds with the one of that id.
///
/// # Errors
/// 404 when there is none in the scope.
pub(super) async fn show<T: ReferenceAnswer>(
    state: &AppState,
    scope: DepartmentScope,
    id: i64,
) -> Result<HttpResponse, ApiError> {
    let answer = find::<T>(&mut state.db.conn().await?, scope, id).await?;
    found(answer, T::Row::KIND.label(), id)
}

/// Stores a row under a new name, of which `change` says the rest. One that an import stores at the
/// same time is the one that is made, unless it `contradicts`.
///
/// # Errors
/// [`DbError::Duplicate`] when the name is taken.
pub(super) async fn create<T: ReferenceAnswer>(
    state: &AppState,
    department_id: i64,
    collection: &str,
    name: &str,
    change: <T::Row as ReferenceRow>::Change,
    insert: impl AsyncFnOnce(&mut DbConn) -> Result<i64, DbError>,
    contradicts: impl FnOnce(&T::Row) -> bool,
) -> Result<HttpResponse, ApiError> {
    let kind = T::Row::KIND;
    let (scope, key) = (DepartmentScope::One(department_id), kind.key_of_name(name));
    let known = async |conn: &mut DbConn| db::find_target(conn, department_id, kind, &key).await;
    if known(&mut state.db.conn().await?).await?.is_some() {
        return Err(DbError::Duplicate.into());
    }
    let (id, answer) = state
        .change_data(department_id, async |conn| {
            // An import may have stored it while this request waited for its end.
            let id = match known(conn).await? {
                Some(id) => id,
                None => {
                    let id = insert(conn).await?;
                    let alias = NewAlias::new(department_id, kind, key.clone(), name, id);
                    db::insert_alias(conn, alias).await?;
                    id
                }
            };
            let stored = T::Row::find(conn, scope, id).await?;
            if stored.is_some_and(|stored| contradicts(&stored)) {
                return Err(DbError::Duplicate);
            }
            T::Row::update(conn, id, &change).await?;
            if kind.is_party() {
                db::refresh_intra_group(conn, department_id).await?;
            }
            Ok((id, find::<T>(conn, scope, id).await?))
        })
        .await?;
    Ok(created(
        &format!("{CREDIT_PORTFOLIO}/{collection}"),
        id,
        &answer,
    ))
}

/// Changes the one of that id; a new name is recognized in exports beside the old ones.
///
/// # Errors
/// 404 when there is none in the scope, 409 when it was merged into another one.
pub(super) async fn change<T: ReferenceAnswer>(
    state: &AppState,
    scope: DepartmentScope,
    id: i64,
    change: &<T::Row as ReferenceRow>::Change,
    name: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let kind = T::Row::KIND;
    let known = T::Row::find(&mut state.db.conn().await?, scope, id).await?;
    let known = known.ok_or_else(|| missing(kind.label(), id))?;
    not_merged(kind.label(), id, known.merged_into())?;
    let department_id = known.department_id();
    let answer = state
        .change_data(department_id, async |conn| {
            T::Row::update(conn, id, change).await?;
            if let Some(name) = name {
                let key = kind.key_of_name(name);
                db::add_alias_if_free(conn, department_id, kind, key, name, id).await?;
            }
            if kind.is_party() {
                db::refresh_intra_group(conn, department_id).await?;
            }
            find::<T>(conn, scope, id).await
        })
        .await?;
    found(answer, kind.label(), id)
}

async fn with_aliases<T: ReferenceAnswer>(
    conn: &mut DbConn,
    scope: DepartmentScope,
    rows: Vec<T::Row>,
) -> Result<Vec<T>, DbError> {
    let rows = db::with_aliases(conn, scope, T::Row::KIND, rows, T::Row::id).await?;
    Ok(rows.into_iter().map(T::from).collect())
}
