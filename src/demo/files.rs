//! The exports of an invented holding: three workbooks an organization, as 1C drops them.

use std::path::Path;

use anyhow::Context;
use chrono::{Months, NaiveDate};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::loans::{Loan, ORGANIZATIONS, Payment, ru};
use super::situations::write_situations;
use super::workbook_writer::{Cell, Sheet};

const YEARS_IN_MONTHS: u32 = 36;
const SEED: u64 = 0x1C_10A2;

pub(super) const RECEIPT_HEADINGS: [&str; 16] = [
    "Поступление на расчетный счет",
    "Организация",
    "Вид операции",
    "Банковский счет",
    "Счет учета",
    "Номер входящего документа",
    "Дата входящего документа",
    "Плательщик",
    "Счет плательщика",
    "Счет расчетов",
    "Договор",
    "Валюта",
    "Сумма",
    "Назначение платежа",
    "Ответственный",
    "Комментарий",
];
pub(super) const RECEIPT_AMOUNT: usize = 12;

/// 38 columns, as real exports have; the ones that nobody reads are there too.
pub(super) const EXPENSE_HEADINGS: [&str; 38] = [
    "Списание с расчетного счета",
    "Дата",
    "Номер",
    "Организация",
    "Вид операции",
    "Банковский счет",
    "Счет учета",
    "Вх. номер",
    "Вх. дата",
    "Получатель",
    "ИНН получателя",
    "КПП получателя",
    "Счет получателя",
    "Счет дебета",
    "Субконто 1",
    "Субконто 2",
    "Субконто 3",
    "Договор",
    "Валюта",
    "Сумма",
    "Сумма НДС",
    "Ставка НДС",
    "Курс",
    "Кратность",
    "Статья расходов",
    "Назначение платежа",
    "Очередность платежа",
    "Вид платежа",
    "Код назначения",
    "Подразделение",
    "Проект",
    "Ответственный",
    "Комментарий",
    "Налоговый период",
    "Статус",
    "Не подтверждено выпиской банка",
    "Изменено",
    "Загружено",
];
pub(super) const EXPENSE_AMOUNT: usize = 19;

pub(super) const DETAIL_HEADINGS: [&str; 13] = [
    "Списание с расчетного счета",
    "Договор",
    "Погашение задолженности",
    "Счет расчетов",
    "Счет авансов",
    "Вид платежа по кредитам займам",
    "Сумма платежа",
    "Курс расчетов",
    "Сумма расчетов",
    "Сумма НДС",
    "Сумма расходов",
    "в т.ч. НДС",
    "Статья расходов",
];
pub(super) const DETAIL_AMOUNT: usize = 6;

/// The loans of the holding and the day that its exports are of.
#[derive(Clone, Debug)]
pub struct Portfolio {
    loans: Vec<Loan>,
    today: NaiveDate,
}

/// The three sheets of one organization while they are filled.
struct Exports {
    organization: usize,
    receipts: (Sheet, i64),
    expenses: (Sheet, i64),
    details: (Sheet, i64),
    serial: usize,
}

impl Portfolio {
    /// Loans of three years until `today` that make about `rows` rows, shared out evenly. The
    /// same arguments give the same portfolio.
    pub fn invented(rows: usize, today: NaiveDate) -> Portfolio {
        let mut random = StdRng::seed_from_u64(SEED);
        let first = today - Months::new(YEARS_IN_MONTHS);
        let (mut loans, mut made) = (Vec::new(), 0);
        while made < rows || loans.len() < ORGANIZATIONS.len() {
            let loan = Loan::invented(
                &mut random,
                loans.len() % ORGANIZATIONS.len(),
                loans.len(),
                first,
                today,
            );
            made += 1 + 3 * loan.payments(today).len();
            loans.push(loan);
        }
        Portfolio { loans, today }
    }
}

/// Writes the exports into a folder, with what a real one holds beside them: a file that is still
/// empty, a temporary one, and one that is none of ours.
///
/// # Errors
/// When the folder can't be written to.
pub fn write_exports(portfolio: &Portfolio, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} can't be made", folder.display()))?;
    for organization in 0..ORGANIZATIONS.len() {
        let mut exports = Exports::new(organization);
        let loans = portfolio
            .loans
            .iter()
            .filter(|loan| loan.organization == organization);
        for (style, loan) in loans.enumerate() {
            exports.lend(loan, style);
            for payment in loan.payments(portfolio.today) {
                exports.pay(loan, style, payment);
            }
        }
        exports.write(folder)?;
    }
    write_situations(portfolio.today, folder)?;
    let other = [
        ("Sever - Postuplenie(novoe) XLSX.xlsx", ""),
        ("~$Yug - Spisanie XLSX.xlsx", "x"),
        ("readme.txt", "x"),
    ];
    for (name, content) in other {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}

/// An expenses export of one organization with so many rows and no total, to measure with.
pub fn expenses_export(rows: usize, today: NaiveDate) -> Sheet {
    let mut random = StdRng::seed_from_u64(SEED);
    let first = today - Months::new(YEARS_IN_MONTHS);
    let mut exports = Exports::new(0);
    for style in 0.. {
        let loan = Loan::invented(&mut random, 0, style, first, today);
        for payment in loan.payments(today) {
            if exports.expenses.0.rows.len() > rows {
                return exports.expenses.0;
            }
            exports.pay(&loan, style, payment);
            exports.details.0.rows.clear();
        }
    }
    exports.expenses.0
}

impl Exports {
    fn new(organization: usize) -> Exports {
        Exports {
            organization,
            receipts: (Sheet::new(&RECEIPT_HEADINGS), 0),
            expenses: (Sheet::new(&EXPENSE_HEADINGS), 0),
            details: (Sheet::new(&DETAIL_HEADINGS), 0),
            serial: 0,
        }
    }

    fn lend(&mut self, loan: &Loan, style: usize) {
        let operation_type = if loan.is_credit {
            "Получение кредита в банке"
        } else {
            "Получение займа от контрагента"
        };
        let id = self.operation_id("Поступление на расчетный счет", loan.date);
        let row = filled(&RECEIPT_HEADINGS, |heading| match heading {
            "Поступление на расчетный счет" => Cell::text(id.as_str()),
            "Организация" => Cell::text(ORGANIZATIONS[self.organization].0),
            "Вид операции" => Cell::text(operation_type),
            "Банковский счет" => Cell::text(self.bank_account()),
            "Счет учета" => Cell::text("51"),
            "Номер входящего документа" => {
                Cell::text(self.serial.to_string())
            }
            // Now and then 1C leaves it empty: the date in the id stands in.
            "Дата входящего документа" if !self.serial.is_multiple_of(5) => {
                Cell::text(ru(loan.date))
            }
            "Плательщик" => Cell::text(loan.lender),
            "Счет расчетов" => Cell::text("67.01"),
            "Договор" => Cell::text(loan.spelling(style)),
            "Валюта" => Cell::text(loan.currency),
            "Сумма" => Cell::amount(loan.principal),
            "Назначение платежа" => {
                Cell::text("Предоставление денежных средств по договору. Без НДС")
            }
            "Ответственный" => Cell::text("Иванова А. П."),
            _ => Cell::Empty,
        });
        self.receipts.0.rows.push(row);
        self.receipts.1 += loan.principal;
    }

    fn pay(&mut self, loan: &Loan, style: usize, payment: Payment) {
        let operation_type = if loan.is_credit {
            "Возврат кредита банку"
        } else {
            "Возврат займа контрагенту"
        };
        let amount = payment.principal + payment.interest;
        let id = self.operation_id("Списание с расчетного счета", payment.date);
        let row = filled(&EXPENSE_HEADINGS, |heading| match heading {
            "Списание с расчетного счета" => Cell::text(id.as_str()),
            "Организация" => Cell::text(ORGANIZATIONS[self.organization].0),
            "Вид операции" => Cell::text(operation_type),
            "Банковский счет" => Cell::text(self.bank_account()),
            "Счет учета" => Cell::text("51"),
            "Вх. номер" => Cell::text(self.serial.to_string()),
            "Вх. дата" if !self.serial.is_multiple_of(5) => Cell::text(ru(payment.date)),
            "Получатель" => Cell::text(loan.lender),
            "Счет дебета" => Cell::text("67.01"),
            "Договор" => Cell::text(loan.spelling(style)),
            "Валюта" => Cell::text(loan.currency),
            // As a text with comma and no-break spaces, which 1C does now and then.
            "Сумма" if self.serial % 50 == 7 => Cell::text(spaced(amount)),
            "Сумма" => Cell::amount(amount),
            "Ставка НДС" => Cell::text("Без НДС"),
            "Назначение платежа" => {
                Cell::text("Погашение задолженности и процентов по договору. Без НДС")
            }
            "Ответственный" => Cell::text("Петров И. С."),
            "Не подтверждено выпиской банка" => Cell::text("Нет"),
            _ => Cell::Empty,
        });
        self.expenses.0.rows.push(row);
        self.expenses.1 += amount;
        // The breakdown spells the contract in its own way.
        self.detail(
            &id,
            &loan.spelling(style + 1),
            "Погашение долга",
            payment.principal,
        );
        self.detail(
            &id,
            &loan.spelling(style + 1),
            "Уплата процентов",
            payment.interest,
        );
    }

    fn detail(&mut self, expense_id: &str, contract: &str, payment_type: &str, amount: i64) {
        let row = filled(&DETAIL_HEADINGS, |heading| match heading {
            "Списание с расчетного счета" => Cell::text(expense_id),
            "Договор" => Cell::text(contract),
            "Погашение задолженности" => Cell::text("По документу"),
            "Счет расчетов" => Cell::text("67.01"),
            "Вид платежа по кредитам займам" => Cell::text(payment_type),
            "Сумма платежа" | "Сумма расчетов" => Cell::amount(amount),
            "Курс расчетов" => Cell::Number("1".to_owned()),
            _ => Cell::Empty,
        });
        self.details.0.rows.push(row);
        self.details.1 += amount;
    }

    fn operation_id(&mut self, document: &str, date: NaiveDate) -> String {
        self.serial += 1;
        let (serial, letters) = (self.serial, ORGANIZATIONS[self.organization].2);
        let (hour, minute, second) = (9 + serial % 9, serial % 60, serial * 7 % 60);
        format!(
            "{document} {letters}00-{serial:06} от {} {hour:02}:{minute:02}:{second:02}",
            ru(date)
        )
    }

    fn bank_account(&self) -> String {
        let account = self.organization * 2 + usize::from(self.serial.is_multiple_of(3));
        format!("407028109000000{account:05}, ПАО «Примбанк»")
    }

    fn write(mut self, folder: &Path) -> anyhow::Result<()> {
        self.receipts.0.push_total(RECEIPT_AMOUNT, self.receipts.1);
        self.expenses.0.push_total(EXPENSE_AMOUNT, self.expenses.1);
        self.details.0.push_total(DETAIL_AMOUNT, self.details.1);
        let name = ORGANIZATIONS[self.organization].1;
        let names = if name.is_ascii() {
            [
                " - Postuplenie(kredity) XLSX",
                " - Spisanie kredity XLSX",
                " - spisanie(rasshifrovka) XLSX",
            ]
        } else {
            [
                " - Поступление (кредиты) XLSX",
                " - Списание кредиты XLSX",
                " - Списание (расшифровка) XLSX",
            ]
        };
        for (sheet, rest) in [self.receipts.0, self.expenses.0, self.details.0]
            .into_iter()
            .zip(names)
        {
            let path = folder.join(format!("{name}{rest}.xlsx"));
            std::fs::write(&path, sheet.to_xlsx()?)
                .with_context(|| format!("{} can't be written", path.display()))?;
        }
        Ok(())
    }
}

/// A row of a sheet: the cell of each heading.
pub(super) fn filled(headings: &[&'static str], cell: impl Fn(&'static str) -> Cell) -> Vec<Cell> {
    headings.iter().map(|heading| cell(heading)).collect()
}

/// `1 234 567,89` with no-break spaces.
fn spaced(kopecks: i64) -> String {
    let units = (kopecks / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in units.chars().enumerate() {
        if at > 0 && (units.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    format!("{grouped},{:02}", kopecks % 100)
}
