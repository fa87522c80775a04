//! What a merge or a split did, as it is stored: what it takes to undo it, and nothing more.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::concern::Rows;
use super::contracts::ContractMove;
use super::subject::Subject;
use crate::db::schema::merges;
use crate::db::{AliasKind, DbConn, DbError, on_conn, utc_now};

/// What it takes to undo a merge or a split.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Record {
    pub source_name: String,
    pub target_name: String,
    /// The rows that it concerns: a later merge or split of one of them has to be undone first.
    pub touched: Rows,
    /// The aliases that it re-pointed, by kind, each with the row that it was of.
    pub aliases: BTreeMap<AliasKind, BTreeMap<i64, i64>>,
    /// The contracts that it moved, renamed or merged.
    pub contracts: Vec<ContractMove>,
    /// The adjustments without an alias that it moved, each with the contract that it was of.
    pub adjustments: BTreeMap<i64, i64>,
    /// The contracts whose lender was set by hand to the one that was merged.
    pub lenders_by_hand: Vec<i64>,
    /// The rows that had been merged into the one that was merged.
    pub forwarded: Vec<i64>,
    pub was_active: bool,
    /// The INN that the target got.
    pub filled_inn: Option<String>,
    /// The contracts that a split made, each with the one that it was part of.
    pub copies: BTreeMap<i64, i64>,
    /// What was stored before has no higher id.
    pub last_alias_id: i64,
    pub last_contract_id: i64,
}

#[derive(QueryableByName)]
struct LastIds {
    #[diesel(sql_type = Nullable<BigInt>)]
    alias_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contract_id: Option<i64>,
}

impl Record {
    /// Begins the record of a merge of `source` into `target`, or of a split.
    pub async fn begin(
        conn: &mut DbConn,
        source: &Subject,
        target: &Subject,
    ) -> Result<Record, DbError> {
        let sql = "SELECT (SELECT MAX(id) FROM aliases) AS alias_id, (SELECT MAX(id) FROM contracts) AS contract_id";
        let last: LastIds = on_conn!(conn, |c| diesel::sql_query(sql).get_result(c).await)?;
        Ok(Record {
            source_name: source.name.clone(),
            target_name: target.name.clone(),
            was_active: source.is_active,
            last_alias_id: last.alias_id.unwrap_or(0),
            last_contract_id: last.contract_id.unwrap_or(0),
            ..Record::default()
        })
    }

    /// Notes the row that some aliases were of.
    pub fn note_aliases(&mut self, kind: AliasKind, ids: &[i64], target_id: i64) {
        self.aliases
            .entry(kind)
            .or_default()
            .extend(ids.iter().map(|id| (*id, target_id)));
    }
}

/// Whether rows were merged or one was split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Merge,
    Split,
}

impl Action {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Merge => "merge",
            Action::Split => "split",
        }
    }
}

/// A merge or split as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = merges)]
pub(super) struct StoredMerge {
    pub id: i64,
    pub department_id: i64,
    pub kind: String,
    pub action: String,
    pub source_id: i64,
    pub target_id: i64,
    pub record: String,
    pub created_by: String,
    pub created_at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
}

impl StoredMerge {
    /// Returns its record.
    ///
    /// # Errors
    /// [`DbError`] when another version of this program wrote it in another form.
    pub fn record(&self) -> Result<Record, DbError> {
        let unreadable =
            |err| DbError::Query(diesel::result::Error::DeserializationError(Box::new(err)));
        serde_json::from_str(&self.record).map_err(unreadable)
    }
}

/// Stores a merge or split; returns its id.
pub(super) async fn insert(
    conn: &mut DbConn,
    (kind, action): (AliasKind, Action),
    source: &Subject,
    target: &Subject,
    record: &Record,
    author: &str,
) -> Result<i64, DbError> {
    let unwritable = |err| DbError::Query(diesel::result::Error::SerializationError(Box::new(err)));
    let row = (
        merges::department_id.eq(target.department_id),
        merges::kind.eq(kind.as_str()),
        merges::action.eq(action.as_str()),
        merges::source_id.eq(source.id),
        merges::target_id.eq(target.id),
        merges::record.eq(serde_json::to_string(record).map_err(unwritable)?),
        merges::created_by.eq(author),
        merges::created_at.eq(utc_now()),
    );
    Ok(on_conn!(conn, |c| diesel::insert_into(merges::table)
        .values(row)
        .returning(merges::id)
        .get_result(c)
        .await)?)
}
