//! Recognizes the organizations, bank accounts, lenders and contracts that operations name.
//!
//! Recognition goes by aliases alone, never by the names that are shown. Those that appear are
//! made. Organizations, bank accounts and lenders are few and read once; contracts are looked up
//! and made for many operations together, so that neither a row costs a round trip, nor memory
//! grows with their number.

mod contracts;
mod lenders;
mod reference;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::db::{
    AliasKind, DbConn, DbError, ExpenseFacts, KnownAlias, NewAlias, fill_bank_name, insert_alias,
    insert_bank_account, insert_organization, list_aliases, list_lender_inns,
};
use crate::domain::{ContractRef, PartyName, number_and_bank};
pub(in crate::import) use reference::Reference;

/// A file whose names never repeat must not fill memory.
const MOST_FOLDED_NAMES: usize = 10_000;

pub(in crate::import) struct PartyResolver {
    department_id: i64,
    /// Names as they are spelled, folded: an export repeats few of them thousands of times.
    folded_names: HashMap<String, String>,
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

impl PartyResolver {
    pub(crate) async fn open(
        conn: &mut DbConn,
        department_id: i64,
    ) -> Result<PartyResolver, DbError> {
        let organizations = list_aliases(conn, department_id, AliasKind::Organization).await?;
        let lenders = list_aliases(conn, department_id, AliasKind::Lender).await?;
        Ok(PartyResolver {
            department_id,
            folded_names: HashMap::new(),
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

    /// Returns what a name of an organization or lender is recognized by.
    fn folded(&mut self, name: &str) -> String {
        if let Some(key) = self.folded_names.get(name) {
            return key.clone();
        }
        let key = PartyName::parse(name).key();
        if self.folded_names.len() >= MOST_FOLDED_NAMES {
            self.folded_names.clear();
        }
        self.folded_names.insert(name.to_owned(), key.clone());
        key
    }

    async fn organization(&mut self, conn: &mut DbConn, name: &str) -> Result<KnownAlias, DbError> {
        let key = self.folded(name);
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
}

/// The ids of aliases, by the row that they are of.
fn by_target(aliases: &HashMap<String, KnownAlias>) -> HashMap<i64, BTreeSet<i64>> {
    let mut ids: HashMap<i64, BTreeSet<i64>> = HashMap::new();
    for alias in aliases.values() {
        ids.entry(alias.target_id).or_default().insert(alias.id);
    }
    ids
}
