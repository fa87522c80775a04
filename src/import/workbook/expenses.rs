//! The rows of a expenses export.

use chrono::NaiveDate;
use serde::Serialize;

use super::cells::RowCells;
use super::headings::{Heading, deciding, descriptive, required};
use super::operation::document_date;
use super::{Reject, Row, Rows};
use crate::domain::{ContractRef, Currency, Money, valid_inn};

/// An expense as 1C writes it.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the table's columns")]
pub struct ExpenseRow {
    pub operation_id: String,
    pub organization: String,
    pub operation_type: Option<String>,
    pub bank_account: Option<String>,
    pub account: Option<String>,
    pub document_number: Option<String>,
    pub document_date: Option<NaiveDate>,
    pub recipient: Option<String>,
    pub recipient_account: Option<String>,
    pub debit_account: Option<String>,
    pub contract: Option<ContractRef>,
    pub contract_date: Option<NaiveDate>,
    pub currency: Currency,
    pub amount: Money,
    pub expense_item: Option<String>,
    pub payment_purpose: Option<String>,
    pub responsible: Option<String>,
    pub comment: Option<String>,
    pub tax_period: Option<String>,
    pub unconfirmed_by_bank: Option<bool>,
    /// What is damaged is left out: it decides nothing. A row without keeps the fingerprint that it
    /// was stored with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_inn: Option<String>,
}

const OPERATION_ID: usize = 0;
const ORGANIZATION: usize = 1;
const AMOUNT: usize = 2;
const OPERATION_TYPE: usize = 3;
const BANK_ACCOUNT: usize = 4;
const ACCOUNT: usize = 5;
const DOCUMENT_NUMBER: usize = 6;
const DOCUMENT_DATE: usize = 7;
const RECIPIENT: usize = 8;
const RECIPIENT_ACCOUNT: usize = 9;
const DEBIT_ACCOUNT: usize = 10;
const CONTRACT: usize = 11;
const CONTRACT_DATE: usize = 12;
const CURRENCY: usize = 13;
const EXPENSE_ITEM: usize = 14;
const PAYMENT_PURPOSE: usize = 15;
const RESPONSIBLE: usize = 16;
const COMMENT: usize = 17;
const TAX_PERIOD: usize = 18;
const UNCONFIRMED_BY_BANK: usize = 19;
const RECIPIENT_INN: usize = 20;

impl Row for ExpenseRow {
    const HEADINGS: &'static [Heading] = &[
        required(&["Списание с расчетного счета"]),
        required(&["Организация"]),
        required(&["Сумма"]),
        deciding(&["Вид операции"]),
        deciding(&["Банковский счет"]),
        descriptive(&["Счет учета"]),
        descriptive(&["Вх. номер", "Номер входящего документа"]),
        deciding(&["Вх. дата", "Дата входящего документа"]),
        deciding(&["Получатель"]),
        descriptive(&["Счет получателя"]),
        deciding(&["Счет дебета"]),
        deciding(&["Договор"]),
        deciding(&["Дата договора"]),
        deciding(&["Валюта"]),
        descriptive(&["Статья расходов"]),
        descriptive(&["Назначение платежа"]),
        descriptive(&["Ответственный"]),
        descriptive(&["Комментарий"]),
        descriptive(&["Налоговый период"]),
        deciding(&["Не подтверждено выпиской банка", "Не подтверждено банком"]),
        descriptive(&["ИНН получателя"]),
    ];
    const ACCOUNTS: &'static [usize] = &[RECIPIENT_ACCOUNT, RECIPIENT_INN];
    const AMOUNT: usize = AMOUNT;
    const ID: usize = OPERATION_ID;
    const IS_UNIQUE: bool = true;

    fn read(cells: &RowCells<'_, '_>) -> Result<ExpenseRow, Reject> {
        let operation_id = cells.required_identifier(OPERATION_ID)?;
        let contract_date = cells.date(CONTRACT_DATE, None)?;
        Ok(ExpenseRow {
            organization: cells.required_text(ORGANIZATION)?,
            operation_type: cells.text(OPERATION_TYPE)?,
            bank_account: cells.identifier(BANK_ACCOUNT)?,
            account: cells.text(ACCOUNT)?,
            document_number: cells.text(DOCUMENT_NUMBER)?,
            document_date: document_date(cells, DOCUMENT_DATE, OPERATION_ID, &operation_id)?,
            recipient: cells.text(RECIPIENT)?,
            recipient_account: cells.identifier(RECIPIENT_ACCOUNT)?,
            debit_account: cells.text(DEBIT_ACCOUNT)?,
            contract: cells
                .identifier(CONTRACT)?
                .and_then(|text| ContractRef::parse(&text, contract_date)),
            contract_date,
            currency: cells.currency(CURRENCY)?,
            amount: cells.required_amount(AMOUNT)?,
            expense_item: cells.text(EXPENSE_ITEM)?,
            payment_purpose: cells.lines(PAYMENT_PURPOSE),
            responsible: cells.text(RESPONSIBLE)?,
            comment: cells.lines(COMMENT),
            tax_period: cells.text(TAX_PERIOD)?,
            unconfirmed_by_bank: cells.flag(UNCONFIRMED_BY_BANK)?,
            recipient_inn: cells
                .identifier(RECIPIENT_INN)?
                .and_then(|text| valid_inn(&text)),
            operation_id,
        })
    }

    fn wrapped(rows: Vec<ExpenseRow>) -> Rows {
        Rows::Expenses(rows)
    }
}
