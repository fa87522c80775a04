//! The organizations, bank accounts and contracts of a department during one transaction.
//!
//! Those that appear are made. Organizations and bank accounts are few and read once; contracts are
//! looked up, made and changed for many operations together, so that neither a row costs a round
//! trip, nor memory grows with their number.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::db::{
    BankAccountId, ContractFacts, DbConn, DbError, ExpenseFacts, KnownContract, NewContract, insert_bank_account,
    insert_organization, list_bank_account_ids, list_contracts_by_key, list_organization_ids, upsert_contracts,
};
use crate::domain::{ContractRef, ContractType};

pub(super) struct Directory {
    department_id: i64,
    organizations: HashMap<String, i64>,
    bank_accounts: HashMap<String, BankAccountId>,
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

/// A contract that an operation refers to.
pub(super) struct Reference<'r> {
    pub organization_id: i64,
    pub contract: &'r ContractRef,
    pub told: Told<'r>,
}

impl<'r> Reference<'r> {
    /// From a detail of an expense.
    pub fn of_detail(expense: &'r ExpenseFacts, contract: &'r ContractRef) -> Reference<'r> {
        let told = Told {
            operation_id: &expense.operation_id,
            document_date: expense.document_date,
            operation_type: expense.operation_type.as_deref(),
            counterparty: expense.recipient.as_deref(),
        };
        Reference { organization_id: expense.organization_id, contract, told }
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
        Ok(Directory {
            department_id,
            organizations: list_organization_ids(conn, department_id).await?,
            bank_accounts: list_bank_account_ids(conn, department_id).await?,
            has_changed: false,
        })
    }

    /// Whether anything was made or learnt.
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// The parties of some operations, in their order; those that appear are made.
    pub async fn parties(&mut self, conn: &mut DbConn, named: &[Named<'_>]) -> Result<Vec<Parties>, DbError> {
        let (mut parties, mut references) = (Vec::with_capacity(named.len()), Vec::with_capacity(named.len()));
        for Named { organization, bank_account, contract, told } in named {
            let organization_id = self.organization(conn, organization).await?;
            let bank_account_id = match bank_account {
                Some(text) => Some(self.bank_account(conn, text).await?),
                None => None,
            };
            parties.push(Parties { organization_id, bank_account_id, contract_id: None });
            references.extend(contract.map(|contract| Reference { organization_id, contract, told: *told }));
        }
        let contract_ids = self.contracts(conn, &references).await?;
        let referring = parties.iter_mut().zip(named).filter(|(_, named)| named.contract.is_some());
        for ((parties, _), contract_id) in referring.zip(contract_ids) {
            parties.contract_id = Some(contract_id);
        }
        Ok(parties)
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

    /// The contracts that some operations refer to, in their order; those that appear are made, and
    /// what the operations tell of them is stored.
    pub async fn contracts(&mut self, conn: &mut DbConn, references: &[Reference<'_>]) -> Result<Vec<i64>, DbError> {
        let keys: Vec<ContractKey> = references.iter().map(|to| (to.organization_id, to.contract.key())).collect();
        let known = list_contracts_by_key(conn, self.department_id, &keys.iter().cloned().collect()).await?;
        let mut contracts: HashMap<_, _> = known.into_iter().map(Contract::of_stored).collect();
        let mut changed = Vec::new();
        for (key, to) in keys.iter().zip(references) {
            let contract = contracts.entry(key.clone()).or_default();
            let learnt = learn(&mut contract.facts, to.told);
            let is_new = contract.id.is_none();
            self.has_changed |= is_new || learnt.is_news;
            let differs = is_new || learnt.is_news || learnt.is_earlier;
            if differs && !std::mem::replace(&mut contract.differs, true) {
                changed.push((key, to.contract));
            }
        }
        let as_learnt = |(key, reference): (&ContractKey, &ContractRef)| {
            let facts = contracts.get(key).map(|contract| contract.facts.clone()).unwrap_or_default();
            NewContract::new(self.department_id, key.0, reference, facts)
        };
        let rows = changed.into_iter().map(as_learnt).collect();
        contracts.extend(upsert_contracts(conn, rows).await?.into_iter().map(Contract::of_stored));
        let id = |key| contracts.get(key).and_then(|contract| contract.id).ok_or(DbError::NoSuchReference);
        keys.iter().map(id).collect()
    }
}

/// A contract's organization and key.
type ContractKey = (i64, String);

/// A contract while operations tell of it.
#[derive(Default)]
struct Contract {
    /// `None` when it is new.
    id: Option<i64>,
    facts: ContractFacts,
    /// Whether it is not stored as it is.
    differs: bool,
}

impl Contract {
    fn of_stored(stored: KnownContract) -> (ContractKey, Contract) {
        let contract = Contract { id: Some(stored.id), facts: stored.facts, differs: false };
        ((stored.organization_id, stored.contract_key), contract)
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
