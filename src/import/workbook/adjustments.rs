//! The rows of a workbook of adjustments: what exports do not hold. It is written by people, not by
//! 1C.

use chrono::NaiveDate;
use serde::Serialize;

use super::cells::RowCells;
use super::headings::{Heading, deciding, descriptive, required};
use super::{Reject, RejectCode, Row, Rows};
use crate::domain::{AdjustmentKind, ContractRef, Money};

/// An adjustment as the workbook states it. The amount is in the currency of its contract.
#[derive(Clone, Debug, Serialize)]
pub struct AdjustmentRow {
    pub contract: ContractRef,
    pub organization: String,
    pub counterparty: Option<String>,
    pub effective_date: NaiveDate,
    pub kind: &'static str,
    pub amount: Money,
    pub comment: Option<String>,
}

const CONTRACT: usize = 0;
const ORGANIZATION: usize = 1;
const DATE: usize = 2;
const KIND: usize = 3;
const AMOUNT: usize = 4;
const COUNTERPARTY: usize = 5;
const CONTRACT_DATE: usize = 6;
const COMMENT: usize = 7;

impl Row for AdjustmentRow {
    const HEADINGS: &'static [Heading] = &[
        required(&["Договор"]),
        required(&["Организация"]),
        required(&["Дата"]),
        required(&["Вид"]),
        required(&["Сумма"]),
        deciding(&["Контрагент"]),
        deciding(&["Дата договора"]),
        descriptive(&["Комментарий"]),
    ];
    const ACCOUNTS: &'static [usize] = &[];
    const AMOUNT: usize = AMOUNT;
    const ID: usize = CONTRACT;
    const NAMES_OPERATION: bool = false;
    /// Two equal adjustments are two.
    const IS_UNIQUE: bool = false;

    fn read(cells: &RowCells<'_, '_>) -> Result<AdjustmentRow, Reject> {
        let contract_date = cells.date(CONTRACT_DATE, None)?;
        let kind = cells.required_text(KIND)?;
        Ok(AdjustmentRow {
            contract: ContractRef::parse(&cells.required_identifier(CONTRACT)?, contract_date)
                .ok_or_else(|| cells.empty(CONTRACT))?,
            organization: cells.required_text(ORGANIZATION)?,
            counterparty: cells.text(COUNTERPARTY)?,
            effective_date: cells.required_date(DATE)?,
            kind: AdjustmentKind::of_name(&kind)
                .map(AdjustmentKind::as_str)
                .ok_or_else(|| {
                    let reason = "is no kind of adjustment; the template lists them";
                    cells.reject(KIND, RejectCode::UnknownValue, reason)
                })?,
            amount: cells.required_amount(AMOUNT)?,
            comment: cells.lines(COMMENT),
        })
    }

    fn wrapped(rows: Vec<AdjustmentRow>) -> Rows {
        Rows::Adjustments(rows)
    }
}

/// The headings of a workbook of adjustments, in the order of the template.
pub(crate) fn adjustment_headings() -> Vec<&'static str> {
    AdjustmentRow::HEADINGS
        .iter()
        .map(|heading| heading.names[0])
        .collect()
}
