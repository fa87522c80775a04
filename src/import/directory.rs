//! The organizations, bank accounts and contracts of a department during one transaction.
//!
//! Those that are known are read once; those that appear are made. So a row costs no round trip.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use crate::db::{
    BankAccountId, ContractFacts, DbConn, DbError, KnownContract, insert_bank_account, insert_contract,
    insert_organization, list_bank_account_ids, list_contracts, list_organization_ids, store_contract_facts,
};
use crate::domain::{ContractRef, ContractType};

pub(super) struct Directory {
    department_id: i64,
    organizations: HashMap<String, i64>,
    bank_accounts: HashMap<String, BankAccountId>,
    contracts: HashMap<(i64, String), KnownContract>,
    /// What operations told of contracts otherwise than it is stored, by the contract's id.
    learnt: BTreeMap<i64, ContractFacts>,
    has_changed: bool,
}

/// What an operation names.
pub(super) struct Named<'r> {
    pub organization: &'r str,
    pub bank_account: Option<&'r str>,
    pub contract: Option<&'r ContractRef>,
    pub told: Told<'r>,
}

/// What an operation tells of its contracts. Of several operations the earliest decides, so that
/// the order in which they arrive does not.
#[derive(Clone, Copy)]
pub(super) struct Told<'r> {
    pub operation_id: &'r str,
    pub document_date: Option<NaiveDate>,
    pub operation_type: Option<&'r str>,
    pub counterparty: Option<&'r str>,
}

impl Told<'_> {
    /// Sorts by date, then by operation; those without a date come last.
    fn from(&self) -> String {
        let date = self.document_date.map_or("9999-99-99".to_owned(), |date| date.to_string());
        format!("{date} {}", self.operation_id)
    }
}

/// The rows behind what an operation names.
pub(super) struct Parties {
    pub organization_id: i64,
    pub bank_account_id: Option<BankAccountId>,
    pub contract_id: Option<i64>,
}

impl Directory {
    pub async fn open(conn: &mut DbConn, department_id: i64) -> Result<Directory, DbError> {
        let contracts = list_contracts(conn, department_id).await?.into_iter();
        Ok(Directory {
            department_id,
            organizations: list_organization_ids(conn, department_id).await?,
            bank_accounts: list_bank_account_ids(conn, department_id).await?,
            contracts: contracts.map(|known| ((known.organization_id, known.contract_key.clone()), known)).collect(),
            learnt: BTreeMap::new(),
            has_changed: false,
        })
    }

    /// Whether anything was made or learnt.
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// The parties of an operation; those that appear are made.
    pub async fn parties(&mut self, conn: &mut DbConn, named: Named<'_>) -> Result<Parties, DbError> {
        let organization_id = self.organization(conn, named.organization).await?;
        let bank_account_id = match named.bank_account {
            Some(text) => Some(self.bank_account(conn, text).await?),
            None => None,
        };
        let contract_id = match named.contract {
            Some(contract) => Some(self.contract(conn, organization_id, contract, named.told).await?),
            None => None,
        };
        Ok(Parties { organization_id, bank_account_id, contract_id })
    }

    async fn organization(&mut self, conn: &mut DbConn, name: &str) -> Result<i64, DbError> {
        if let Some(id) = self.organizations.get(name) {
            return Ok(*id);
        }
        let id = insert_organization(conn, self.department_id, name, None).await?;
        self.has_changed = true;
        self.organizations.insert(name.to_owned(), id);
        Ok(id)
    }

    async fn bank_account(&mut self, conn: &mut DbConn, text: &str) -> Result<BankAccountId, DbError> {
        let (number, bank) = number_and_bank(text);
        if let Some(id) = self.bank_accounts.get(number) {
            return Ok(*id);
        }
        let id = insert_bank_account(conn, self.department_id, number, bank).await?;
        self.has_changed = true;
        self.bank_accounts.insert(number.to_owned(), id);
        Ok(id)
    }

    /// The contract that an operation of the organization refers to.
    pub async fn contract(
        &mut self,
        conn: &mut DbConn,
        organization_id: i64,
        reference: &ContractRef,
        told: Told<'_>,
    ) -> Result<i64, DbError> {
        let key = (organization_id, reference.key());
        if let Some(known) = self.contracts.get_mut(&key) {
            let learnt = learn(&mut known.facts, told);
            self.has_changed |= learnt.is_news;
            if learnt.is_news || learnt.is_earlier {
                self.learnt.insert(known.id, known.facts.clone());
            }
            return Ok(known.id);
        }
        let mut facts = ContractFacts::default();
        learn(&mut facts, told);
        let id = insert_contract(conn, self.department_id, organization_id, reference, &facts).await?;
        self.has_changed = true;
        let known = KnownContract { id, organization_id, contract_key: key.1.clone(), facts };
        self.contracts.insert(key, known);
        Ok(id)
    }

    /// Stores what was learnt of contracts.
    pub async fn store_learnt(&mut self, conn: &mut DbConn) -> Result<(), DbError> {
        for (id, facts) in std::mem::take(&mut self.learnt) {
            store_contract_facts(conn, id, &facts).await?;
        }
        Ok(())
    }
}

/// What was learnt from an operation.
#[derive(Default)]
struct Learnt {
    /// A fact is another now.
    is_news: bool,
    /// A fact is told by another operation now.
    is_earlier: bool,
}

/// Takes what an operation tells where nothing was known, or a later operation had told it. What was
/// entered by hand stays.
fn learn(facts: &mut ContractFacts, told: Told<'_>) -> Learnt {
    let mut learnt = Learnt::default();
    let from = told.from();
    let contract_type = told.operation_type.and_then(ContractType::of_operation).map(ContractType::as_str);
    for (fact, fact_from, told) in [
        (&mut facts.contract_type, &mut facts.type_from, contract_type),
        (&mut facts.counterparty, &mut facts.counterparty_from, told.counterparty),
    ] {
        let is_first = match (&fact, &fact_from) {
            (None, _) => true,
            (Some(_), Some(known)) => from <= *known,
            (Some(_), None) => false,
        };
        let Some(told) = told.filter(|_| is_first) else { continue };
        if fact.as_deref() != Some(told) {
            *fact = Some(told.to_owned());
            learnt.is_news = true;
        }
        if fact_from.as_deref() != Some(&from) {
            *fact_from = Some(from.clone());
            learnt.is_earlier = true;
        }
    }
    learnt
}

/// Splits `40702810900000012345, АО «Банк»` into the twenty digits of a Russian account number and
/// the bank's name. A text without such a number is the number itself.
fn number_and_bank(text: &str) -> (&str, Option<&str>) {
    const DIGITS: usize = 20;
    let number = text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == DIGITS);
    let Some(number) = number else { return (text, None) };
    let (before, after) = text.split_once(number).unwrap_or_default();
    let [before, after] = [before, after].map(|part| part.trim_matches([' ', ',', ';', '(', ')', '-', '/']));
    let bank = if before.len() > after.len() { before } else { after };
    (number, Some(bank).filter(|bank| !bank.is_empty()))
}
