//! How a row of a receipts export is stored.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{OperationRow, Origin, contract_date};
use crate::db::{
    DbConn, DbError, KnownOperation, NewReceipt, OperationTable, list_known_receipts,
    upsert_receipts,
};
use crate::domain::{Money, settled_amount};
use crate::import::load::parties::{PartyIds, PartyNames};
use crate::import::workbook::ReceiptRow;

impl OperationRow for ReceiptRow {
    const TABLE: OperationTable = OperationTable::Receipts;
    const HAS_DETAILS: bool = false;
    type Stored = NewReceipt;

    fn operation_id(&self) -> &str {
        &self.operation_id
    }

    fn document_date(&self) -> Option<NaiveDate> {
        self.document_date
    }

    fn party_names(&self) -> PartyNames<'_> {
        PartyNames {
            organization: &self.organization,
            bank_account: self.bank_account.as_deref(),
            lender: self.payer.as_deref(),
            lender_inn: self.payer_inn.as_deref(),
            contract: self.contract.as_ref(),
        }
    }

    fn into_stored(self, origin: Origin) -> NewReceipt {
        let PartyIds {
            organization,
            bank_account,
            lender,
            contract,
        } = origin.parties;
        NewReceipt {
            department_id: origin.department_id,
            organization_id: organization.target_id,
            bank_account_id: bank_account.map(|alias| alias.target_id),
            contract_id: Some(contract.target_id),
            organization_alias_id: Some(organization.id),
            bank_account_alias_id: bank_account.map(|alias| alias.id),
            contract_alias_id: Some(contract.id),
            lender_alias_id: lender.map(|alias| alias.id),
            operation_id: self.operation_id,
            document_date: self.document_date,
            operation_type: self.operation_type,
            account: self.account,
            document_number: self.document_number,
            payer: self.payer,
            payer_account: self.payer_account,
            settlement_account: self.settlement_account,
            settled_amount: settled_amount(
                self.amount,
                self.settlement_amount,
                self.settlement_rate.as_deref(),
            )
            .map(Money::kopecks),
            settlement_rate: self.settlement_rate,
            settlement_amount: self.settlement_amount.map(Money::kopecks),
            contract_date: contract_date(self.contract.as_ref(), self.contract_date),
            contract_text: self.contract.map(|contract| contract.spelling),
            currency: self.currency.as_str().to_owned(),
            amount: self.amount.kopecks(),
            commission: self.commission.map(Money::kopecks),
            income_item: self.income_item,
            payment_purpose: self.payment_purpose,
            responsible: self.responsible,
            comment: self.comment,
            is_active: true,
            fingerprint: origin.fingerprint,
            snapshot_id: origin.version.snapshot_id,
            version_at: origin.version.version_at,
            created_at: origin.stored_at,
            updated_at: origin.stored_at,
        }
    }

    async fn list_known(
        conn: &mut DbConn,
        department_id: i64,
        ids: &[&str],
    ) -> Result<HashMap<String, KnownOperation>, DbError> {
        list_known_receipts(conn, department_id, ids).await
    }

    async fn upsert(
        conn: &mut DbConn,
        rows: Vec<NewReceipt>,
        are_new: bool,
    ) -> Result<(), DbError> {
        upsert_receipts(conn, rows, are_new).await
    }
}
