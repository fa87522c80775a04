//! What a run would do: everything is read, loaded and undone in one transaction.

use serde::Serialize;
use utoipa::ToSchema;

use super::journal::FileReport;
use super::run::{ImportContext, Parsed, Run};
use super::source::{Source, SourceError};
use crate::db::{self, DbConn, DbError};
use crate::domain::{DateRange, DepartmentScope, FlowSums, Money, PortfolioFilter};

/// What a run would do, file by file, and to the totals in the base currency.
#[derive(Debug)]
pub struct DryRun {
    /// What would become of each file.
    pub files: Vec<FileReport>,
    /// The totals as they are, and as they would be.
    pub totals: Vec<ChangedTotal>,
}

/// A figure of the summary before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedTotal {
    /// As the summary names it.
    pub name: &'static str,
    /// As it is.
    pub before: Money,
    /// As it would be.
    pub after: Money,
    /// After − before.
    pub change: Money,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DryRunError {
    /// The source can't be read.
    #[error("{0}")]
    Source(String),
    /// The database can't answer.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<SourceError> for DryRunError {
    fn from(err: SourceError) -> DryRunError {
        DryRunError::Source(err.0)
    }
}

/// Why the transaction is undone: always.
enum Undone {
    Done(DryRun),
    Failed(DbError),
}

impl From<DbError> for Undone {
    fn from(err: DbError) -> Undone {
        Undone::Failed(err)
    }
}

/// Finds out what a run would do; nothing is written.
///
/// # Errors
/// [`DryRunError`] when the source or the database can't be read.
pub async fn dry_run(context: &ImportContext, source: &Source) -> Result<DryRun, DryRunError> {
    let run = Run::new(context, 0, source, "dry run");
    let (session, offered) = run.list().await?;
    let mut session = Some(session);
    let mut files = Vec::new();
    for file in &offered {
        files.push(run.read(&mut session, file).await);
    }
    if let Some(session) = session {
        session.close().await;
    }
    let tried = async |conn: &mut DbConn| -> Result<(), Undone> {
        db::lock_import(conn, context.department_id).await?;
        let before = totals(conn, context).await?;
        let mut reports = Vec::new();
        for file in files {
            reports.push(match file {
                Parsed::Nothing(report) => report,
                Parsed::Rows(report, workbook) => run.apply(conn, report, workbook).await?.0,
            });
        }
        let after = totals(conn, context).await?;
        Err(Undone::Done(DryRun { files: reports, totals: changed(&before, &after) }))
    };
    match context.db.write(tried).await {
        Err(Undone::Done(done)) => Ok(done),
        Err(Undone::Failed(err)) => Err(err.into()),
        Ok(()) => Ok(DryRun { files: Vec::new(), totals: Vec::new() }),
    }
}

async fn totals(conn: &mut DbConn, context: &ImportContext) -> Result<FlowSums, DbError> {
    let filter = PortfolioFilter {
        department: DepartmentScope::One(context.department_id),
        dates: DateRange::ALL,
        organization_id: None,
        bank_account_id: None,
        contract_id: None,
        currency: context.base_currency.clone(),
    };
    Ok(db::flows_by_month(conn, &filter).await?.into_values().sum())
}

fn changed(before: &FlowSums, after: &FlowSums) -> Vec<ChangedTotal> {
    let total = |name, of: fn(&FlowSums) -> Money| {
        let (before, after) = (of(before), of(after));
        ChangedTotal { name, before, after, change: after - before }
    };
    vec![
        total("total_receipts", |sums| sums.receipts),
        total("total_expenses", |sums| sums.expenses),
        total("net_balance", |sums| sums.receipts - sums.expenses),
        total("total_principal", |sums| sums.principal),
        total("total_interest", |sums| sums.interest),
    ]
}
