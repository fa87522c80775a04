//! The rows of a receipts export.

use chrono::NaiveDate;
use serde::Serialize;

use super::cells::RowCells;
use super::headings::{Heading, deciding, descriptive, required};
use super::operation::document_date;
use super::{Reject, Row, Rows};
use crate::domain::{ContractRef, Currency, Money, valid_inn};

/// A receipt as 1C writes it.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the table's columns")]
pub struct ReceiptRow {
    pub operation_id: String,
    pub organization: String,
    pub operation_type: Option<String>,
    pub bank_account: Option<String>,
    pub account: Option<String>,
    pub document_number: Option<String>,
    pub document_date: Option<NaiveDate>,
    pub payer: Option<String>,
    pub payer_account: Option<String>,
    pub settlement_account: Option<String>,
    pub contract: Option<ContractRef>,
    pub contract_date: Option<NaiveDate>,
    pub currency: Currency,
    pub amount: Money,
    pub commission: Option<Money>,
    pub income_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    pub comment: Option<String>,
    // Left out of the content when absent: a row that has neither keeps the fingerprint that it was
    // stored with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_amount: Option<Money>,
    /// What is damaged is left out: it decides nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer_inn: Option<String>,
}

const OPERATION_ID: usize = 0;
const ORGANIZATION: usize = 1;
const AMOUNT: usize = 2;
const OPERATION_TYPE: usize = 3;
const BANK_ACCOUNT: usize = 4;
const ACCOUNT: usize = 5;
const DOCUMENT_NUMBER: usize = 6;
const DOCUMENT_DATE: usize = 7;
const PAYER: usize = 8;
const PAYER_ACCOUNT: usize = 9;
const SETTLEMENT_ACCOUNT: usize = 10;
const CONTRACT: usize = 11;
const CONTRACT_DATE: usize = 12;
const CURRENCY: usize = 13;
const COMMISSION: usize = 14;
const INCOME_ITEM: usize = 15;
const PAYMENT_PURPOSE: usize = 16;
const RESPONSIBLE: usize = 17;
const COMMENT: usize = 18;
const SETTLEMENT_RATE: usize = 19;
const SETTLEMENT_AMOUNT: usize = 20;
const PAYER_INN: usize = 21;

impl Row for ReceiptRow {
    const HEADINGS: &'static [Heading] = &[
        required(&["Поступление на расчетный счет"]),
        required(&["Организация"]),
        required(&["Сумма"]),
        deciding(&["Вид операции"]),
        deciding(&["Банковский счет"]),
        descriptive(&["Счет учета"]),
        descriptive(&["Номер входящего документа", "Вх. номер"]),
        deciding(&["Дата входящего документа", "Вх. дата"]),
        deciding(&["Плательщик"]),
        descriptive(&["Счет плательщика"]),
        deciding(&["Счет расчетов"]),
        deciding(&["Договор"]),
        deciding(&["Дата договора"]),
        deciding(&["Валюта"]),
        deciding(&["Комиссия"]),
        descriptive(&["Статья доходов"]),
        descriptive(&["Назначение платежа"]),
        descriptive(&["Ответственный"]),
        descriptive(&["Комментарий"]),
        deciding(&["Курс расчетов"]),
        deciding(&["Сумма расчетов"]),
        descriptive(&["ИНН плательщика"]),
    ];
    const ACCOUNTS: &'static [usize] = &[PAYER_ACCOUNT, PAYER_INN];
    const AMOUNT: usize = AMOUNT;
    const ID: usize = OPERATION_ID;
    const IS_UNIQUE: bool = true;

    fn read(cells: &RowCells<'_, '_>) -> Result<ReceiptRow, Reject> {
        let operation_id = cells.required_identifier(OPERATION_ID)?;
        let contract_date = cells.date(CONTRACT_DATE, None)?;
        Ok(ReceiptRow {
            organization: cells.required_text(ORGANIZATION)?,
            operation_type: cells.text(OPERATION_TYPE)?,
            bank_account: cells.identifier(BANK_ACCOUNT)?,
            account: cells.text(ACCOUNT)?,
            document_number: cells.text(DOCUMENT_NUMBER)?,
            document_date: document_date(cells, DOCUMENT_DATE, OPERATION_ID, &operation_id)?,
            payer: cells.text(PAYER)?,
            payer_account: cells.identifier(PAYER_ACCOUNT)?,
            settlement_account: cells.text(SETTLEMENT_ACCOUNT)?,
            contract: cells
                .identifier(CONTRACT)?
                .and_then(|text| ContractRef::parse(&text, contract_date)),
            contract_date,
            currency: cells.currency(CURRENCY)?,
            amount: cells.required_amount(AMOUNT)?,
            commission: cells.amount(COMMISSION)?,
            income_item: cells.text(INCOME_ITEM)?,
            payment_purpose: cells.lines(PAYMENT_PURPOSE),
            responsible: cells.text(RESPONSIBLE)?,
            comment: cells.lines(COMMENT),
            settlement_rate: cells.rate(SETTLEMENT_RATE)?,
            settlement_amount: cells.amount(SETTLEMENT_AMOUNT)?,
            payer_inn: cells
                .identifier(PAYER_INN)?
                .and_then(|text| valid_inn(&text)),
            operation_id,
        })
    }

    fn wrapped(rows: Vec<ReceiptRow>) -> Rows {
        Rows::Receipts(rows)
    }
}
