//! The parts behind a figure, for the REST interface and the dashboard. What they add up to is
//! computed once for all of their pages; a page that was read is remembered until the data changes.

use std::sync::Arc;

use chrono::NaiveDate;

use super::AppState;
use super::list_counts::generation_of;
use crate::analytics::{ContractSearch, Measure, Parts};
use crate::db::{DbConn, DbError, Page, PartRow, PartTotals};
use crate::domain::PortfolioFilter;

/// A page of parts, and what all of them add up to, of one snapshot.
#[derive(Debug)]
pub struct FigureParts {
    /// Of all parts.
    pub totals: PartTotals,
    /// Newest first.
    pub rows: Vec<PartRow>,
}

/// Whose parts are asked for.
#[derive(Clone, Copy, Debug)]
pub struct PartsQuestion<'q> {
    /// Over which operations.
    pub filter: &'q PortfolioFilter,
    /// The figure.
    pub measure: Measure,
    /// The contracts that count, if not all.
    pub search: Option<&'q ContractSearch>,
}

impl AppState {
    /// Returns a page of the parts behind a figure.
    ///
    /// # Errors
    /// [`DbError`] when it is not remembered and the database can't answer.
    pub async fn figure_parts(
        &self,
        question: PartsQuestion<'_>,
        page: Page,
    ) -> Result<Arc<FigureParts>, DbError> {
        let basis = self.analytics.basis();
        if self.analytics.knows_changes().await
            && let Some(known) = self.remembered(question, page, basis.today)
        {
            return Ok(known);
        }
        let PartsQuestion {
            filter,
            measure,
            search,
        } = question;
        let found = async |conn: &mut DbConn| {
            let generation = generation_of(filter.department, conn).await?;
            let found = match Parts::of(conn, filter, &basis, measure, search).await? {
                None => FigureParts {
                    totals: PartTotals::NONE,
                    rows: Vec::new(),
                },
                Some(parts) => {
                    let compute = async || parts.totals(conn).await;
                    let key = (name_of(question, basis.today), generation);
                    let totals = self.list_counts.part_totals(key, compute).await?;
                    let rows = parts.page(conn, &totals, page).await?;
                    FigureParts { totals, rows }
                }
            };
            Ok::<_, DbError>((Arc::new(found), generation))
        };
        let (found, generation) = self.reads.snapshot(found).await?;
        let key = (name_of_page(question, page, basis.today), generation);
        self.list_counts.remember_parts(key, &found);
        Ok(found)
    }

    /// Returns a page that was read since the last change that this process knows of: what may be
    /// shown while the database is away.
    pub fn remembered_parts(
        &self,
        question: PartsQuestion<'_>,
        page: Page,
    ) -> Option<Arc<FigureParts>> {
        self.remembered(question, page, self.cache.today())
    }

    fn remembered(
        &self,
        question: PartsQuestion<'_>,
        page: Page,
        today: NaiveDate,
    ) -> Option<Arc<FigureParts>> {
        let generation = self.cache.known_generation_of(question.filter.department)?;
        let key = (name_of_page(question, page, today), generation);
        self.list_counts.remembered_parts(&key)
    }
}

/// What parts are of on a day: the balances of a range without an end are those of today.
fn name_of(question: PartsQuestion<'_>, today: NaiveDate) -> String {
    format!("{question:?} {today}")
}

fn name_of_page(question: PartsQuestion<'_>, page: Page, today: NaiveDate) -> String {
    format!("{} {page:?}", name_of(question, today))
}
