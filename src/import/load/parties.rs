//! Recognizes the organizations, bank accounts, lenders and contracts that operations name.
//!
//! Recognition goes by aliases alone, never by the names that are shown. Those that appear are
//! made. Organizations, bank accounts and lenders are few and read once; contracts are looked up
//! and made for many operations together, so that neither a row costs a round trip, nor memory
//! grows with their number.

mod lenders;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::db::{
    AliasKind, ContractAliasKey, DbConn, DbError, ExpenseFacts, KnownAlias, NewAlias, NewContract,
    contract_key, fill_bank_name, insert_alias, insert_aliases, insert_bank_account,
    insert_contracts, insert_organization, list_aliases, list_contract_aliases,
    list_contracts_by_key, list_lender_inns,
};
use crate::domain::{ContractRef, PartyName, number_and_bank};

pub(in crate::import) struct PartyResolver {
    department_id: i64,
    organizations: HashMap<String, KnownAlias>,
    /// The ids of the aliases of organizations and lenders, by the row's id.
    organization_aliases: HashMap<i64, BTreeSet<i64>>,
    lender_aliases: HashMap<i64, BTreeSet<i64>>,
    bank_accounts: HashMap<String, KnownAlias>,
    lenders: HashMap<String, KnownAlias>,
    /// The lenders behind the aliases, by the aliases' ids.
    lender_ids: HashMap<i64, i64>,
    /// The INNs of lenders, by their ids.
    lender_inns: HashMap<i64, String>,
    /// The bank accounts whose bank's name was looked after.
    named_accounts: HashSet<i64>,
    has_changed: bool,
    has_new_parties: bool,
    made_contracts: Vec<String>,
}

/// The names that an operation gives.
pub(in crate::import) struct PartyNames<'r> {
    pub organization: &'r str,
    pub bank_account: Option<&'r str>,
    pub lender: Option<&'r str>,
    pub lender_inn: Option<&'r str>,
    pub contract: Option<&'r ContractRef>,
}

/// The aliases that an operation was recognized by, and the rows behind them.
pub(in crate::import) struct PartyIds {
    pub organization: KnownAlias,
    pub bank_account: Option<KnownAlias>,
    pub lender: Option<KnownAlias>,
    pub contract: KnownAlias,
}

/// A contract that an operation refers to.
pub(in crate::import) struct Reference<'r> {
    organization: KnownAlias,
    lender: Option<KnownAlias>,
    contract: &'r ContractRef,
}

impl PartyResolver {
    pub(crate) async fn open(
        conn: &mut DbConn,
        department_id: i64,
    ) -> Result<PartyResolver, DbError> {
        let organizations = list_aliases(conn, department_id, AliasKind::Organization).await?;
        let lenders = list_aliases(conn, department_id, AliasKind::Lender).await?;
        Ok(PartyResolver {
            department_id,
            organization_aliases: by_target(&organizations),
            organizations,
            lender_aliases: by_target(&lenders),
            bank_accounts: list_aliases(conn, department_id, AliasKind::BankAccount).await?,
            lender_inns: list_lender_inns(conn, department_id).await?,
            lender_ids: lenders
                .values()
                .map(|alias| (alias.id, alias.target_id))
                .collect(),
            lenders,
            named_accounts: HashSet::new(),
            has_changed: false,
            has_new_parties: false,
            made_contracts: Vec::new(),
        })
    }

    /// Whether any row was made or completed.
    pub(crate) fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Whether organizations or lenders were made, or their INNs learnt.
    pub(crate) fn has_new_parties(&self) -> bool {
        self.has_new_parties
    }

    /// Returns the organization that is known by a name.
    pub(crate) fn organization_id(&self, name: &str) -> Option<i64> {
        self.organizations
            .get(&PartyName::parse(name).key())
            .map(|alias| alias.target_id)
    }

    /// Returns the aliases by which some names of organizations are recognized.
    pub(crate) fn organization_alias_ids(&self, names: &BTreeSet<String>) -> Vec<i64> {
        names
            .iter()
            .filter_map(|name| Some(self.organizations.get(&PartyName::parse(name).key())?.id))
            .collect()
    }

    /// Returns how the contracts are written that were made.
    pub(crate) fn take_made_contracts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.made_contracts)
    }

    /// Returns the parties of some operations, in their order; those that appear are made.
    pub(crate) async fn parties(
        &mut self,
        conn: &mut DbConn,
        names: &[PartyNames<'_>],
    ) -> Result<Vec<PartyIds>, DbError> {
        let none = ContractRef::none();
        let (mut known, mut references) = (
            Vec::with_capacity(names.len()),
            Vec::with_capacity(names.len()),
        );
        for PartyNames {
            organization,
            bank_account,
            lender,
            lender_inn,
            contract,
        } in names
        {
            let organization = self.organization(conn, organization).await?;
            let bank_account = match bank_account {
                Some(text) => Some(self.bank_account(conn, text).await?),
                None => None,
            };
            let lender = match lender {
                Some(name) => Some(self.lender(conn, name, *lender_inn).await?),
                None => None,
            };
            known.push((organization, bank_account, lender));
            references.push(Reference {
                organization,
                lender,
                contract: contract.unwrap_or(&none),
            });
        }
        let contracts = self.contracts(conn, &references).await?;
        let parties = |((organization, bank_account, lender), contract)| PartyIds {
            organization,
            bank_account,
            lender,
            contract,
        };
        Ok(known.into_iter().zip(contracts).map(parties).collect())
    }

    /// Returns the reference of a detail: its contract belongs to the organization of its expense.
    /// `None` when that was stored before aliases were kept.
    pub(crate) fn reference_of_detail<'r>(
        &self,
        expense: &'r ExpenseFacts,
        contract: &'r ContractRef,
    ) -> Option<Reference<'r>> {
        let organization = KnownAlias {
            id: expense.organization_alias_id?,
            target_id: expense.organization_id,
        };
        let lender = expense.lender_alias_id;
        let lender = lender.and_then(|id| {
            Some(KnownAlias {
                id,
                target_id: *self.lender_ids.get(&id)?,
            })
        });
        Some(Reference {
            organization,
            lender,
            contract,
        })
    }

    async fn organization(&mut self, conn: &mut DbConn, name: &str) -> Result<KnownAlias, DbError> {
        let key = PartyName::parse(name).key();
        if let Some(known) = self.organizations.get(&key) {
            return Ok(*known);
        }
        let id = insert_organization(conn, self.department_id, name, None).await?;
        let alias = self
            .new_alias(conn, AliasKind::Organization, key.clone(), name, id)
            .await?;
        self.has_new_parties = true;
        self.organizations.insert(key, alias);
        self.organization_aliases
            .entry(id)
            .or_default()
            .insert(alias.id);
        Ok(alias)
    }

    async fn bank_account(&mut self, conn: &mut DbConn, text: &str) -> Result<KnownAlias, DbError> {
        let (number, bank) = number_and_bank(text);
        let key = number.to_lowercase();
        if let Some(known) = self.bank_accounts.get(&key).copied() {
            if let Some(bank) = bank.filter(|_| self.named_accounts.insert(known.target_id)) {
                self.has_changed |= fill_bank_name(conn, known.target_id, bank).await?;
            }
            return Ok(known);
        }
        let id = insert_bank_account(conn, self.department_id, number, bank).await?;
        let alias = self
            .new_alias(conn, AliasKind::BankAccount, key.clone(), number, id)
            .await?;
        self.bank_accounts.insert(key, alias);
        Ok(alias)
    }

    async fn new_alias(
        &mut self,
        conn: &mut DbConn,
        kind: AliasKind,
        key: String,
        spelling: &str,
        target_id: i64,
    ) -> Result<KnownAlias, DbError> {
        self.has_changed = true;
        let row = NewAlias::new(self.department_id, kind, key, spelling, target_id);
        insert_alias(conn, row).await
    }

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

/// The ids of aliases, by the row that they are of.
fn by_target(aliases: &HashMap<String, KnownAlias>) -> HashMap<i64, BTreeSet<i64>> {
    let mut ids: HashMap<i64, BTreeSet<i64>> = HashMap::new();
    for alias in aliases.values() {
        ids.entry(alias.target_id).or_default().insert(alias.id);
    }
    ids
}

impl Reference<'_> {
    /// The aliases that it may be known by: one that holds for its lender only comes before one
    /// that holds for all.
    fn alias_keys(&self) -> impl Iterator<Item = ContractAliasKey> {
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
    fn is_general(&self) -> bool {
        !self.contract.is_per_counterparty() || self.lender.is_none()
    }

    /// Whether an alias of its own recognizes it: one that holds for its lender only, if the lender
    /// is apart.
    fn is_known_in(&self, known: &HashMap<ContractAliasKey, KnownAlias>, is_apart: bool) -> bool {
        match is_apart {
            true => self
                .key_of_lender()
                .is_some_and(|key| known.contains_key(&key)),
            false => self.known_in(known).is_some(),
        }
    }

    fn known_in(&self, known: &HashMap<ContractAliasKey, KnownAlias>) -> Option<KnownAlias> {
        self.alias_keys().find_map(|key| known.get(&key).copied())
    }

    /// The alias that it gets when it is not known: one that holds for its lender only, if the
    /// lender is apart.
    fn new_alias_key(&self, is_apart: bool) -> ContractAliasKey {
        let is_of_lender = is_apart || self.contract.is_per_counterparty();
        let lender = self
            .lender
            .filter(|_| is_of_lender)
            .map_or(0, |lender| lender.id);
        (self.organization.id, lender, self.contract.key())
    }

    fn contract_key(&self) -> (i64, String) {
        let lender_id = self.lender.map(|lender| lender.target_id);
        (
            self.organization.target_id,
            contract_key(self.contract, lender_id),
        )
    }
}
