//! The rows of rollups or totals that a filter leaves, as SQL.
//!
//! Built of whole numbers, dates, fixed words and quoted currencies only, so there is nothing to bind
//! and nothing to inject.

use crate::db::contract_conditions::contract_condition;
use crate::db::kept_sums::{Kept, hold};
use crate::db::spans::Spans;
use crate::db::sql_text::quoted;
use crate::db::{DbConn, DbError};
use crate::domain::{Currency, DateRange, PortfolioFilter};

/// Where sums are read.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// Sums by contract.
    Rollups,
    /// Sums over all contracts.
    Totals,
}

impl Source {
    /// The totals where the filter holds all contracts, and they are of the data that is stored.
    pub(super) async fn of(conn: &mut DbConn, filter: &PortfolioFilter) -> Result<Source, DbError> {
        let is_of_all = filter.contract_id.is_none() && !filter.restricts_contracts();
        Ok(
            if is_of_all && hold(conn, Kept::Totals, filter.department).await? {
                Source::Totals
            } else {
                Source::Rollups
            },
        )
    }

    /// The tables of years, months and days.
    fn tables(self) -> [&'static str; 3] {
        match self {
            Source::Rollups => ["yearly_flows", "monthly_flows", "daily_flows"],
            Source::Totals => ["yearly_totals", "monthly_totals", "daily_totals"],
        }
    }
}

/// Which rows are read.
pub(super) struct Rows<'q> {
    pub(super) source: Source,
    pub(super) spans: &'q Spans,
    /// All of it counts but its dates and its currency.
    pub(super) filter: &'q PortfolioFilter,
    /// Whether they are joined with their `contracts`; what has none is left out then.
    pub(super) with_contracts: bool,
    /// What else must hold.
    pub(super) condition: Option<String>,
}

impl<'q> Rows<'q> {
    /// All rows of a filter within spans.
    pub(super) fn of(source: Source, spans: &'q Spans, filter: &'q PortfolioFilter) -> Rows<'q> {
        Rows {
            source,
            spans,
            filter,
            with_contracts: false,
            condition: None,
        }
    }

    /// Returns the statement that reads columns of them, each row as `f`.
    pub(super) fn select(&self, columns: &str) -> String {
        let [years, months, days] = self.source.tables();
        let of = |table, ranges| (table, ranges);
        let ranges = self.spans.years.iter().map(|range| of(years, range));
        let ranges = ranges.chain(self.spans.months.iter().map(|range| of(months, range)));
        let ranges = ranges.chain(self.spans.days.iter().map(|range| of(days, range)));
        let selects: Vec<String> = ranges
            .map(|(table, range)| self.select_from(table, *range, columns))
            .collect();
        selects.join(" UNION ALL ")
    }

    fn select_from(&self, table: &str, range: DateRange, columns: &str) -> String {
        let join = match self.with_contracts {
            true => {
                "JOIN contracts ON contracts.department_id = f.department_id AND contracts.id = f.contract_id"
            }
            false => "",
        };
        let is = |column: &str, id: Option<i64>| id.map(|id| format!("f.{column} = {id}"));
        let day =
            |test: &str, day: Option<_>| day.map(|day| format!("f.period_start {test} '{day}'"));
        let filter = self.filter;
        let conditions: Vec<String> = [
            is("department_id", filter.department.id()),
            is("organization_id", filter.organization_id),
            is("bank_account_id", filter.bank_account_id),
            is("contract_id", filter.contract_id),
            filter.confirmed.map(|is_confirmed| match is_confirmed {
                true => "f.is_confirmed".to_owned(),
                false => "NOT f.is_confirmed".to_owned(),
            }),
            contract_condition(filter, "f.contract_id"),
            day(">=", range.from()),
            day("<=", range.to()),
            self.condition.clone(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let conditions = match conditions.is_empty() {
            true => "1 = 1".to_owned(),
            false => conditions.join(" AND "),
        };
        format!("SELECT {columns} FROM {table} f {join} WHERE {conditions}")
    }
}

/// The condition that a row is in a currency, or in another one.
pub(super) fn in_currency(column: &str, test: &str, currency: &Currency) -> String {
    format!("{column} {test} {}", quoted(currency.as_str()))
}
