//! What a check of the imported data finds: rows that contradict each other, or lack what figures
//! need.

use std::cmp::Reverse;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::domain::Currency;

/// A row that a check found.
#[derive(Clone, Debug, QueryableByName)]
pub struct QualityRow {
    /// `receipt`, `expense`, `expense_detail`, `contract`, `organization`, `lender` or `file`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Its id; of a file, that of its journal entry.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Operation id, contract number, name of an organization or lender, or file name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Whose it is.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub organization_id: Option<i64>,
    /// Its day.
    #[diesel(sql_type = Nullable<Date>)]
    pub document_date: Option<NaiveDate>,
    /// The amounts' currency.
    #[diesel(sql_type = Nullable<Text>)]
    pub currency: Option<String>,
    /// Its amount; of a file its own total, of a contract what was received, adjustments included.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub amount: Option<i64>,
    /// What that is compared with: the sum of details or of rows, or the principal repaid.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub compared: Option<i64>,
    /// What stands at stake; a difference or a balance may be below zero.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub at_stake: Option<i64>,
}

impl QualityRow {
    /// A row of that kind without amounts.
    pub fn named(kind: &str, id: i64, name: String) -> QualityRow {
        QualityRow {
            kind: kind.to_owned(),
            id,
            name,
            organization_id: None,
            document_date: None,
            currency: None,
            amount: None,
            compared: None,
            at_stake: None,
        }
    }

    fn order(&self) -> (Reverse<u64>, &str, i64) {
        (
            Reverse(self.at_stake.unwrap_or_default().unsigned_abs()),
            &self.kind,
            self.id,
        )
    }
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct QualityFindings {
    /// How many rows, all of them.
    pub count: i64,
    /// What stands at stake in all of them, in kopecks of one currency: the sum of absolute
    /// amounts.
    pub at_stake: i64,
    /// The first rows, those with most at stake first.
    pub rows: Vec<QualityRow>,
}

impl QualityFindings {
    /// Findings that are known row by row; sums are of `currency`.
    pub fn of_rows(rows: Vec<QualityRow>, currency: &Currency) -> QualityFindings {
        let is_counted = |row: &&QualityRow| row.currency.as_deref() == Some(currency.as_str());
        let at_stake = rows
            .iter()
            .filter(is_counted)
            .filter_map(|row| row.at_stake)
            .map(i64::saturating_abs)
            .sum();
        QualityFindings {
            count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            at_stake,
            rows,
        }
    }

    /// Adds what the same check found elsewhere.
    pub fn add(&mut self, other: QualityFindings) {
        self.count += other.count;
        self.at_stake += other.at_stake;
        self.rows.extend(other.rows);
    }

    /// Keeps the first `limit` rows.
    pub fn truncate(&mut self, limit: i64) {
        self.rows
            .sort_by(|row, other| row.order().cmp(&other.order()));
        self.rows
            .truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
}
