//! Random operations of every situation that balances know, as workbooks.

mod reading;

use chrono::{Days, NaiveDate};
use credit_portfolio::demo::{Cell, Sheet};
use proptest::prelude::*;

use super::app::{DEPARTMENT, TestApp};
pub use reading::{moved, natures};

pub const ORGANIZATIONS: [&str; 2] = ["ООО «Альфа»", "АО «Бета»"];
/// The last one is an organization of the holding.
pub const LENDERS: [&str; 3] = ["ПАО «Банк»", "ООО «Займ»", "АО «Бета»"];
/// What each contract is: borrowed, borrowed in dollars, lent, or known by nothing but accounts.
pub const CONTRACTS: usize = 4;
const LENT: usize = 2;
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 6, 1).unwrap();
const ACCOUNTS_OF_DETAILS: [Option<&str>; 6] = [
    None,
    Some("67.01"),
    Some("67.02"),
    Some("66.03"),
    Some("66.04"),
    Some("91.02"),
];
const PAYMENT_TYPES: [Option<&str>; 4] = [
    None,
    Some("Погашение долга"),
    Some("Уплата процентов"),
    Some("Комиссия"),
];

/// A contract: organization and number.
pub type Contract = (usize, usize);

/// A part of an expense.
#[derive(Clone, Debug)]
pub struct Paid {
    contract: usize,
    payment_type: usize,
    account: usize,
    amount: i64,
    /// In the other currency: 0 states nothing, 1 the amount, 2 the rate, 3 the rate beside a 0.
    settlement: usize,
}

/// A random operation.
#[derive(Clone, Debug)]
pub struct Random {
    is_receipt: bool,
    pub organization: usize,
    day: u64,
    amount: i64,
    contract: usize,
    lender: usize,
    is_neutral: bool,
    is_upper_case: bool,
    is_in_dollars: bool,
    pub is_confirmed: bool,
    account: usize,
    commission: i64,
    details: Vec<Paid>,
}

/// A random adjustment of a contract's balance.
#[derive(Clone, Debug)]
pub struct Adjusted {
    contract: Contract,
    day: u64,
    amount: i64,
}

/// Operations and adjustments.
#[derive(Clone, Debug)]
pub struct Portfolio {
    pub operations: Vec<Random>,
    adjustments: Vec<Adjusted>,
}

pub fn portfolio(size: usize) -> impl Strategy<Value = Portfolio> {
    let adjustment = (
        0..ORGANIZATIONS.len(),
        0..CONTRACTS,
        0_u64..700,
        -3_000_000_i64..9_000_000,
    )
        .prop_map(|(organization, contract, day, amount)| Adjusted {
            contract: (organization, contract),
            day,
            amount,
        });
    (
        prop::collection::vec(operation(), size),
        prop::collection::vec(adjustment, size / 8),
    )
        .prop_map(|(operations, adjustments)| Portfolio {
            operations,
            adjustments,
        })
}

fn operation() -> impl Strategy<Value = Random> {
    let detail = (
        0..CONTRACTS,
        0_usize..4,
        0_usize..6,
        1_i64..3_000_000,
        0_usize..4,
    )
        .prop_map(
            |(contract, payment_type, account, amount, settlement)| Paid {
                contract,
                payment_type,
                account,
                amount,
                settlement,
            },
        );
    let details = prop::collection::vec(detail, 0..4);
    let parties = (0_usize..2, 0..CONTRACTS, 0_usize..3);
    let rare = || prop::bool::weighted(0.2);
    let flags = (
        any::<bool>(),
        rare(),
        rare(),
        rare(),
        prop::bool::weighted(0.8),
    );
    (
        flags,
        parties,
        0_u64..700,
        1_i64..9_000_000,
        0_usize..6,
        0_i64..5_000,
        details,
    )
        .prop_map(
            |(
                (is_receipt, is_neutral, is_upper_case, is_in_dollars, is_confirmed),
                (organization, contract, lender),
                day,
                amount,
                account,
                commission,
                details,
            )| {
                Random {
                    is_receipt,
                    organization,
                    day,
                    amount,
                    contract,
                    lender,
                    is_neutral,
                    is_upper_case,
                    // The contract in dollars is mostly paid in them.
                    is_in_dollars: if contract == 1 {
                        !is_in_dollars
                    } else {
                        is_in_dollars
                    },
                    is_confirmed: is_receipt || is_confirmed,
                    account,
                    commission: if is_receipt { commission } else { 0 },
                    details: if is_receipt {
                        Vec::new()
                    } else {
                        own_kind(contract, details)
                    },
                }
            },
        )
}

/// A payment goes to contracts that are borrowed, or to the one that is lent.
fn own_kind(contract: usize, details: Vec<Paid>) -> Vec<Paid> {
    let fitting = |detail: Paid| Paid {
        contract: if contract == LENT || detail.contract == LENT {
            contract
        } else {
            detail.contract
        },
        account: if contract == LENT && detail.account > 0 {
            6
        } else {
            detail.account
        },
        ..detail
    };
    details.into_iter().map(fitting).collect()
}

fn account_of(number: usize) -> Option<&'static str> {
    if number == 6 {
        Some("58.03")
    } else {
        ACCOUNTS_OF_DETAILS[number]
    }
}

impl Random {
    pub fn day(&self) -> NaiveDate {
        FIRST_DAY + Days::new(self.day)
    }

    pub fn currency(&self) -> &'static str {
        if self.is_in_dollars { "USD" } else { "RUB" }
    }

    fn operation_type(&self) -> &'static str {
        match (self.is_receipt, self.contract, self.is_neutral) {
            (true, _, true) | (true, 3, _) => "Прочее поступление",
            (false, _, true) | (false, 3, _) => "Прочее списание",
            (true, LENT, _) => "Возврат займа контрагентом",
            (false, LENT, _) => "Выдача займа контрагенту",
            (true, ..) => "Получение кредита в банке",
            (false, ..) => "Возврат кредита банку",
        }
    }

    /// `Счет расчетов` of a receipt, `Счет дебета` of an expense.
    fn account(&self) -> Option<&'static str> {
        match (self.contract, self.account) {
            (_, 0) => None,
            (LENT, _) => Some("58.03"),
            (_, account) => ACCOUNTS_OF_DETAILS[account],
        }
    }

    fn id(&self, serial: usize) -> String {
        let document = if self.is_receipt {
            "Поступление на расчетный счет"
        } else {
            "Списание с расчетного счета"
        };
        format!("{document} 0000-{serial:06} от 01.06.2025 12:00:00")
    }

    /// As the export writes it.
    fn written_type(&self) -> String {
        let written = self.operation_type();
        if self.is_upper_case {
            written.to_uppercase()
        } else {
            written.to_owned()
        }
    }
}

fn cell(text: Option<&str>) -> Cell {
    text.map_or(Cell::Empty, Cell::text)
}

/// Imports operations and adjustments as four files.
pub async fn import(app: &TestApp, portfolio: &Portfolio) {
    let contract = |number: usize| format!("Договор № {} от 01.02.2025", number + 1);
    let mut received = Sheet::new(&[
        "Поступление на расчетный счет",
        "Организация",
        "Вид операции",
        "Дата входящего документа",
        "Плательщик",
        "Счет расчетов",
        "Договор",
        "Валюта",
        "Сумма",
        "Комиссия",
    ]);
    let mut spent = Sheet::new(&[
        "Списание с расчетного счета",
        "Организация",
        "Вид операции",
        "Вх. дата",
        "Получатель",
        "Счет дебета",
        "Договор",
        "Валюта",
        "Сумма",
        "Не подтверждено выпиской банка",
    ]);
    let mut paid = Sheet::new(&[
        "Списание с расчетного счета",
        "Договор",
        "Счет расчетов",
        "Вид платежа по кредитам займам",
        "Сумма платежа",
        "Курс расчетов",
        "Сумма расчетов",
    ]);
    for (serial, operation) in portfolio.operations.iter().enumerate() {
        let row = vec![
            Cell::text(operation.id(serial)),
            Cell::text(ORGANIZATIONS[operation.organization]),
            Cell::text(operation.written_type()),
            Cell::text(operation.day().format("%d.%m.%Y").to_string()),
            Cell::text(LENDERS[operation.lender]),
            cell(operation.account()),
            Cell::text(contract(operation.contract)),
            Cell::text(if operation.is_in_dollars {
                "USD"
            } else {
                "руб."
            }),
            Cell::amount(operation.amount),
            if operation.is_receipt {
                Cell::amount(operation.commission)
            } else {
                Cell::text(if operation.is_confirmed {
                    "Нет"
                } else {
                    "Да"
                })
            },
        ];
        if operation.is_receipt {
            received.rows.push(row);
            continue;
        }
        spent.rows.push(row);
        for detail in &operation.details {
            paid.rows.push(vec![
                Cell::text(operation.id(serial)),
                Cell::text(contract(detail.contract)),
                cell(account_of(detail.account)),
                cell(PAYMENT_TYPES[detail.payment_type]),
                Cell::amount(detail.amount),
                if detail.settlement >= 2 {
                    Cell::text("80")
                } else {
                    Cell::Empty
                },
                match detail.settlement {
                    1 => Cell::amount(detail.amount * 3),
                    3 => Cell::amount(0),
                    _ => Cell::Empty,
                },
            ]);
        }
    }
    let mut adjusted = Sheet::new(&["Организация", "Договор", "Дата", "Вид", "Сумма"]);
    for adjustment in &portfolio.adjustments {
        adjusted.rows.push(vec![
            Cell::text(ORGANIZATIONS[adjustment.contract.0]),
            Cell::text(contract(adjustment.contract.1)),
            Cell::text(
                (FIRST_DAY + Days::new(adjustment.day))
                    .format("%d.%m.%Y")
                    .to_string(),
            ),
            Cell::text("Взаимозачет"),
            Cell::amount(adjustment.amount),
        ]);
    }
    let sheets = [received, spent, paid, adjusted].map(|sheet| sheet.to_xlsx().unwrap());
    let names = [
        "postuplenie.xlsx",
        "spisanie.xlsx",
        "rasshifrovka.xlsx",
        "korrektirovka.xlsx",
    ];
    let files: Vec<(&str, &[u8])> = names
        .into_iter()
        .zip(sheets.iter().map(Vec::as_slice))
        .collect();
    let report = app.import(DEPARTMENT, &files).await;
    assert_eq!(report.processed(), 4, "{}", report.message);
}
