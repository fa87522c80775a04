//! The contracts of organizations and lenders that are merged: which of them become one, because
//! exports refer to them in the same way, and which move or get another key.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::db::contracts::contract_key;
use crate::db::schema::contracts;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError, on_conn, utc_now};
use crate::domain::ContractRef;

/// Where a contract stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContractPlace {
    pub organization_id: i64,
    pub contract_key: String,
    pub is_active: bool,
    pub merged_into: Option<i64>,
}

/// A contract that was moved, renamed or merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ContractMove {
    pub id: i64,
    pub was: ContractPlace,
    pub now: ContractPlace,
}

impl ContractMove {
    /// The contract that it was merged into.
    pub fn survivor(&self) -> Option<i64> {
        self.now
            .merged_into
            .filter(|_| self.was.merged_into.is_none())
    }
}

#[derive(Clone, Debug, QueryableByName)]
pub(super) struct PlacedContract {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = Text)]
    contract_key: String,
    #[diesel(sql_type = Bool)]
    is_active: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    merged_into: Option<i64>,
}

impl PlacedContract {
    pub fn place(&self) -> ContractPlace {
        ContractPlace {
            organization_id: self.organization_id,
            contract_key: self.contract_key.clone(),
            is_active: self.is_active,
            merged_into: self.merged_into,
        }
    }

    /// The contract that stands for it.
    fn live_id(&self) -> i64 {
        self.merged_into.unwrap_or(self.id)
    }
}

/// A contract's alias.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct ContractAlias {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub organization_alias_id: i64,
    #[diesel(sql_type = BigInt)]
    pub lender_alias_id: i64,
    #[diesel(sql_type = BigInt)]
    pub organization_id: i64,
    /// 0 where it holds for all lenders.
    #[diesel(sql_type = BigInt)]
    pub lender_id: i64,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub spelling: String,
    #[diesel(sql_type = BigInt)]
    pub target_id: i64,
}

impl ContractAlias {
    /// The reference that it stands for.
    pub fn reference(&self) -> ContractRef {
        let date: Option<NaiveDate> = self
            .key
            .rsplit_once('|')
            .and_then(|(_, date)| date.parse().ok());
        ContractRef::parse(&self.spelling, date).unwrap_or_else(ContractRef::none)
    }

    /// Whether it holds for one lender only, although its reference identifies the contract for all
    /// lenders.
    pub fn is_apart(&self) -> bool {
        self.lender_alias_id != 0 && !self.reference().is_per_counterparty()
    }

    /// The natural key of the contract that it means within an organization.
    pub fn natural_key(&self) -> String {
        match self.lender_id {
            0 => contract_key(&self.reference(), None),
            lender_id => key_of_lender(&self.key, lender_id),
        }
    }
}

/// The key of a contract that is identified together with its lender.
pub(super) fn key_of_lender(key: &str, lender_id: i64) -> String {
    format!("{key}@{lender_id}")
}

/// The key of a contract beside another one of the same natural key.
fn key_apart(key: &str, id: i64) -> String {
    format!("{key}~{id}")
}

/// Takes the lender off a key, if it is that one.
pub(super) fn without_lender(key: &str, lender_id: i64) -> Option<&str> {
    key.strip_suffix(&format!("@{lender_id}"))
}

/// Returns aliases of contracts that a condition on `a` (the alias), `o` (that of its organization)
/// and `l` (that of its lender) selects, by id.
pub(super) async fn list_aliases_where(
    conn: &mut DbConn,
    department_id: i64,
    condition: &str,
) -> Result<Vec<ContractAlias>, DbError> {
    list_aliases_of_key(conn, department_id, condition, "").await
}

/// The same, of one key only; the empty one stands for any.
pub(super) async fn list_aliases_of_key(
    conn: &mut DbConn,
    department_id: i64,
    condition: &str,
    key: &str,
) -> Result<Vec<ContractAlias>, DbError> {
    let mark = if matches!(conn, DbConn::Sqlite(_)) {
        "?1"
    } else {
        "$1"
    };
    let sql = format!(
        "SELECT a.id, a.organization_alias_id, a.lender_alias_id, o.target_id AS organization_id, \
           COALESCE(l.target_id, 0) AS lender_id, a.key, a.spelling, a.target_id \
         FROM aliases a \
         JOIN aliases o ON o.department_id = a.department_id AND o.id = a.organization_alias_id \
         LEFT JOIN aliases l ON l.department_id = a.department_id AND l.id = a.lender_alias_id \
         WHERE a.department_id = {department_id} AND a.kind = 'contract' AND {condition} \
           AND ({mark} = '' OR a.key = {mark}) ORDER BY a.id"
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(sql)
        .bind::<Text, _>(key)
        .load(c)
        .await)?)
}

/// Returns contracts that a condition selects, by id.
pub(super) async fn list_contracts_where(
    conn: &mut DbConn,
    department_id: i64,
    condition: &str,
) -> Result<Vec<PlacedContract>, DbError> {
    let sql = format!(
        "SELECT id, organization_id, contract_key, is_active, merged_into FROM contracts \
         WHERE department_id = {department_id} AND {condition} ORDER BY id"
    );
    Ok(on_conn!(conn, |c| diesel::sql_query(sql).load(c).await)?)
}

/// How exports refer to a contract of an organization or of a lender, apart from that one; or its
/// natural key.
type Identity = (bool, i64, String);

/// The contracts of an organization or lender.
struct Side {
    contracts: Vec<PlacedContract>,
    /// The contracts that stand behind a reference.
    identities: BTreeMap<Identity, BTreeSet<i64>>,
}

impl Side {
    async fn read(
        conn: &mut DbConn,
        department_id: i64,
        kind: AliasKind,
        id: i64,
    ) -> Result<Side, DbError> {
        let (of_contracts, of_aliases) = match kind {
            AliasKind::Lender => (
                format!("contract_key LIKE '%@{id}'"),
                format!("l.target_id = {id}"),
            ),
            _ => (
                format!("organization_id = {id}"),
                format!("o.target_id = {id}"),
            ),
        };
        let contracts = list_contracts_where(conn, department_id, &of_contracts).await?;
        let mut identities: BTreeMap<Identity, BTreeSet<i64>> = BTreeMap::new();
        for alias in list_aliases_where(conn, department_id, &of_aliases).await? {
            let scope = if kind == AliasKind::Lender {
                alias.organization_id
            } else {
                alias.lender_id
            };
            identities
                .entry((false, scope, alias.key))
                .or_default()
                .insert(alias.target_id);
        }
        for contract in &contracts {
            identities
                .entry(natural_identity(kind, id, contract))
                .or_default()
                .insert(contract.live_id());
        }
        Ok(Side {
            contracts,
            identities,
        })
    }
}

/// The natural key of a contract, apart from its organization or lender.
fn natural_identity(kind: AliasKind, id: i64, contract: &PlacedContract) -> Identity {
    match kind {
        AliasKind::Lender => {
            let key = without_lender(&contract.contract_key, id).unwrap_or(&contract.contract_key);
            (true, contract.organization_id, key.to_owned())
        }
        _ => (true, 0, contract.contract_key.clone()),
    }
}

/// Groups of contracts that are one.
struct Groups {
    /// The contracts that follow another one, each with that.
    leaders: BTreeMap<i64, i64>,
    /// Contracts up to this id lead, and no two of them become one.
    last_apart: i64,
}

impl Groups {
    fn root(&self, mut id: i64) -> i64 {
        while let Some(next) = self.leaders.get(&id) {
            id = *next;
        }
        id
    }

    /// Whether a contract follows another one.
    fn follows(&self, id: i64) -> bool {
        self.leaders.contains_key(&id)
    }

    /// Makes the groups of two contracts one, led by the one of the lower rank.
    fn join<R: Ord>(&mut self, one: i64, other: i64, rank: impl Fn(i64) -> R) {
        let (one, other) = (self.root(one), self.root(other));
        let is_apart = |id: i64| id <= self.last_apart;
        if one != other && !(is_apart(one) && is_apart(other)) {
            let is_first = (!is_apart(one), rank(one)) < (!is_apart(other), rank(other));
            let (leader, follower) = if is_first { (one, other) } else { (other, one) };
            self.leaders.insert(follower, leader);
        }
    }
}

/// Returns what becomes of the contracts when a row is merged into another one: those that exports
/// refer to in the same way become one, that of the target; the others move. When a split is undone
/// by it, the contracts that are older than the split lead, whosever they are, and those that
/// follow leave their keys, because they are removed. One that stands alone but got the key of
/// another one by hand moves under a key apart.
pub(super) async fn plan(
    conn: &mut DbConn,
    department_id: i64,
    kind: AliasKind,
    (source, target): (i64, i64),
    split: Option<&Record>,
) -> Result<Vec<ContractMove>, DbError> {
    let mut groups = Groups {
        leaders: BTreeMap::new(),
        last_apart: split.map_or(0, |split| split.last_contract_id),
    };
    let (mut moved, mut taken) = (Vec::new(), BTreeSet::new());
    match kind {
        AliasKind::BankAccount => return Ok(Vec::new()),
        AliasKind::Contract => groups.join(target, source, |id| id != target),
        AliasKind::Organization | AliasKind::Lender => {
            let from = Side::read(conn, department_id, kind, source).await?;
            let into = Side::read(conn, department_id, kind, target).await?;
            let targets: BTreeSet<i64> = into.identities.values().flatten().copied().collect();
            let rank = |id: i64| (!targets.contains(&id), id);
            let copies = split.into_iter().flat_map(|split| &split.copies);
            copies.for_each(|(copy, origin)| groups.join(*origin, *copy, rank));
            for (identity, sources) in &from.identities {
                let same = into.identities.get(identity).into_iter().flatten();
                for (one, other) in
                    same.flat_map(|one| sources.iter().map(move |other| (*one, *other)))
                {
                    groups.join(one, other, rank);
                }
            }
            let stay = into
                .contracts
                .iter()
                .filter(|contract| split.is_none() || !groups.follows(contract.id));
            taken.extend(stay.map(|contract| natural_identity(kind, target, contract)));
            moved = from.contracts;
        }
    }
    let mut moves: BTreeMap<i64, ContractMove> = BTreeMap::new();
    let merged = id_list(groups.leaders.keys());
    let concerned = format!("(id IN ({merged}) OR merged_into IN ({merged}))");
    for contract in list_contracts_where(conn, department_id, &concerned)
        .await?
        .iter()
        .chain(&moved)
    {
        let mut now = contract.place();
        let leader = groups.root(contract.live_id());
        if leader != contract.id && (contract.merged_into.is_some() || groups.follows(contract.id))
        {
            (now.merged_into, now.is_active) = (Some(leader), false);
            if split.is_some() && groups.follows(contract.id) {
                now.contract_key = key_apart(&now.contract_key, contract.id);
            }
        }
        moves.insert(
            contract.id,
            ContractMove {
                id: contract.id,
                was: contract.place(),
                now,
            },
        );
    }
    for contract in moved
        .iter()
        .filter(|contract| split.is_none() || !groups.follows(contract.id))
    {
        let identity = natural_identity(kind, source, contract);
        let is_taken = taken.contains(&identity);
        // What the split made goes, so none of its contracts can stay.
        let Some(step) = moves
            .get_mut(&contract.id)
            .filter(|_| !is_taken || split.is_some())
        else {
            continue;
        };
        match kind {
            AliasKind::Lender => step.now.contract_key = key_of_lender(&identity.2, target),
            _ => step.now.organization_id = target,
        }
        if is_taken {
            step.now.contract_key = key_apart(&step.now.contract_key, contract.id);
        }
    }
    Ok(moves
        .into_values()
        .filter(|step| step.was != step.now)
        .collect())
}

/// Stores where a contract stands.
pub(super) async fn update_place(
    conn: &mut DbConn,
    id: i64,
    place: &ContractPlace,
) -> Result<(), DbError> {
    let set = (
        contracts::organization_id.eq(place.organization_id),
        contracts::contract_key.eq(&place.contract_key),
        contracts::is_active.eq(place.is_active),
        contracts::merged_into.eq(place.merged_into),
    );
    on_conn!(conn, |c| diesel::update(
        contracts::table.filter(contracts::id.eq(id))
    )
    .set(set)
    .execute(c)
    .await)?;
    Ok(())
}

/// Makes a contract under a key; returns its id.
pub(super) async fn insert_under_key(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
    key: &str,
    reference: &ContractRef,
) -> Result<i64, DbError> {
    let now = utc_now();
    let row = (
        contracts::department_id.eq(department_id),
        contracts::organization_id.eq(organization_id),
        contracts::contract_key.eq(key),
        contracts::contract_number.eq(&reference.spelling),
        contracts::contract_date.eq(reference.date),
        contracts::created_at.eq(now),
        contracts::updated_at.eq(now),
    );
    Ok(on_conn!(conn, |c| {
        diesel::insert_into(contracts::table)
            .values(row)
            .returning(contracts::id)
            .get_result(c)
            .await
    })?)
}

/// Returns the contract of a natural key; of one that was merged, the one that it was merged into.
pub(super) async fn find_by_key(
    conn: &mut DbConn,
    department_id: i64,
    organization_id: i64,
    key: &str,
) -> Result<Option<i64>, DbError> {
    let found: Option<(i64, Option<i64>)> = on_conn!(conn, |c| {
        contracts::table
            .filter(contracts::department_id.eq(department_id))
            .filter(contracts::organization_id.eq(organization_id))
            .filter(contracts::contract_key.eq(key))
            .select((contracts::id, contracts::merged_into))
            .first(c)
            .await
            .optional()
    })?;
    Ok(found.map(|(id, merged_into)| merged_into.unwrap_or(id)))
}
