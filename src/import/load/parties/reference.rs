//! What an operation says of its contract, and the keys that this may be known by.

use std::collections::HashMap;

use crate::db::{ContractAliasKey, KnownAlias, contract_key};
use crate::domain::ContractRef;

/// A contract that an operation refers to.
pub(in crate::import) struct Reference<'r> {
    pub(super) organization: KnownAlias,
    pub(super) lender: Option<KnownAlias>,
    pub(super) contract: &'r ContractRef,
}

impl Reference<'_> {
    /// The aliases that it may be known by: one that holds for its lender only comes before one
    /// that holds for all.
    pub(super) fn alias_keys(&self) -> impl Iterator<Item = ContractAliasKey> {
        let general = self
            .is_general()
            .then(|| (self.organization.id, 0, self.contract.key()));
        self.key_of_lender().into_iter().chain(general)
    }

    /// The alias that holds for its lender only.
    fn key_of_lender(&self) -> Option<ContractAliasKey> {
        Some((self.organization.id, self.lender?.id, self.contract.key()))
    }

    /// Whether an alias that holds for all lenders may recognize it.
    pub(super) fn is_general(&self) -> bool {
        !self.contract.is_per_counterparty() || self.lender.is_none()
    }

    /// Whether an alias of its own recognizes it: one that holds for its lender only, if the lender
    /// is apart.
    pub(super) fn is_known_in(
        &self,
        known: &HashMap<ContractAliasKey, KnownAlias>,
        is_apart: bool,
    ) -> bool {
        match is_apart {
            true => self
                .key_of_lender()
                .is_some_and(|key| known.contains_key(&key)),
            false => self.known_in(known).is_some(),
        }
    }

    pub(super) fn known_in(
        &self,
        known: &HashMap<ContractAliasKey, KnownAlias>,
    ) -> Option<KnownAlias> {
        self.alias_keys().find_map(|key| known.get(&key).copied())
    }

    /// The alias that it gets when it is not known: one that holds for its lender only, if the
    /// lender is apart.
    pub(super) fn new_alias_key(&self, is_apart: bool) -> ContractAliasKey {
        let is_of_lender = is_apart || self.contract.is_per_counterparty();
        let lender = self
            .lender
            .filter(|_| is_of_lender)
            .map_or(0, |lender| lender.id);
        (self.organization.id, lender, self.contract.key())
    }

    pub(super) fn contract_key(&self) -> (i64, String) {
        let lender_id = self.lender.map(|lender| lender.target_id);
        (
            self.organization.target_id,
            contract_key(self.contract, lender_id),
        )
    }
}
