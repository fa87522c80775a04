//! Adjustments that are entered by hand, as REST interface and dashboard have them done.

use chrono::{Months, NaiveDate};

use super::AppState;
use crate::db::{
    self, AdjustmentFilter, AdjustmentRow, ContractRow, DbConn, DbError, MANUAL, NewAdjustment,
    Page,
};
use crate::domain::{
    AdjustmentKind, ChangedData, ChangedDays, DateRange, DepartmentScope, Money, TouchedMonths,
};
use crate::import::Source;

/// Nothing lies before it.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1990, 1, 1).expect("a date");
/// An adjustment may lie as far ahead as an operation.
const MONTHS_AHEAD: Months = Months::new(24);

/// Why an adjustment can't be entered, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum AdjustmentError {
    /// The scope has no such row.
    #[error("there is no {what} {id}")]
    Missing {
        /// What it would be.
        what: &'static str,
        /// Its id.
        id: i64,
    },
    /// The contract was merged into another one.
    #[error("contract {id} was merged into {into}: change that one")]
    Merged {
        /// The contract.
        id: i64,
        /// What it is part of.
        into: i64,
    },
    /// The day can't be.
    #[error("{day} does not lie between {earliest} and {latest}")]
    ImpossibleDay {
        /// The day.
        day: NaiveDate,
        /// The first day that can.
        earliest: NaiveDate,
        /// The last one.
        latest: NaiveDate,
    },
    /// A workbook holds it, which would bring it back.
    #[error("it came from the workbook {0:?}: change it there and import that again")]
    OfWorkbook(String),
    /// The contract has an equal one, and only one was to be entered.
    #[error("adjustment {0} of the contract is equal")]
    Equal(i64),
    /// The database can't answer.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// An adjustment as somebody enters it.
#[derive(Clone, Debug)]
pub struct EnteredAdjustment {
    /// The contract whose balance it moves.
    pub contract_id: i64,
    /// The day from which on.
    pub date: NaiveDate,
    /// What it is.
    pub kind: AdjustmentKind,
    /// By how much the balance grows, in the contract's currency.
    pub amount: Money,
    /// Why.
    pub comment: Option<String>,
    /// Whether it is refused when the contract has an equal one: a form may be sent twice.
    pub only_once: bool,
}

/// An adjustment as it is stored.
#[derive(Clone, Debug)]
pub struct StoredAdjustment {
    /// The row.
    pub row: AdjustmentRow,
    /// Whether it is an opening balance that operations of its contract precede: it is added to what
    /// they make of it.
    pub follows_operations: bool,
}

impl StoredAdjustment {
    /// Reads an adjustment of a scope.
    ///
    /// # Errors
    /// [`AdjustmentError`].
    pub async fn find(
        conn: &mut DbConn,
        scope: DepartmentScope,
        id: i64,
    ) -> Result<StoredAdjustment, AdjustmentError> {
        let what = "adjustment";
        let row = db::find_adjustment(conn, scope, id).await?;
        let row = row.ok_or(AdjustmentError::Missing { what, id })?;
        let (department, contract, day) = (row.department_id, row.contract_id, row.effective_date);
        let is_opening = row.kind == AdjustmentKind::OpeningBalance.as_str();
        let follows_operations =
            is_opening && db::has_operations_until(conn, department, contract, day).await?;
        Ok(StoredAdjustment {
            row,
            follows_operations,
        })
    }
}

/// The days of an organization whose sums a change of adjustments changes.
#[derive(Debug)]
pub struct TouchedDays {
    /// The organization.
    pub organization_id: i64,
    /// Its days.
    pub days: Vec<NaiveDate>,
}

impl AppState {
    /// Enters an adjustment of a contract of the scope and returns it, read in the same transaction:
    /// who gets an error may enter it again. An opening balance is the part that the exports lack: it
    /// is added to what they hold.
    ///
    /// # Errors
    /// [`AdjustmentError`]; nothing is changed then.
    pub async fn enter_adjustment(
        &self,
        scope: DepartmentScope,
        author: &str,
        entered: EnteredAdjustment,
    ) -> Result<StoredAdjustment, AdjustmentError> {
        self.check_day(entered.date)?;
        let id = entered.contract_id;
        let known = contract_of(&mut self.db.conn().await?, scope, id).await?;
        let department_id = known.department_id;
        self.adjust(department_id, async |conn| {
            let contract = contract_of(conn, scope, id).await?;
            if entered.only_once
                && let Some(equal) = find_equal(conn, scope, &entered).await?
            {
                return Err(AdjustmentError::Equal(equal));
            }
            let now = db::utc_now();
            let row = NewAdjustment {
                department_id,
                contract_id: contract.id,
                contract_alias_id: None,
                effective_date: entered.date,
                kind: entered.kind.as_str().to_owned(),
                amount: entered.amount.kopecks(),
                comment: entered.comment.clone(),
                author: author.to_owned(),
                lender_alias_id: None,
                source: MANUAL.to_owned(),
                import_source: None,
                fingerprint: 0,
                occurrence: 0,
                created_at: now,
                updated_at: now,
            };
            let touched = TouchedDays {
                organization_id: contract.organization_id,
                days: vec![entered.date],
            };
            let id = db::insert_adjustment(conn, row).await?;
            Ok((StoredAdjustment::find(conn, scope, id).await?, touched))
        })
        .await
    }

    /// Removes an adjustment of the scope that no folder or server would bring back.
    ///
    /// # Errors
    /// [`AdjustmentError`]; nothing is changed then.
    pub async fn remove_adjustment(
        &self,
        scope: DepartmentScope,
        id: i64,
    ) -> Result<(), AdjustmentError> {
        let found = changeable(&mut self.db.conn().await?, scope, id, is_removable).await?;
        let department_id = found.department_id;
        self.adjust(department_id, async |conn| {
            let known = changeable(conn, scope, id, is_removable).await?;
            db::delete_adjustments(conn, department_id, &[id]).await?;
            let touched = TouchedDays {
                organization_id: known.organization_id,
                days: vec![known.effective_date],
            };
            Ok(((), touched))
        })
        .await
    }

    /// Changes adjustments and the rollups of their months in one transaction with its generation.
    /// The body runs under the department's import lock, so that what it reads there is what it
    /// changes.
    ///
    /// # Errors
    /// The body's, or that of the database.
    pub async fn adjust<T>(
        &self,
        department_id: i64,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<(T, TouchedDays), AdjustmentError>,
    ) -> Result<T, AdjustmentError> {
        let changed = async |conn: &mut DbConn| {
            db::lock_import_briefly(conn, department_id).await?;
            let (value, touched) = body(conn).await?;
            let mut months = TouchedMonths::default();
            for day in touched.days {
                months.touch(touched.organization_id, Some(day));
            }
            let flows: ChangedDays =
                db::refresh_rollups(conn, department_id, &months, true).await?;
            let changed = ChangedData {
                everything: false,
                reference_data: true,
                flows: flows.into_flows(),
            };
            Ok::<_, AdjustmentError>((value, changed))
        };
        self.change_figures(department_id, changed).await
    }

    /// Checks the day of an adjustment.
    ///
    /// # Errors
    /// [`AdjustmentError::ImpossibleDay`].
    pub fn check_day(&self, day: NaiveDate) -> Result<(), AdjustmentError> {
        let (earliest, latest) = (EARLIEST, self.cache.today() + MONTHS_AHEAD);
        if (earliest..=latest).contains(&day) {
            return Ok(());
        }
        Err(AdjustmentError::ImpossibleDay {
            day,
            earliest,
            latest,
        })
    }
}

/// Whether it was entered by hand.
pub fn is_manual(row: &AdjustmentRow) -> bool {
    row.source == MANUAL
}

/// Whether no folder or server would bring it back.
pub fn is_removable(row: &AdjustmentRow) -> bool {
    is_manual(row) || row.import_source.as_deref() == Some(Source::HANDED_IN)
}

/// Returns an adjustment of the scope that may be changed; others are changed in their workbook.
///
/// # Errors
/// [`AdjustmentError`].
pub async fn changeable(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
    may_change: fn(&AdjustmentRow) -> bool,
) -> Result<AdjustmentRow, AdjustmentError> {
    let what = "adjustment";
    let row = db::find_adjustment(conn, scope, id).await?;
    let row = row.ok_or(AdjustmentError::Missing { what, id })?;
    match may_change(&row) {
        true => Ok(row),
        false => Err(AdjustmentError::OfWorkbook(row.source)),
    }
}

/// The adjustment that was entered by hand and says the same.
async fn find_equal(
    conn: &mut DbConn,
    scope: DepartmentScope,
    entered: &EnteredAdjustment,
) -> Result<Option<i64>, DbError> {
    let of_day = AdjustmentFilter {
        department: scope,
        dates: DateRange::new(Some(entered.date), Some(entered.date)).unwrap_or_default(),
        organization_id: None,
        contract_id: Some(entered.contract_id),
        kind: Some(entered.kind.as_str().to_owned()),
    };
    let rows = db::list_adjustments(conn, &of_day, Page::ALL).await?;
    let is_equal = |row: &&AdjustmentRow| {
        row.source == MANUAL
            && row.amount == entered.amount.kopecks()
            && row.comment == entered.comment
    };
    Ok(rows.iter().find(is_equal).map(|row| row.id))
}

/// The contract that is to be adjusted.
async fn contract_of(
    conn: &mut DbConn,
    scope: DepartmentScope,
    id: i64,
) -> Result<ContractRow, AdjustmentError> {
    let what = "contract";
    let found = db::find_contract(conn, scope, id).await?;
    let contract = found.ok_or(AdjustmentError::Missing { what, id })?;
    match contract.merged_into {
        Some(into) => Err(AdjustmentError::Merged { id, into }),
        None => Ok(contract),
    }
}
