//! The parts behind a figure, for the REST interface and the dashboard: what they add up to is
//! computed once for all of their pages.

use super::AppState;
use crate::analytics::{ContractSearch, Measure, Parts};
use crate::db::{DbConn, DbError, Page, PartRow, PartTotals};
use crate::domain::PortfolioFilter;

impl AppState {
    /// Returns a page of the parts behind a figure, newest first, and what all of them add up to, of
    /// one snapshot.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn figure_parts(
        &self,
        filter: &PortfolioFilter,
        measure: Measure,
        search: Option<&ContractSearch>,
        page: Page,
    ) -> Result<(PartTotals, Vec<PartRow>), DbError> {
        let basis = self.analytics.basis();
        let found = async |conn: &mut DbConn| {
            let Some(parts) = Parts::of(conn, filter, &basis, measure, search).await? else {
                return Ok::<_, DbError>((PartTotals::NONE, Vec::new()));
            };
            let question = format!("{filter:?} {measure:?} {search:?} {}", basis.today);
            let compute = async |conn: &mut DbConn| parts.totals(conn).await;
            let totals = self
                .list_counts
                .part_totals(question, filter.department, conn, compute)
                .await?;
            let rows = parts.page(conn, &totals, page).await?;
            Ok((totals, rows))
        };
        self.reads.snapshot(found).await
    }
}
