//! The sums of a file's columns, kept while its rows are written.

use std::collections::BTreeMap;

use super::columns::{Kind, kind_of};
use super::table::{Cell, PART, Row};
use crate::domain::Money;

/// Sums of the columns that are added up, apart by currency: currencies are never added up.
#[derive(Default)]
pub struct Totals {
    columns: Vec<usize>,
    currency: Option<usize>,
    /// By currency; without a column of it, all under `None`.
    sums: BTreeMap<Option<String>, Vec<Money>>,
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
    pub fn of_columns(row: &Row, is_by_month: bool) -> Totals {
        let has = |name: &str| row.iter().any(|(known, _)| known == name);
        let is_series_of_balances =
            has("month") && row.iter().any(|(name, _)| kind_of(name) == Kind::Balance);
        let is_of_contracts = has("status") && has("counterparty");
        let is_summed = |name: &str| match kind_of(name) {
            Kind::Money => true,
            Kind::Balance => !is_by_month && !is_of_contracts,
            _ => false,
        };
        let is_additive = !has(PART) && !is_series_of_balances;
        let columns = row
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| is_additive && is_summed(name));
        Totals {
            columns: columns.map(|(at, _)| at).collect(),
            currency: row
                .iter()
                .position(|(name, _)| name == "currency" && !is_of_contracts),
            sums: BTreeMap::new(),
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Row) {
        if self.columns.is_empty() {
            return;
        }
        let currency = self.currency.and_then(|at| match row.get(at) {
            Some((_, Cell::Text(currency))) => Some(currency.clone()),
            _ => None,
        });
        let sums = self
            .sums
            .entry(currency)
            .or_insert_with(|| vec![Money::ZERO; self.columns.len()]);
        for (sum, at) in sums.iter_mut().zip(&self.columns) {
            if let Some((_, Cell::Number(number))) = row.get(*at) {
                *sum += Money::parse(&number.to_string()).unwrap_or_default();
            }
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
