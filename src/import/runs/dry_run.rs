//! What a run would do: everything is read, loaded and undone in one transaction.

use std::collections::BTreeMap;

use crate::analytics::{Basis, outstanding_debt};
use crate::db::{self, DbConn, DbError};
use crate::domain::{Currency, DepartmentScope, FlowSums, Money, PortfolioFilter};
use crate::import::load::versions::WrittenAt;
use crate::import::remark::RemarkCode;
use crate::import::runs::doubts::doubts;
use crate::import::runs::file::Content;
use crate::import::runs::journal::FileReport;
use crate::import::runs::lease::StopSignal;
use crate::import::runs::pipeline::Run;
use crate::import::runs::report::ImportEvent;
use crate::import::runs::request::{ImportContext, ImportRequest};
use crate::import::runs::skipping::name_skip_reason;
use crate::import::sources::download::Fetched;
use crate::import::sources::{Connection, OfferedFile, Source, SourceError};
use crate::import::workbook::Kind;

/// What a run would do, file by file, and to the figures.
#[derive(Debug)]
pub struct DryRun {
    /// What would become of each file.
    pub files: Vec<FileReport>,
    /// The figures as they are, and as they would be: in the base currency first, then in each
    /// other one.
    pub figures: Vec<ChangedFigures>,
}

/// The figures of one currency before and after.
#[derive(Debug)]
pub struct ChangedFigures {
    /// The currency.
    pub currency: Currency,
    /// What is owed today.
    pub debt: ChangedTotal,
    /// The sums of all operations.
    pub totals: Vec<ChangedTotal>,
}

/// A figure of the summary before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl ChangedTotal {
    fn of(name: &'static str, before: Money, after: Money) -> ChangedTotal {
        ChangedTotal {
            name,
            before,
            after,
            change: after - before,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DryRunError {
    /// The source can't be read.
    #[error("{0}")]
    Source(String),
    /// Another dry run of this process has not ended.
    #[error("another dry run is being read: try again when it has ended")]
    Busy,
    /// It was stopped.
    #[error("the program is stopping")]
    Stopped,
    /// The database can't answer.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<SourceError> for DryRunError {
    fn from(err: SourceError) -> DryRunError {
        DryRunError::Source(err.to_string())
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
/// [`DryRunError`] when a source or the database can't be read, or it has to stop.
pub async fn dry_run(
    context: &ImportContext,
    order: &ImportRequest,
    stop: &StopSignal,
) -> Result<DryRun, DryRunError> {
    let run = Run::new(context, None, order, stop);
    let mut files = Vec::new();
    for source in &order.sources {
        let (session, listing) = tokio::select! {
            listed = run.list(source) => listed?,
            () = stop.stopped() => return Err(DryRunError::Stopped),
        };
        let mut connection = Connection::over(session);
        for file in &listing.files {
            let report = FileReport::new(&source.name, &file.name, Kind::of_name(&file.name));
            files.push(match name_skip_reason(&file.name, report.kind) {
                Some(skip) => (source, report.skipped(skip), None),
                None => match fetched_unless_stopped(&run, source, &mut connection, file).await? {
                    Ok(fetched) => {
                        let written_at = WrittenAt::of(source, file, &fetched, None);
                        (
                            source,
                            report,
                            Some(Content {
                                file: fetched.file,
                                written_at,
                            }),
                        )
                    }
                    Err(err) => (
                        source,
                        report.failed(RemarkCode::NotFetched, err.to_string()),
                        None,
                    ),
                },
            });
        }
        files.extend(
            doubts(source, &listing, 0)
                .into_iter()
                .map(|doubt| (source, doubt, None)),
        );
        connection.close().await;
    }
    let department_id = order.department_id();
    let basis = Basis {
        today: context.cache.today(),
        base_currency: context.base_currency.clone(),
        configured_sources: context.configured_sources.clone(),
    };
    let rolled_back = async |conn: &mut DbConn| -> Result<(), Undone> {
        db::lock_import(conn, department_id).await?;
        let before = figures(conn, &basis, department_id).await?;
        let mut reports = Vec::new();
        for (source, mut report, content) in files {
            if let Some(content) = content {
                report = run.load_in_savepoint(conn, source, report, content).await?;
            }
            reports.push(report);
        }
        let after = figures(conn, &basis, department_id).await?;
        Err(Undone::Done(DryRun {
            files: reports,
            figures: changed(before, after, &context.base_currency),
        }))
    };
    // Each holds a connection for as long as it waits and loads.
    let _turn = context
        .dry_runs
        .try_acquire()
        .map_err(|_| DryRunError::Busy)?;
    match context.db.write(rolled_back).await {
        // Of a run that was stopped, only a part was loaded.
        Err(Undone::Done(_)) if stop.reason().is_some() => Err(DryRunError::Stopped),
        Err(Undone::Done(done)) => Ok(done),
        Err(Undone::Failed(err)) => Err(err.into()),
        Ok(()) => Ok(DryRun {
            files: Vec::new(),
            figures: Vec::new(),
        }),
    }
}

async fn fetched_unless_stopped(
    run: &Run<'_>,
    source: &Source,
    connection: &mut Connection,
    file: &OfferedFile,
) -> Result<Result<Fetched, SourceError>, DryRunError> {
    let mut announce = |_: ImportEvent<'_>| {};
    tokio::select! {
        fetched = run.fetch(source, connection, file, &mut announce) => Ok(fetched),
        () = run.stop.stopped() => Err(DryRunError::Stopped),
    }
}

impl Run<'_> {
    /// Loads a file within the transaction that will be undone; one that can't be loaded leaves
    /// nothing to those after it.
    async fn load_in_savepoint(
        &self,
        conn: &mut DbConn,
        source: &Source,
        mut report: FileReport,
        content: Content,
    ) -> Result<FileReport, DbError> {
        db::set_savepoint(conn).await?;
        match self
            .stream(conn, &mut report, content, source, &mut |_| {})
            .await
        {
            Ok(_) => Ok(report),
            Err(err) => {
                db::undo_to_savepoint(conn).await?;
                Ok(report.failed(err.code(), err.to_string()))
            }
        }
    }
}

/// Sums of flows, and what is owed.
type Figures = (FlowSums, Money);

/// The figures of each currency that has any, and of the base currency.
async fn figures(
    conn: &mut DbConn,
    basis: &Basis,
    department_id: i64,
) -> Result<BTreeMap<Currency, Figures>, DbError> {
    let of = |currency: Currency| {
        PortfolioFilter::of_department(DepartmentScope::One(department_id), currency)
    };
    let base = of(basis.base_currency.clone());
    let others = db::other_currencies(conn, &base).await?;
    let mut figures = BTreeMap::new();
    for filter in std::iter::once(base).chain(others.into_iter().map(of)) {
        let flows = db::flows_by_year(conn, &filter).await?.into_values().sum();
        let debt = outstanding_debt(conn, &filter, basis).await?;
        figures.insert(filter.currency, (flows, debt));
    }
    Ok(figures)
}

fn changed(
    mut before: BTreeMap<Currency, Figures>,
    after: BTreeMap<Currency, Figures>,
    base: &Currency,
) -> Vec<ChangedFigures> {
    let mut pairs: BTreeMap<Currency, (Figures, Figures)> = after
        .into_iter()
        .map(|(currency, after)| {
            let before = before.remove(&currency).unwrap_or_default();
            (currency, (before, after))
        })
        .collect();
    // Those that no operation is left in.
    pairs.extend(
        before
            .into_iter()
            .map(|(currency, before)| (currency, (before, Figures::default()))),
    );
    let mut changed: Vec<ChangedFigures> = pairs
        .into_iter()
        .map(|(currency, (before, after))| ChangedFigures {
            currency,
            debt: ChangedTotal::of("debt", before.1, after.1),
            totals: changed_totals(&before.0, &after.0),
        })
        .collect();
    changed.sort_by_key(|figures| figures.currency != *base);
    changed
}

fn changed_totals(before: &FlowSums, after: &FlowSums) -> Vec<ChangedTotal> {
    let total = |name, of: fn(&FlowSums) -> Money| ChangedTotal::of(name, of(before), of(after));
    vec![
        total("total_receipts", |sums| sums.receipts),
        total("total_expenses", |sums| sums.expenses),
        total("net_balance", |sums| sums.receipts - sums.expenses),
        total("total_principal", |sums| sums.principal),
        total("total_interest", |sums| sums.interest),
    ]
}

impl ChangedFigures {
    /// Whether anything changes.
    pub fn has_changes(&self) -> bool {
        let totals = std::iter::once(&self.debt).chain(&self.totals);
        totals.into_iter().any(|total| total.change != Money::ZERO)
    }
}
