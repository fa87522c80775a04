//! Which contracts become one when a row is merged into another one, and where the others go.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ContractMove, PlacedContract, key_apart, key_of_lender, list_aliases_where,
    list_contracts_where, without_lender,
};
use crate::db::merges::record::Record;
use crate::db::sql_text::id_list;
use crate::db::{AliasKind, DbConn, DbError};

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
pub(in crate::db::merges) async fn plan(
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
