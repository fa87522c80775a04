//! Gives details their contracts: a detail's contract belongs to the organization of its expense,
//! which may come before it or after it.

use std::collections::HashMap;

use super::Loader;
use super::parties::Reference;
use crate::db::{
    DbConn, DbError, ExpenseFacts, KnownAlias, NewExpenseDetail, forget_orphaned_details,
    link_details_to_contract, list_linkable_details,
};
use crate::domain::ContractRef;

/// A detail to be inserted whose expense is known.
pub(super) struct LinkedDetail {
    /// Its place among the details to be inserted.
    pub place: usize,
    pub contract: ContractRef,
    pub expense_operation_id: String,
}

impl Loader {
    /// Gives stored details of some expenses their contracts: those that came before their expense,
    /// or whose expense went to another organization or lender.
    pub(super) async fn link_stored_details(
        &mut self,
        conn: &mut DbConn,
        expense_operation_ids: &[String],
    ) -> Result<(), DbError> {
        let department_id = self.department_id;
        let ids: Vec<&str> = expense_operation_ids.iter().map(String::as_str).collect();
        forget_orphaned_details(conn, department_id, &ids).await?;
        let details = list_linkable_details(conn, department_id, &ids).await?;
        let texts: Vec<Option<ContractRef>> = details
            .iter()
            .map(|detail| ContractRef::parse(&detail.contract_text, None))
            .collect();
        let linkable = details
            .iter()
            .zip(&texts)
            .filter_map(|(detail, contract)| Some((detail, &detail.expense, contract.as_ref()?)));
        let mut by_contract: HashMap<(i64, i64), Vec<i64>> = HashMap::new();
        for (detail, contract) in self.contracts_of_details(conn, linkable).await? {
            self.touched_contracts.extend(detail.contract_id);
            self.touched_contracts.insert(contract.target_id);
            if (detail.contract_id, detail.contract_alias_id)
                != (Some(contract.target_id), Some(contract.id))
            {
                by_contract
                    .entry((contract.target_id, contract.id))
                    .or_default()
                    .push(detail.id);
            }
        }
        for ((contract_id, alias_id), detail_ids) in by_contract {
            link_details_to_contract(conn, department_id, &detail_ids, contract_id, alias_id)
                .await?;
        }
        Ok(())
    }

    /// Gives details that are to be inserted their contracts, as far as their expenses are known.
    pub(super) async fn link_new_details(
        &mut self,
        conn: &mut DbConn,
        inserted: &mut [NewExpenseDetail],
        linked: &[LinkedDetail],
        expenses: &HashMap<String, ExpenseFacts>,
    ) -> Result<(), DbError> {
        let linkable = linked.iter().filter_map(|detail| {
            let expense = expenses.get(&detail.expense_operation_id)?;
            Some((detail.place, expense, &detail.contract))
        });
        for (place, contract) in self.contracts_of_details(conn, linkable).await? {
            self.touched_contracts.insert(contract.target_id);
            if let Some(detail) = inserted.get_mut(place) {
                (detail.contract_id, detail.contract_alias_id) =
                    (Some(contract.target_id), Some(contract.id));
            }
        }
        Ok(())
    }

    /// Returns those of some details whose contract can be recognized, each with it; contracts that
    /// appear are made.
    async fn contracts_of_details<'d, D>(
        &mut self,
        conn: &mut DbConn,
        details: impl Iterator<Item = (D, &'d ExpenseFacts, &'d ContractRef)>,
    ) -> Result<Vec<(D, KnownAlias)>, DbError> {
        let (mut recognized, mut references): (Vec<D>, Vec<Reference<'_>>) =
            (Vec::new(), Vec::new());
        for (detail, expense, contract) in details {
            if let Some(reference) = self.directory.reference_of_detail(expense, contract) {
                recognized.push(detail);
                references.push(reference);
            }
        }
        let contracts = self.directory.contracts(conn, &references).await?;
        Ok(recognized.into_iter().zip(contracts).collect())
    }
}
