//! The sums of a file's columns, kept while its rows are written.

use std::collections::BTreeMap;

use super::columns::Kind;
use super::fields::Fields;
use super::table::{Cell, PART};
use crate::domain::Money;

/// Sums of the columns that are added up, apart by currency: currencies are never added up.
#[derive(Default)]
pub struct Totals {
    columns: Vec<usize>,
    currency: Option<usize>,
    /// By currency; without a column of it, all under `None`.
    sums: BTreeMap<Option<String>, Vec<Money>>,
    /// What the row that is written adds.
    row: Vec<Money>,
    /// Its currency.
    row_currency: Option<String>,
}

/// The totals of one currency.
pub struct TotalsRow<'t> {
    /// The currency, where the rows have one.
    pub currency: Option<&'t str>,
    /// Column and sum.
    pub sums: Vec<(usize, Money)>,
}

impl Totals {
    /// Totals of rows with the columns of `row`; `is_by_month`: each is a month of its own. Parts
    /// of an answer show the same amounts twice, and what stands beside the balance of a month goes
    /// up to its end: neither is added up. In a row of a contract the currency is that of the
    /// contract, while its flows are all in one; its balance may be below zero, and debt is never
    /// netted.
    pub fn of_columns(fields: &Fields, is_by_month: bool) -> Totals {
        let fields = fields.as_slice();
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        let is_series_of_balances =
            has("month") && fields.iter().any(|field| field.kind == Kind::Balance);
        let is_of_contracts = has("status") && has("counterparty");
        let is_summed = |kind: Kind| match kind {
            Kind::Money => true,
            Kind::Balance => !is_by_month && !is_of_contracts,
            _ => false,
        };
        let is_additive = !has(PART) && !is_series_of_balances;
        let summed = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| is_additive && is_summed(field.kind));
        let columns: Vec<usize> = summed.map(|(at, _)| at).collect();
        Totals {
            row: vec![Money::ZERO; columns.len()],
            columns,
            currency: fields
                .iter()
                .position(|field| field.name == "currency" && !is_of_contracts),
            ..Totals::default()
        }
    }

    /// Adds a cell of a row.
    pub fn add(&mut self, column: usize, cell: Cell<'_>) {
        match cell {
            Cell::Text(currency) if self.currency == Some(column) => {
                self.row_currency = Some(currency.to_owned());
            }
            Cell::Number(number) => {
                if let Ok(at) = self.columns.binary_search(&column) {
                    self.row[at] = Money::parse(number).unwrap_or_default();
                }
            }
            _ => {}
        }
    }

    /// Ends a row.
    pub fn end_row(&mut self) {
        let currency = self.row_currency.take();
        if self.columns.is_empty() {
            return;
        }
        let sums = self
            .sums
            .entry(currency)
            .or_insert_with(|| vec![Money::ZERO; self.columns.len()]);
        for (sum, amount) in sums.iter_mut().zip(&mut self.row) {
            *sum += std::mem::take(amount);
        }
    }

    /// How many rows of totals there are: one for each currency.
    pub fn rows(&self) -> usize {
        self.sums.len()
    }

    /// Where the currency stands.
    pub fn currency_column(&self) -> Option<usize> {
        self.currency
    }

    /// The rows of totals, by currency.
    pub fn of_currencies(&self) -> impl Iterator<Item = TotalsRow<'_>> {
        self.sums.iter().map(|(currency, sums)| TotalsRow {
            currency: currency.as_deref(),
            sums: self
                .columns
                .iter()
                .copied()
                .zip(sums.iter().copied())
                .collect(),
        })
    }
}
