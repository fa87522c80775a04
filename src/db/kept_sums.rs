//! Whether sums that are kept beside the rollups are of the data that is stored.
//!
//! A process of an older version, which may run beside this one during an upgrade, changes rollups
//! and does not know of them. So a department's sums of a kind count only while their column of
//! `departments` is its generation; else they were left behind.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::departments;
use super::{DbConn, DbError, on_conn};
use crate::domain::DepartmentScope;

/// A kind of sums, each marked by itself: the older version may know of one of them.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    /// Sums over all contracts ([`super::totals`]).
    Totals,
    /// What is owed by month ([`super::monthly_debts`]).
    Debts,
}

/// The departments whose sums are not of the data that is stored.
pub(super) async fn list_left_behind(conn: &mut DbConn, kept: Kept) -> Result<Vec<i64>, DbError> {
    Ok(on_conn!(conn, |c| {
        let query = departments::table
            .select(departments::id)
            .order(departments::id)
            .into_boxed();
        let query = match kept {
            Kept::Totals => {
                query.filter(departments::totals_generation.ne(departments::generation))
            }
            Kept::Debts => query.filter(departments::debts_generation.ne(departments::generation)),
        };
        query.load(c).await
    })?)
}

/// Whether the sums of these departments are of the data that is stored.
pub(super) async fn hold(
    conn: &mut DbConn,
    kept: Kept,
    scope: DepartmentScope,
) -> Result<bool, DbError> {
    let left_behind = list_left_behind(conn, kept).await?;
    Ok(match scope {
        DepartmentScope::All => left_behind.is_empty(),
        DepartmentScope::One(id) => !left_behind.contains(&id),
    })
}

/// Notes that the sums of a department are of the data that is stored.
pub(super) async fn mark(conn: &mut DbConn, kept: Kept, department_id: i64) -> Result<(), DbError> {
    let own = departments::table.filter(departments::id.eq(department_id));
    match kept {
        Kept::Totals => {
            let mark = departments::totals_generation.eq(departments::generation);
            on_conn!(conn, |c| diesel::update(own).set(mark).execute(c).await)?;
        }
        Kept::Debts => {
            let mark = departments::debts_generation.eq(departments::generation);
            on_conn!(conn, |c| diesel::update(own).set(mark).execute(c).await)?;
        }
    }
    Ok(())
}
