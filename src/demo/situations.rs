//! What a treasurer meets beside plain loans, as the exports of one more organization: 1C's default
//! contract with two lenders, a loan given, a loan in dollars repaid in roubles, loans between the
//! holding's own organizations, debt that is older than the exports, an unconfirmed and a planned
//! payment.

use std::path::Path;

use anyhow::Context;
use chrono::{Days, Months, NaiveDate};

use super::files::{
    DETAIL_AMOUNT, DETAIL_HEADINGS, EXPENSE_AMOUNT, EXPENSE_HEADINGS, RECEIPT_AMOUNT,
    RECEIPT_HEADINGS, filled,
};
use super::loans::ru;
use super::workbook_writer::{Cell, Sheet};

const ORGANIZATION: &str = "ООО «Вектор»";
const FILE_NAMES: [&str; 4] = [
    "Vektor - Postuplenie(kredity) XLSX.xlsx",
    "Vektor - Spisanie kredity XLSX.xlsx",
    "Vektor - spisanie(rasshifrovka) XLSX.xlsx",
    "Vektor - korrektirovka.xlsx",
];
const BANK_ACCOUNT: &str = "40702810900000077777, ПАО «Примбанк»";
const BANK: &str = "ПАО «Примбанк»";
/// Kopecks or cents of a whole unit.
const UNITS: i64 = 100;
const DEFAULT_CONTRACT: &str = "Основной договор";

/// The sheets while they are filled, and what their amounts add up to.
struct Situations {
    today: NaiveDate,
    serial: usize,
    receipts: (Sheet, i64),
    expenses: (Sheet, i64),
    details: (Sheet, i64),
}

/// A payment in or out: of which type, with whom, under which contract.
struct Operation<'o> {
    operation_type: &'o str,
    party: &'o str,
    contract: &'o str,
    date: NaiveDate,
    amount: i64,
}

/// What a part of an expense is for, and in its contract's currency.
struct Part<'p> {
    payment_type: Option<&'p str>,
    account: &'p str,
    amount: i64,
    rate: i64,
}

/// Writes the four workbooks into a folder.
///
/// # Errors
/// When the folder can't be written to.
pub(super) fn write_situations(today: NaiveDate, folder: &Path) -> anyhow::Result<()> {
    let mut sheets = Situations {
        today,
        serial: 0,
        receipts: (Sheet::new(&RECEIPT_HEADINGS), 0),
        expenses: (Sheet::new(&EXPENSE_HEADINGS), 0),
        details: (Sheet::new(&DETAIL_HEADINGS), 0),
    };
    sheets.default_contract_of_two_lenders();
    sheets.loan_given();
    sheets.dollars_repaid_in_roubles();
    sheets.loan_within_the_group();
    sheets.unconfirmed_and_planned();
    let old = sheets.debt_older_than_the_exports();
    sheets
        .receipts
        .0
        .push_total(RECEIPT_AMOUNT, sheets.receipts.1);
    sheets
        .expenses
        .0
        .push_total(EXPENSE_AMOUNT, sheets.expenses.1);
    sheets.details.0.push_total(DETAIL_AMOUNT, sheets.details.1);
    let all = [sheets.receipts.0, sheets.expenses.0, sheets.details.0, old];
    for (sheet, name) in all.into_iter().zip(FILE_NAMES) {
        let path = folder.join(name);
        std::fs::write(&path, sheet.to_xlsx()?)
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}

impl Situations {
    fn months_ago(&self, months: u32) -> NaiveDate {
        self.today - Months::new(months)
    }

    fn default_contract_of_two_lenders(&mut self) {
        for (party, operation_type, amount) in [
            (
                "ООО «Инвест Партнер»",
                "Получение займа от контрагента",
                30_000_000 * UNITS,
            ),
            (
                "АО «Вымпел Банк»",
                "Получение кредита в банке",
                55_000_000 * UNITS,
            ),
        ] {
            let date = self.months_ago(14);
            self.receive(
                &Operation {
                    operation_type,
                    party,
                    contract: DEFAULT_CONTRACT,
                    date,
                    amount,
                },
                "67.01",
                "руб.",
            );
        }
        let date = self.months_ago(2);
        let back = Operation {
            operation_type: "Возврат займа контрагенту",
            party: "ООО «Инвест Партнер»",
            contract: DEFAULT_CONTRACT,
            date,
            amount: 30_000_000 * UNITS,
        };
        let whole = Part {
            payment_type: Some("Погашение долга"),
            account: "67.03",
            amount: back.amount,
            rate: 1,
        };
        self.pay(&back, true, &[whole]);
    }

    fn loan_given(&mut self) {
        let contract = "Договор займа № 7-В от 15.01.2024";
        let mut operation = Operation {
            operation_type: "Выдача займа контрагенту",
            party: "ООО «Заемщик»",
            contract,
            date: self.months_ago(10),
            amount: 12_000_000 * UNITS,
        };
        self.pay(
            &operation,
            true,
            &[Part {
                payment_type: None,
                account: "58.03",
                amount: operation.amount,
                rate: 1,
            }],
        );
        (operation.operation_type, operation.amount) =
            ("Возврат займа контрагентом", 4_500_000 * UNITS);
        operation.date = self.months_ago(3);
        self.receive(&operation, "58.03", "руб.");
    }

    fn dollars_repaid_in_roubles(&mut self) {
        let (party, contract) = ("Delta Finance Ltd", "DF-2024/09 от 02.09.2024");
        let date = self.months_ago(8);
        let drawn = Operation {
            operation_type: "Получение займа от контрагента",
            party,
            contract,
            date,
            amount: 500_000 * UNITS,
        };
        self.receive(&drawn, "67.23", "USD");
        let parts = [
            Part {
                payment_type: Some("Погашение долга"),
                account: "67.23",
                amount: 18_200_000 * UNITS,
                rate: 91,
            },
            Part {
                payment_type: Some("Уплата процентов"),
                account: "67.24",
                amount: 910_000 * UNITS,
                rate: 91,
            },
        ];
        let amount = parts.iter().map(|part| part.amount).sum();
        let operation_type = "Возврат займа контрагенту";
        let back = Operation {
            operation_type,
            party,
            contract,
            date: self.months_ago(1),
            amount,
        };
        self.pay(&back, true, &parts);
    }

    fn loan_within_the_group(&mut self) {
        let operation_type = "Получение займа от контрагента";
        let (party, contract) = ("АО «Юг»", "Договор займа № ВГ-1 от 10.02.2025");
        let date = self.months_ago(6);
        self.receive(
            &Operation {
                operation_type,
                party,
                contract,
                date,
                amount: 20_000_000 * UNITS,
            },
            "67.03",
            "руб.",
        );
    }

    fn unconfirmed_and_planned(&mut self) {
        let contract = "Кредитный договор № КЛ-90001 от 01.03.2025";
        let mut operation = Operation {
            operation_type: "Получение кредита в банке",
            party: BANK,
            contract,
            date: self.months_ago(5),
            amount: 9_000_000 * UNITS,
        };
        self.receive(&operation, "67.01", "руб.");
        (operation.operation_type, operation.amount) = ("Возврат кредита банку", 1_000_000 * UNITS);
        for (date, is_confirmed) in [
            (self.today - Days::new(9), false),
            (self.today + Days::new(20), true),
        ] {
            operation.date = date;
            let part = Part {
                payment_type: Some("Погашение долга"),
                account: "67.01",
                amount: operation.amount,
                rate: 1,
            };
            self.pay(&operation, is_confirmed, &[part]);
        }
    }

    /// The repayments are in the exports, what they repay is not: its opening balance is a workbook
    /// of its own.
    fn debt_older_than_the_exports(&mut self) -> Sheet {
        let contract = "Кредитный договор № 15/2019 от 20.05.2019";
        let date = self.months_ago(7);
        let back = Operation {
            operation_type: "Возврат кредита банку",
            party: BANK,
            contract,
            date,
            amount: 6_000_000 * UNITS,
        };
        let part = Part {
            payment_type: Some("Погашение долга"),
            account: "67.01",
            amount: back.amount,
            rate: 1,
        };
        self.pay(&back, true, &[part]);
        let headings = [
            "Организация",
            "Договор",
            "Контрагент",
            "Дата",
            "Вид",
            "Сумма",
            "Комментарий",
        ];
        let mut sheet = Sheet::new(&headings);
        sheet.rows.push(vec![
            Cell::text(ORGANIZATION),
            Cell::text(contract),
            Cell::text(BANK),
            Cell::text(ru(self.months_ago(36))),
            Cell::text("Начальный остаток"),
            Cell::amount(16_000_000 * UNITS),
            Cell::text("Остаток до начала выгрузок"),
        ]);
        sheet
    }

    fn receive(&mut self, operation: &Operation<'_>, account: &str, currency: &str) {
        let id = self.operation_id("Поступление на расчетный счет", operation.date);
        let serial = self.serial;
        let row = filled(&RECEIPT_HEADINGS, |heading| match heading {
            "Поступление на расчетный счет" => Cell::text(id.as_str()),
            "Организация" => Cell::text(ORGANIZATION),
            "Вид операции" => Cell::text(operation.operation_type),
            "Банковский счет" => Cell::text(BANK_ACCOUNT),
            "Счет учета" => Cell::text("51"),
            "Номер входящего документа" => Cell::text(serial.to_string()),
            "Дата входящего документа" => Cell::text(ru(operation.date)),
            "Плательщик" => Cell::text(operation.party),
            "Счет расчетов" => Cell::text(account),
            "Договор" => Cell::text(operation.contract),
            "Валюта" => Cell::text(currency),
            "Сумма" => Cell::amount(operation.amount),
            "Назначение платежа" => {
                Cell::text("Перечисление по договору. Без НДС")
            }
            _ => Cell::Empty,
        });
        self.receipts.0.rows.push(row);
        self.receipts.1 += operation.amount;
    }

    fn pay(&mut self, operation: &Operation<'_>, is_confirmed: bool, parts: &[Part<'_>]) {
        let id = self.operation_id("Списание с расчетного счета", operation.date);
        let serial = self.serial;
        let row = filled(&EXPENSE_HEADINGS, |heading| match heading {
            "Списание с расчетного счета" => Cell::text(id.as_str()),
            "Организация" => Cell::text(ORGANIZATION),
            "Вид операции" => Cell::text(operation.operation_type),
            "Банковский счет" => Cell::text(BANK_ACCOUNT),
            "Счет учета" => Cell::text("51"),
            "Вх. номер" => Cell::text(serial.to_string()),
            "Вх. дата" => Cell::text(ru(operation.date)),
            "Получатель" => Cell::text(operation.party),
            "Счет дебета" => {
                Cell::text(parts.first().map_or("67.01", |part| part.account))
            }
            "Договор" => Cell::text(operation.contract),
            "Валюта" => Cell::text("руб."),
            "Сумма" => Cell::amount(operation.amount),
            "Назначение платежа" => Cell::text("Оплата по договору. Без НДС"),
            "Не подтверждено выпиской банка" => {
                Cell::text(if is_confirmed { "Нет" } else { "Да" })
            }
            _ => Cell::Empty,
        });
        self.expenses.0.rows.push(row);
        self.expenses.1 += operation.amount;
        for part in parts {
            let row = filled(&DETAIL_HEADINGS, |heading| match heading {
                "Списание с расчетного счета" => Cell::text(id.as_str()),
                "Договор" => Cell::text(operation.contract),
                "Погашение задолженности" => Cell::text("По документу"),
                "Счет расчетов" => Cell::text(part.account),
                "Вид платежа по кредитам займам" => {
                    part.payment_type.map_or(Cell::Empty, Cell::text)
                }
                "Сумма платежа" => Cell::amount(part.amount),
                "Сумма расчетов" => Cell::amount(part.amount / part.rate),
                "Курс расчетов" => Cell::Number(part.rate.to_string()),
                _ => Cell::Empty,
            });
            self.details.0.rows.push(row);
            self.details.1 += part.amount;
        }
    }

    fn operation_id(&mut self, document: &str, date: NaiveDate) -> String {
        self.serial += 1;
        format!(
            "{document} 0К00-{:06} от {} 12:00:00",
            self.serial,
            ru(date)
        )
    }
}
