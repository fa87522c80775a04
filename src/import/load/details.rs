//! Expense details: replaced as the complete set of their expense.
//!
//! The set is compared as a multiset: a detail that is in both is left alone, whatever its place
//! in the file. Of one expense, a new detail and a vanished one together count as an update.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Loader, fingerprint};
use crate::db::{
    DbConn, DbError, KnownDetail, NewExpenseDetail, delete_expense_details, insert_expense_details, list_details_of,
    list_expense_facts, note_orphaned_details, utc_now,
};
use crate::domain::{Money, settled_amount};
use crate::import::directory::Reference;
use crate::import::workbook::DetailRow;

impl Loader {
    /// Stores complete sets of details. Those of an expense that is not known yet have no contract
    /// until it arrives.
    pub(super) async fn replace_details(&mut self, conn: &mut DbConn, rows: Vec<DetailRow>) -> Result<(), DbError> {
        let department_id = self.department_id;
        let mut sets: BTreeMap<String, Vec<DetailRow>> = BTreeMap::new();
        for row in rows {
            sets.entry(row.expense_operation_id.clone()).or_default().push(row);
        }
        let ids: Vec<&str> = sets.keys().map(String::as_str).collect();
        let expenses = list_expense_facts(conn, department_id, &ids).await?;
        let is_there = |id: &str| expenses.get(id).is_some_and(|expense| expense.is_active);
        let orphaned: Vec<&str> = ids.iter().copied().filter(|id| !is_there(id)).collect();
        note_orphaned_details(conn, department_id, &orphaned).await?;
        let mut known: HashMap<String, Vec<KnownDetail>> = HashMap::new();
        for detail in list_details_of(conn, department_id, &ids).await? {
            known.entry(detail.expense_operation_id.clone()).or_default().push(detail);
        }
        let (mut vanished, mut fresh, mut linked): (Vec<i64>, Vec<NewExpenseDetail>, Vec<_>) =
            (Vec::new(), Vec::new(), Vec::new());
        let now = utc_now();
        for (expense_operation_id, rows) in sets {
            if let Some(expense) = expenses.get(&expense_operation_id) {
                self.note_organization(expense.organization_id, expense.document_date);
            }
            let mut stored: HashSet<(i64, i32)> = HashSet::new();
            let known = known.remove(&expense_operation_id).unwrap_or_default();
            stored.extend(known.iter().map(|detail| (detail.fingerprint, detail.occurrence)));
            let mut occurrences: HashMap<i64, i32> = HashMap::new();
            let mut wanted: HashSet<(i64, i32)> = HashSet::new();
            let mut inserted = 0;
            for row in rows {
                let fingerprint = fingerprint(&row);
                let next = occurrences.entry(fingerprint).or_default();
                let occurrence = *next;
                *next += 1;
                wanted.insert((fingerprint, occurrence));
                if stored.contains(&(fingerprint, occurrence)) {
                    self.counts.unchanged += 1;
                    continue;
                }
                inserted += 1;
                if let Some(expense) = expenses.get(&expense_operation_id) {
                    linked.extend(row.contract.clone().map(|contract| (fresh.len(), contract, expense)));
                }
                fresh.push(NewExpenseDetail {
                    department_id,
                    expense_operation_id: row.expense_operation_id,
                    contract_id: None,
                    contract_alias_id: None,
                    contract_text: row.contract.map(|contract| contract.spelling),
                    repayment_type: row.repayment_type,
                    settlement_account: row.settlement_account,
                    advance_account: row.advance_account,
                    payment_type: row.payment_type,
                    amount: row.amount.kopecks(),
                    settled_amount: settled_amount(row.amount, row.settlement_amount, row.settlement_rate.as_deref())
                        .map(Money::kopecks),
                    settlement_rate: row.settlement_rate,
                    settlement_amount: row.settlement_amount.map(Money::kopecks),
                    vat_amount: row.vat_amount.map(Money::kopecks),
                    expense_amount: row.expense_amount.map(Money::kopecks),
                    included_vat: row.included_vat.map(Money::kopecks),
                    expense_item: row.expense_item,
                    fingerprint,
                    occurrence,
                    created_at: now,
                });
            }
            let gone = known.iter().filter(|detail| !wanted.contains(&(detail.fingerprint, detail.occurrence)));
            let gone: Vec<&KnownDetail> = gone.collect();
            self.touched_contracts.extend(gone.iter().filter_map(|detail| detail.contract_id));
            let updated = gone.len().min(inserted);
            self.counts.updated += updated;
            self.counts.inserted += inserted - updated;
            self.counts.deleted += gone.len() - updated;
            if let Some(expense) = expenses.get(&expense_operation_id).filter(|_| inserted + gone.len() > 0) {
                self.touched.touch(expense.organization_id, expense.document_date);
                self.touched_contracts.extend(expense.contract_id);
            }
            vanished.extend(gone.iter().map(|detail| detail.id));
        }
        let (mut places, mut references): (Vec<usize>, Vec<Reference<'_>>) = (Vec::new(), Vec::new());
        for (at, contract, expense) in &linked {
            if let Some(reference) = self.directory.reference_of_detail(expense, contract) {
                places.push(*at);
                references.push(reference);
            }
        }
        let contracts = self.directory.contracts(conn, &references).await?;
        for (at, contract) in places.into_iter().zip(contracts) {
            self.touched_contracts.insert(contract.target_id);
            if let Some(detail) = fresh.get_mut(at) {
                (detail.contract_id, detail.contract_alias_id) = (Some(contract.target_id), Some(contract.id));
            }
        }
        delete_expense_details(conn, department_id, &vanished).await?;
        insert_expense_details(conn, fresh).await
    }
}
