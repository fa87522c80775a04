//! Typed rows into tables, within the transaction of their file.
//!
//! A row's fingerprint stands for its content: equal fingerprint, nothing is written. Statements
//! take a thousand rows at a time.

mod details;
mod operations;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::TouchedMonths;

pub(super) use details::load_details;
pub(super) use operations::{load_expenses, load_receipts};

/// What the rows of a file did to their table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadCounts {
    /// Rows that are new.
    pub inserted: usize,
    /// Rows whose content is another.
    pub updated: usize,
    /// Rows that were there already.
    pub unchanged: usize,
    /// Details that their expense no longer has.
    pub deleted: usize,
}

impl LoadCounts {
    /// Whether any figure may have changed.
    pub fn changed_anything(&self) -> bool {
        self.inserted + self.updated + self.deleted > 0
    }
}

/// What loading a file did: to its table, and to which figures.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub counts: LoadCounts,
    pub touched: TouchedMonths,
    /// Organizations, bank accounts or contracts were made or learnt of.
    pub has_new_parties: bool,
}

/// The first eight bytes of the SHA-256 of a row's content.
fn fingerprint(row: &impl Serialize) -> i64 {
    let content = serde_json::to_vec(row).unwrap_or_default();
    let digest = Sha256::digest(&content);
    i64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}
