//! The rows of an expense details export: what each expense paid.

use serde::{Deserialize, Serialize};

use super::cells::RowCells;
use super::headings::{Heading, deciding, descriptive, required};
use super::{Reject, Row, Rows};
use crate::domain::{ContractRef, Money, canonical_payment_type};

/// An expense detail as 1C writes it. Amounts are in the currency of its expense.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DetailRow {
    pub expense_operation_id: String,
    pub contract: Option<ContractRef>,
    pub repayment_type: Option<String>,
    pub settlement_account: Option<String>,
    pub advance_account: Option<String>,
    pub payment_type: Option<String>,
    pub amount: Money,
    pub settlement_rate: Option<String>,
    pub settlement_amount: Option<Money>,
    pub vat_amount: Option<Money>,
    pub expense_amount: Option<Money>,
    pub included_vat: Option<Money>,
    pub expense_item: Option<String>,
}

const EXPENSE_OPERATION_ID: usize = 0;
const AMOUNT: usize = 1;
const CONTRACT: usize = 2;
const REPAYMENT_TYPE: usize = 3;
const SETTLEMENT_ACCOUNT: usize = 4;
const ADVANCE_ACCOUNT: usize = 5;
const PAYMENT_TYPE: usize = 6;
const SETTLEMENT_RATE: usize = 7;
const SETTLEMENT_AMOUNT: usize = 8;
const VAT_AMOUNT: usize = 9;
const EXPENSE_AMOUNT: usize = 10;
const INCLUDED_VAT: usize = 11;
const EXPENSE_ITEM: usize = 12;

impl Row for DetailRow {
    const HEADINGS: &'static [Heading] = &[
        required(&["Списание с расчетного счета"]),
        required(&["Сумма платежа"]),
        deciding(&["Договор"]),
        deciding(&["Погашение задолженности"]),
        deciding(&["Счет расчетов"]),
        deciding(&["Счет авансов"]),
        deciding(&["Вид платежа по кредитам займам"]),
        deciding(&["Курс расчетов"]),
        deciding(&["Сумма расчетов"]),
        deciding(&["Сумма НДС"]),
        deciding(&["Сумма расходов"]),
        deciding(&["в т.ч. НДС"]),
        descriptive(&["Статья расходов"]),
    ];
    const ACCOUNTS: &'static [usize] = &[];
    const AMOUNT: usize = AMOUNT;
    const ID: usize = EXPENSE_OPERATION_ID;
    /// Two equal details of one expense are two payments.
    const IS_UNIQUE: bool = false;

    fn read(cells: &RowCells<'_, '_>) -> Result<DetailRow, Reject> {
        Ok(DetailRow {
            expense_operation_id: cells.required_identifier(EXPENSE_OPERATION_ID)?,
            contract: cells
                .identifier(CONTRACT)?
                .and_then(|text| ContractRef::parse(&text, None)),
            repayment_type: cells.text(REPAYMENT_TYPE)?,
            settlement_account: cells.text(SETTLEMENT_ACCOUNT)?,
            advance_account: cells.text(ADVANCE_ACCOUNT)?,
            payment_type: cells.text(PAYMENT_TYPE)?.map(canonical_payment_type),
            amount: cells.required_amount(AMOUNT)?,
            settlement_rate: cells.rate(SETTLEMENT_RATE)?,
            settlement_amount: cells.amount(SETTLEMENT_AMOUNT)?,
            vat_amount: cells.amount(VAT_AMOUNT)?,
            expense_amount: cells.amount(EXPENSE_AMOUNT)?,
            included_vat: cells.amount(INCLUDED_VAT)?,
            expense_item: cells.text(EXPENSE_ITEM)?,
        })
    }

    fn wrapped(rows: Vec<DetailRow>) -> Rows {
        Rows::Details(rows)
    }
}
