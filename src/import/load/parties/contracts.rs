//! Recognizes contracts, many at a time: by an alias of their own, by an alias under another name
//! of their organization or lender, or by their natural key. Those that appear are made.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{PartyResolver, Reference};
use crate::db::{
    ContractAliasKey, DbConn, DbError, KnownAlias, NewAlias, NewContract, insert_aliases,
    insert_contracts, list_contract_aliases, list_contracts_by_key,
};

impl PartyResolver {
    /// Returns the contracts that some operations refer to, in their order; those that appear are
    /// made.
    pub(crate) async fn contracts(
        &mut self,
        conn: &mut DbConn,
        references: &[Reference<'_>],
    ) -> Result<Vec<KnownAlias>, DbError> {
        let mut wanted: BTreeSet<ContractAliasKey> =
            references.iter().flat_map(Reference::alias_keys).collect();
        wanted.extend(
            references
                .iter()
                .flat_map(|reference| self.keys_of_lender(reference)),
        );
        let mut known = list_contract_aliases(conn, self.department_id, &wanted).await?;
        let mut missing: Vec<(ContractAliasKey, &Reference<'_>)> = Vec::new();
        let mut seen = HashSet::new();
        for reference in references {
            let is_apart = self
                .keys_of_lender(reference)
                .iter()
                .any(|key| known.contains_key(key));
            if !reference.is_known_in(&known, is_apart) {
                let key = reference.new_alias_key(is_apart);
                if seen.insert(key.clone()) {
                    missing.push((key, reference));
                }
            }
        }
        if !missing.is_empty() {
            self.has_changed = true;
            known.extend(self.make_contracts(conn, &missing).await?);
        }
        let found =
            |reference: &Reference<'_>| reference.known_in(&known).ok_or(DbError::NoSuchReference);
        references.iter().map(found).collect()
    }

    /// Stores aliases of references that are not known, and the contracts that do not exist yet:
    /// under an alias of the same organization by another of its names, or by their natural key.
    async fn make_contracts(
        &mut self,
        conn: &mut DbConn,
        missing: &[(ContractAliasKey, &Reference<'_>)],
    ) -> Result<HashMap<ContractAliasKey, KnownAlias>, DbError> {
        let by_other_names = self.by_other_names(conn, missing).await?;
        let keys: Vec<(i64, String)> = missing
            .iter()
            .map(|(_, reference)| reference.contract_key())
            .collect();
        let stored =
            list_contracts_by_key(conn, self.department_id, &keys.iter().cloned().collect())
                .await?;
        let mut ids: HashMap<(i64, String), i64> = stored
            .into_iter()
            .map(|contract| {
                (
                    (contract.organization_id, contract.contract_key),
                    contract.id,
                )
            })
            .collect();
        let mut new: Vec<NewContract> = Vec::new();
        let mut new_keys = HashSet::new();
        for ((key, (_, reference)), known) in keys.iter().zip(missing).zip(&by_other_names) {
            if known.is_none() && !ids.contains_key(key) && new_keys.insert(key.clone()) {
                let lender_id = reference.lender.map(|lender| lender.target_id);
                let organization_id = reference.organization.target_id;
                self.made_contracts
                    .push(reference.contract.spelling.clone());
                new.push(NewContract::new(
                    self.department_id,
                    organization_id,
                    reference.contract,
                    lender_id,
                ));
            }
        }
        let inserted = insert_contracts(conn, new).await?;
        ids.extend(inserted.into_iter().map(|contract| {
            (
                (contract.organization_id, contract.contract_key),
                contract.id,
            )
        }));
        let mut rows = Vec::with_capacity(missing.len());
        let mut targets = Vec::with_capacity(missing.len());
        for ((key, (alias_key, reference)), known) in keys.iter().zip(missing).zip(by_other_names) {
            let target_id = known
                .or_else(|| ids.get(key).copied())
                .ok_or(DbError::NoSuchReference)?;
            targets.push((alias_key.clone(), target_id));
            let spelling = &reference.contract.spelling;
            rows.push(NewAlias::of_contract(
                self.department_id,
                alias_key.clone(),
                spelling,
                target_id,
            ));
        }
        let alias_ids = insert_aliases(conn, rows).await?;
        let alias = |((key, target_id), id)| (key, KnownAlias { id, target_id });
        Ok(targets.into_iter().zip(alias_ids).map(alias).collect())
    }

    /// Returns the contracts of some references that are known under another name of their
    /// organization or lender, in order: the contract itself may have been renamed since.
    async fn by_other_names(
        &self,
        conn: &mut DbConn,
        references: &[(ContractAliasKey, &Reference<'_>)],
    ) -> Result<Vec<Option<i64>>, DbError> {
        let keys: Vec<Vec<ContractAliasKey>> = references
            .iter()
            .map(|(_, one)| self.other_alias_keys(one))
            .collect();
        let wanted: BTreeSet<ContractAliasKey> = keys.iter().flatten().cloned().collect();
        let known = match wanted.is_empty() {
            true => HashMap::new(),
            false => list_contract_aliases(conn, self.department_id, &wanted).await?,
        };
        let first = |keys: &Vec<ContractAliasKey>| {
            keys.iter().find_map(|key| Some(known.get(key)?.target_id))
        };
        Ok(keys.iter().map(first).collect())
    }

    /// The aliases that a reference may be known by under all names of its organization and lender,
    /// those of the lender only first; none where both have one name.
    fn other_alias_keys(&self, reference: &Reference<'_>) -> Vec<ContractAliasKey> {
        let organizations = names_of(&self.organization_aliases, reference.organization);
        let mut keys = self.keys_of_lender(reference);
        if reference.is_general() && (organizations.len() > 1 || !keys.is_empty()) {
            keys.extend(
                organizations
                    .into_iter()
                    .map(|id| (id, 0, reference.contract.key())),
            );
        }
        keys
    }

    /// Those of its lender only; none where organization and lender have one name. A split by
    /// lender makes them of references that hold for all lenders otherwise.
    fn keys_of_lender(&self, reference: &Reference<'_>) -> Vec<ContractAliasKey> {
        let Some(lender) = reference.lender else {
            return Vec::new();
        };
        let organizations = names_of(&self.organization_aliases, reference.organization);
        let lenders = names_of(&self.lender_aliases, lender);
        if organizations.len() < 2 && lenders.len() < 2 {
            return Vec::new();
        }
        let key = reference.contract.key();
        let of_lender = |lender: i64| {
            organizations
                .iter()
                .map(move |id| (*id, lender))
                .collect::<Vec<_>>()
        };
        lenders
            .into_iter()
            .flat_map(of_lender)
            .map(|(id, lender)| (id, lender, key.clone()))
            .collect()
    }
}

/// The ids of all aliases of the row behind an alias.
fn names_of(aliases: &HashMap<i64, BTreeSet<i64>>, of: KnownAlias) -> Vec<i64> {
    aliases
        .get(&of.target_id)
        .map_or_else(|| vec![of.id], |ids| ids.iter().copied().collect())
}
