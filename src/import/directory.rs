//! The organizations, bank accounts and contracts of a department during one transaction.
//!
//! Those that are known are read once; those that appear are made. So a row costs no round trip.

use std::collections::HashMap;

use crate::db::{
    BankAccountId, ContractFacts, DbConn, DbError, KnownContract, fill_contract_facts, insert_bank_account,
    insert_contract, insert_organization, list_bank_account_ids, list_contracts, list_organization_ids,
};
use crate::domain::{ContractRef, ContractType};

pub(super) struct Directory {
    department_id: i64,
    organizations: HashMap<String, i64>,
    bank_accounts: HashMap<String, BankAccountId>,
    contracts: HashMap<(i64, String), KnownContract>,
    has_changed: bool,
}

/// What an operation names.
pub(super) struct Named<'r> {
    pub organization: &'r str,
    pub bank_account: Option<&'r str>,
    pub contract: Option<&'r ContractRef>,
    pub operation_type: Option<&'r str>,
    pub counterparty: Option<&'r str>,
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
            Some(contract) => {
                let (operation_type, counterparty) = (named.operation_type, named.counterparty);
                Some(self.contract(conn, organization_id, contract, operation_type, counterparty).await?)
            }
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

    /// The contract that an operation of the organization refers to. What the operation tells of
    /// it is kept where nothing was known yet.
    pub async fn contract(
        &mut self,
        conn: &mut DbConn,
        organization_id: i64,
        reference: &ContractRef,
        operation_type: Option<&str>,
        counterparty: Option<&str>,
    ) -> Result<i64, DbError> {
        let facts = ContractFacts {
            contract_type: operation_type.and_then(ContractType::of_operation).map(|kind| kind.as_str().to_owned()),
            counterparty: counterparty.map(str::to_owned),
        };
        let key = (organization_id, reference.key());
        if let Some(known) = self.contracts.get_mut(&key) {
            let learnt = known.contract_type.is_none() && facts.contract_type.is_some()
                || known.counterparty.is_none() && facts.counterparty.is_some();
            if learnt {
                known.contract_type = known.contract_type.take().or(facts.contract_type);
                known.counterparty = known.counterparty.take().or(facts.counterparty);
                let facts = ContractFacts {
                    contract_type: known.contract_type.clone(),
                    counterparty: known.counterparty.clone(),
                };
                fill_contract_facts(conn, known.id, &facts).await?;
                self.has_changed = true;
            }
            return Ok(known.id);
        }
        let id = insert_contract(conn, self.department_id, organization_id, reference, &facts).await?;
        self.has_changed = true;
        let known = KnownContract {
            id,
            organization_id,
            contract_key: key.1.clone(),
            contract_type: facts.contract_type,
            counterparty: facts.counterparty,
        };
        self.contracts.insert(key, known);
        Ok(id)
    }
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
