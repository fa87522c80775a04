//! Receipts and expenses: upserted on their operation id.

use std::collections::HashMap;

use serde::Serialize;

use super::{Loader, fingerprint};
use crate::db::{
    DbConn, DbError, KnownOperation, NewExpense, NewReceipt, OperationTable,
    forget_orphaned_details, link_details_to_contract, list_known_expenses, list_known_receipts,
    list_linkable_details, move_operations_to_version, upsert_expenses, upsert_receipts, utc_now,
};
use crate::domain::{ContractRef, Money, settled_amount};
use crate::import::load::parties::{PartyIds, PartyNames, Reference};
use crate::import::workbook::{ExpenseRow, ReceiptRow};

/// A row that has to be written.
struct PendingWrite<R> {
    row: R,
    fingerprint: i64,
    /// Whether its operation id is not known yet.
    is_new: bool,
}

impl Loader {
    /// Upserts rows of a receipts export.
    pub(super) async fn take_receipts(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<ReceiptRow>,
    ) -> Result<(), DbError> {
        let department_id = self.department_id;
        let ids: Vec<&str> = rows.iter().map(|row| row.operation_id.as_str()).collect();
        let known = match self.has_operations {
            true => list_known_receipts(conn, department_id, &ids).await?,
            false => HashMap::new(),
        };
        let pending = self
            .pending_writes(conn, OperationTable::Receipts, rows, &known)
            .await?;
        let version = self.snapshot.version();
        let names: Vec<PartyNames<'_>> = pending
            .iter()
            .map(|write| PartyNames::from(&write.row))
            .collect();
        let parties = self.directory.parties(conn, &names).await?;
        let (mut fresh, mut changed) = (Vec::new(), Vec::new());
        let now = utc_now();
        for (
            PendingWrite {
                row,
                fingerprint,
                is_new,
            },
            parties,
        ) in pending.into_iter().zip(parties)
        {
            let PartyIds {
                organization,
                bank_account,
                lender,
                contract,
            } = parties;
            let organization_id = organization.target_id;
            self.note_organization(organization_id, row.document_date);
            self.touched.touch(organization_id, row.document_date);
            self.touched_contracts.insert(contract.target_id);
            let rows = if is_new { &mut fresh } else { &mut changed };
            rows.push(NewReceipt {
                department_id,
                organization_id,
                bank_account_id: bank_account.map(|alias| alias.target_id),
                contract_id: Some(contract.target_id),
                organization_alias_id: Some(organization.id),
                bank_account_alias_id: bank_account.map(|alias| alias.id),
                contract_alias_id: Some(contract.id),
                lender_alias_id: lender.map(|alias| alias.id),
                operation_id: row.operation_id,
                document_date: row.document_date,
                operation_type: row.operation_type,
                account: row.account,
                document_number: row.document_number,
                payer: row.payer,
                payer_account: row.payer_account,
                settlement_account: row.settlement_account,
                settled_amount: settled_amount(
                    row.amount,
                    row.settlement_amount,
                    row.settlement_rate.as_deref(),
                )
                .map(Money::kopecks),
                settlement_rate: row.settlement_rate,
                settlement_amount: row.settlement_amount.map(Money::kopecks),
                contract_date: row
                    .contract
                    .as_ref()
                    .and_then(|contract| contract.date)
                    .or(row.contract_date),
                contract_text: row.contract.map(|contract| contract.spelling),
                currency: row.currency.as_str().to_owned(),
                amount: row.amount.kopecks(),
                commission: row.commission.map(Money::kopecks),
                income_item: row.income_item,
                payment_purpose: row.payment_purpose,
                responsible: row.responsible,
                comment: row.comment,
                is_active: true,
                fingerprint,
                snapshot_id: version.snapshot_id,
                version_at: version.version_at,
                created_at: now,
                updated_at: now,
            });
        }
        upsert_receipts(conn, fresh, true).await?;
        upsert_receipts(conn, changed, false).await
    }

    /// Upserts rows of an expenses export, and gives the details that waited for them their
    /// contracts.
    pub(super) async fn take_expenses(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<ExpenseRow>,
    ) -> Result<(), DbError> {
        let department_id = self.department_id;
        let ids: Vec<&str> = rows.iter().map(|row| row.operation_id.as_str()).collect();
        let known = match self.has_operations {
            true => list_known_expenses(conn, department_id, &ids).await?,
            false => HashMap::new(),
        };
        let pending = self
            .pending_writes(conn, OperationTable::Expenses, rows, &known)
            .await?;
        let version = self.snapshot.version();
        let names: Vec<PartyNames<'_>> = pending
            .iter()
            .map(|write| PartyNames::from(&write.row))
            .collect();
        let parties = self.directory.parties(conn, &names).await?;
        let (mut fresh, mut changed) = (Vec::new(), Vec::new());
        let now = utc_now();
        for (
            PendingWrite {
                row,
                fingerprint,
                is_new,
            },
            parties,
        ) in pending.into_iter().zip(parties)
        {
            let PartyIds {
                organization,
                bank_account,
                lender,
                contract,
            } = parties;
            let organization_id = organization.target_id;
            self.note_organization(organization_id, row.document_date);
            self.touched.touch(organization_id, row.document_date);
            self.touched_contracts.insert(contract.target_id);
            let rows = if is_new { &mut fresh } else { &mut changed };
            rows.push(NewExpense {
                department_id,
                organization_id,
                bank_account_id: bank_account.map(|alias| alias.target_id),
                contract_id: Some(contract.target_id),
                organization_alias_id: Some(organization.id),
                bank_account_alias_id: bank_account.map(|alias| alias.id),
                contract_alias_id: Some(contract.id),
                lender_alias_id: lender.map(|alias| alias.id),
                operation_id: row.operation_id,
                document_date: row.document_date,
                operation_type: row.operation_type,
                account: row.account,
                document_number: row.document_number,
                recipient: row.recipient,
                recipient_account: row.recipient_account,
                debit_account: row.debit_account,
                contract_date: row
                    .contract
                    .as_ref()
                    .and_then(|contract| contract.date)
                    .or(row.contract_date),
                contract_text: row.contract.map(|contract| contract.spelling),
                currency: row.currency.as_str().to_owned(),
                amount: row.amount.kopecks(),
                expense_item: row.expense_item,
                payment_purpose: row.payment_purpose,
                responsible: row.responsible,
                comment: row.comment,
                tax_period: row.tax_period,
                unconfirmed_by_bank: row.unconfirmed_by_bank,
                is_active: true,
                fingerprint,
                snapshot_id: version.snapshot_id,
                version_at: version.version_at,
                created_at: now,
                updated_at: now,
            });
        }
        let ids: Vec<String> = match self.has_details {
            true => fresh
                .iter()
                .chain(&changed)
                .map(|expense: &NewExpense| expense.operation_id.clone())
                .collect(),
            false => Vec::new(),
        };
        upsert_expenses(conn, fresh, true).await?;
        upsert_expenses(conn, changed, false).await?;
        self.link_details(conn, &ids).await
    }

    /// A detail's contract belongs to the organization of its expense: details that came first, or
    /// whose expense went to another organization or lender, get theirs now.
    async fn link_details(
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
        let (mut linkable, mut references): (Vec<_>, Vec<Reference<'_>>) = (Vec::new(), Vec::new());
        for (detail, contract) in details.iter().zip(&texts) {
            let reference = contract
                .as_ref()
                .and_then(|to| self.directory.reference_of_detail(&detail.expense, to));
            if let Some(reference) = reference {
                linkable.push(detail);
                references.push(reference);
            }
        }
        let contracts = self.directory.contracts(conn, &references).await?;
        let mut by_contract: HashMap<(i64, i64), Vec<i64>> = HashMap::new();
        for (detail, contract) in linkable.into_iter().zip(contracts) {
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

    /// Returns the rows that have to be written. Those that are stored as they are may get the
    /// file's version.
    async fn pending_writes<R: Serialize + NamesOperation>(
        &mut self,
        conn: &mut DbConn,
        table: OperationTable,
        rows: Vec<R>,
        known: &HashMap<String, KnownOperation>,
    ) -> Result<Vec<PendingWrite<R>>, DbError> {
        self.snapshot
            .meet(conn, known.values().map(|stored| stored.version))
            .await?;
        let (mut pending, mut confirmed) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            if !self.organization_names.contains(row.organization()) {
                self.organization_names
                    .insert(row.organization().to_owned());
            }
            let fingerprint = fingerprint(&row);
            let stored = known.get(row.operation_id());
            let is_stored =
                stored.is_some_and(|stored| stored.is_active && stored.fingerprint == fingerprint);
            if self.needs_write(stored, is_stored, row.organization()) {
                pending.push(PendingWrite {
                    row,
                    fingerprint,
                    is_new: stored.is_none(),
                });
            } else if is_stored
                && stored.is_some_and(|stored| self.snapshot.takes_over(stored.version))
            {
                confirmed.push(row.operation_id().to_owned());
            }
        }
        move_operations_to_version(
            conn,
            table,
            self.department_id,
            &confirmed,
            self.snapshot.version(),
        )
        .await?;
        Ok(pending)
    }

    /// Counts a row against what is stored under its id and says whether it has to be written: not
    /// if that is the same, or newer. The month that a changed row leaves is touched.
    fn needs_write(
        &mut self,
        known: Option<&KnownOperation>,
        is_stored: bool,
        organization: &str,
    ) -> bool {
        match known {
            None => match self
                .directory
                .organization_id(organization)
                .filter(|id| self.snapshot.lacks(*id))
            {
                Some(organization_id) => {
                    self.counts.left_alone += 1;
                    self.snapshot.leave_out(organization_id, 1);
                    return false;
                }
                None => self.counts.inserted += 1,
            },
            Some(stored) if is_stored => {
                self.counts.unchanged += 1;
                self.note_organization(stored.organization_id, stored.document_date);
                return false;
            }
            Some(stored) if self.snapshot.is_older_than(stored.version) => {
                self.counts.left_alone += 1;
                self.snapshot.leave_alone(stored.version, 1);
                self.note_organization(stored.organization_id, stored.document_date);
                return false;
            }
            Some(stored) => {
                self.counts.updated += 1;
                self.snapshot.overwrite(stored.version);
                self.touched
                    .touch(stored.organization_id, stored.document_date);
                self.touched_contracts.extend(stored.contract_id);
            }
        }
        true
    }
}

/// A row that stands for an operation.
trait NamesOperation {
    fn operation_id(&self) -> &str;
    fn organization(&self) -> &str;
}

impl NamesOperation for ReceiptRow {
    fn operation_id(&self) -> &str {
        &self.operation_id
    }

    fn organization(&self) -> &str {
        &self.organization
    }
}

impl NamesOperation for ExpenseRow {
    fn operation_id(&self) -> &str {
        &self.operation_id
    }

    fn organization(&self) -> &str {
        &self.organization
    }
}

impl<'r> From<&'r ReceiptRow> for PartyNames<'r> {
    fn from(row: &'r ReceiptRow) -> PartyNames<'r> {
        PartyNames {
            organization: &row.organization,
            bank_account: row.bank_account.as_deref(),
            lender: row.payer.as_deref(),
            lender_inn: row.payer_inn.as_deref(),
            contract: row.contract.as_ref(),
        }
    }
}

impl<'r> From<&'r ExpenseRow> for PartyNames<'r> {
    fn from(row: &'r ExpenseRow) -> PartyNames<'r> {
        PartyNames {
            organization: &row.organization,
            bank_account: row.bank_account.as_deref(),
            lender: row.recipient.as_deref(),
            lender_inn: row.recipient_inn.as_deref(),
            contract: row.contract.as_ref(),
        }
    }
}
