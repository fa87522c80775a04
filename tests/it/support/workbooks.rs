//! Builders of workbooks, written the way 1C writes them.

use std::io::{Cursor, Read, Write};

use credit_portfolio::demo::{Cell, Sheet};
use serde_json::Value;
use zip::write::SimpleFileOptions;

/// A receipt or an expense; `an_expense(7).on("05.03.2024").amounting_to(100_00)`.
#[derive(Clone, Debug)]
pub struct Operation {
    pub document: &'static str,
    pub serial: u32,
    pub organization: String,
    pub date: String,
    pub amount: Cell,
    pub contract: String,
    pub counterparty: String,
    pub currency: String,
    pub bank_account: String,
    pub inn: Option<String>,
}

pub fn a_receipt(serial: u32) -> Operation {
    Operation::numbered("Поступление на расчетный счет", serial)
}

pub fn an_expense(serial: u32) -> Operation {
    Operation::numbered("Списание с расчетного счета", serial)
}

impl Operation {
    fn numbered(document: &'static str, serial: u32) -> Operation {
        Operation {
            document,
            serial,
            organization: "ООО «Ромашка»".to_owned(),
            date: "05.03.2024".to_owned(),
            amount: Cell::amount(100_00),
            contract: "Договор займа № 1 от 01.02.2024".to_owned(),
            counterparty: "ПАО «Банк»".to_owned(),
            currency: "руб.".to_owned(),
            bank_account: "40702810900000000001, ПАО «Банк»".to_owned(),
            inn: None,
        }
    }

    /// `05.03.2024`; empty: the date in the id stands in.
    pub fn on(mut self, date: &str) -> Operation {
        self.date = date.to_owned();
        self
    }

    /// In kopecks.
    pub fn amounting_to(mut self, kopecks: i64) -> Operation {
        self.amount = Cell::amount(kopecks);
        self
    }

    pub fn with_amount_cell(mut self, cell: Cell) -> Operation {
        self.amount = cell;
        self
    }

    pub fn of(mut self, organization: &str) -> Operation {
        self.organization = organization.to_owned();
        self
    }

    pub fn under(mut self, contract: &str) -> Operation {
        self.contract = contract.to_owned();
        self
    }

    pub fn with(mut self, counterparty: &str) -> Operation {
        self.counterparty = counterparty.to_owned();
        self
    }

    /// The counterparty's INN.
    pub fn with_inn(mut self, inn: &str) -> Operation {
        self.inn = Some(inn.to_owned());
        self
    }

    pub fn in_currency(mut self, currency: &str) -> Operation {
        self.currency = currency.to_owned();
        self
    }

    /// The operation id.
    pub fn id(&self) -> String {
        format!(
            "{} 0000-{:06} от 05.03.2024 12:00:00",
            self.document, self.serial
        )
    }
}

/// One part of an expense.
#[derive(Clone, Debug)]
pub struct Detail {
    pub expense: u32,
    pub contract: String,
    pub payment_type: String,
    pub amount: i64,
}

pub fn principal(expense: u32, kopecks: i64) -> Detail {
    Detail::of(expense, "Погашение долга", kopecks)
}

pub fn interest(expense: u32, kopecks: i64) -> Detail {
    Detail::of(expense, "Уплата процентов", kopecks)
}

impl Detail {
    pub fn of(expense: u32, payment_type: &str, amount: i64) -> Detail {
        let contract = "1 от 01.02.2024г.".to_owned();
        Detail {
            expense,
            contract,
            payment_type: payment_type.to_owned(),
            amount,
        }
    }

    pub fn under(mut self, contract: &str) -> Detail {
        self.contract = contract.to_owned();
        self
    }
}

/// A receipts export, without the row `Итого`.
pub fn receipts_sheet(rows: &[Operation]) -> Sheet {
    operations_sheet(
        "Поступление на расчетный счет",
        "Дата входящего документа",
        "Плательщик",
        "Получение кредита в банке",
        rows,
    )
}

/// An expenses export, without the row `Итого`.
pub fn expenses_sheet(rows: &[Operation]) -> Sheet {
    operations_sheet(
        "Списание с расчетного счета",
        "Вх. дата",
        "Получатель",
        "Возврат кредита банку",
        rows,
    )
}

/// The column of the amounts in both.
pub const AMOUNT_COLUMN: usize = 7;

fn operations_sheet(
    id: &str,
    date: &str,
    counterparty: &str,
    operation_type: &str,
    rows: &[Operation],
) -> Sheet {
    let mut headings = vec![
        id,
        "Организация",
        "Вид операции",
        date,
        counterparty,
        "Договор",
        "Валюта",
        "Сумма",
        "Банковский счет",
    ];
    let has_inns = rows.iter().any(|row| row.inn.is_some());
    if has_inns {
        headings.push(if counterparty == "Плательщик" {
            "ИНН плательщика"
        } else {
            "ИНН получателя"
        });
    }
    let mut sheet = Sheet::new(&headings);
    for row in rows {
        sheet.rows.push(vec![
            text(&row.id()),
            text(&row.organization),
            text(operation_type),
            text(&row.date),
            text(&row.counterparty),
            text(&row.contract),
            text(&row.currency),
            row.amount.clone(),
            text(&row.bank_account),
        ]);
        if let (true, Some(cells)) = (has_inns, sheet.rows.last_mut()) {
            cells.push(row.inn.as_deref().map_or(Cell::Empty, text));
        }
    }
    sheet
}

/// An expense details export, without the row `Итого`.
pub fn details_sheet(rows: &[Detail]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "Списание с расчетного счета",
        "Договор",
        "Вид платежа по кредитам займам",
        "Сумма платежа",
    ]);
    for row in rows {
        let id = an_expense(row.expense).id();
        sheet.rows.push(vec![
            text(&id),
            text(&row.contract),
            text(&row.payment_type),
            Cell::amount(row.amount),
        ]);
    }
    sheet
}

pub fn receipts(rows: &[Operation]) -> Vec<u8> {
    receipts_sheet(rows).to_xlsx().unwrap()
}

pub fn expenses(rows: &[Operation]) -> Vec<u8> {
    expenses_sheet(rows).to_xlsx().unwrap()
}

pub fn details(rows: &[Detail]) -> Vec<u8> {
    details_sheet(rows).to_xlsx().unwrap()
}

/// Kopecks of a JSON number, digit by digit.
pub fn kopecks(value: &Value) -> i64 {
    let text = value.to_string();
    let (units, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if units.starts_with('-') { -1 } else { 1 };
    units.parse::<i64>().unwrap() * 100 + sign * format!("{decimals:0<2}").parse::<i64>().unwrap()
}

fn text(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::text(text)
    }
}

/// A workbook in which one part is rewritten by `write`, which gets what it was.
pub fn with_part_of(whole: &[u8], name: &str, write: impl Fn(&[u8], &mut dyn Write)) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
    let mut changed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let part_name = part.name().unwrap().into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        // Some parts are gigabytes: quickly rather than well.
        let options = SimpleFileOptions::default().compression_level(Some(4));
        changed.start_file(part_name.as_str(), options).unwrap();
        if part_name == name {
            write(&content, &mut changed);
        } else {
            changed.write_all(&content).unwrap();
        }
    }
    changed.finish().unwrap().into_inner()
}
