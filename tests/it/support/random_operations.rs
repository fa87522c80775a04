//! Random operations: the exports that hold them, and their sums by brute force.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::app::{DEPARTMENT, TestApp};
use crate::support::workbooks::{
    Detail, Operation, a_receipt, an_expense, details, expenses, receipts,
};

pub const ORGANIZATIONS: [&str; 3] = ["А", "Б", "В"];
pub const CURRENCIES: [&str; 3] = ["руб.", "руб.", "USD"];
const PAYMENT_TYPES: [&str; 3] = ["Погашение долга", "Уплата процентов", "Комиссия"];

/// A random operation. Contracts are numbers of an organization's; 0 is none.
#[derive(Clone, Debug)]
pub struct Flow {
    pub is_receipt: bool,
    pub organization: usize,
    pub day: u32,
    pub amount: i64,
    pub contract: usize,
    pub currency: usize,
    pub details: Vec<(usize, usize, i64)>,
}

pub fn flow() -> impl Strategy<Value = Flow> {
    let detail = (0_usize..4, 0_usize..3, 1_i64..5_000_000);
    let details = prop::collection::vec(detail, 0..4);
    (
        any::<bool>(),
        0_usize..3,
        0_u32..800,
        1_i64..10_000_000,
        0_usize..4,
        0_usize..3,
        details,
    )
        .prop_map(
            |(is_receipt, organization, day, amount, contract, currency, details)| Flow {
                is_receipt,
                organization,
                day,
                amount,
                contract,
                currency,
                details,
            },
        )
}

pub fn runner(seed: u8) -> TestRunner {
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]),
    )
}

pub fn day_of(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 1, 15).unwrap() + chrono::Days::new(number.into())
}

fn contract_text(number: usize) -> String {
    if number == 0 {
        String::new()
    } else {
        format!("Договор № {number} от 01.02.2020")
    }
}

/// The rows of the three exports that flows make.
pub type Exports = (Vec<Operation>, Vec<Operation>, Vec<Detail>);

/// The places of the flows are their serial numbers.
pub fn exports(flows: &[Flow]) -> Exports {
    let (mut received, mut spent, mut paid) = (Vec::new(), Vec::new(), Vec::new());
    for (serial, flow) in (1..).zip(flows) {
        let operation: Operation = if flow.is_receipt {
            a_receipt(serial)
        } else {
            an_expense(serial)
        };
        let operation = operation
            .of(ORGANIZATIONS[flow.organization])
            .on(&day_of(flow.day).format("%d.%m.%Y").to_string())
            .amounting_to(flow.amount)
            .in_currency(CURRENCIES[flow.currency])
            .under(&contract_text(flow.contract));
        if flow.is_receipt {
            received.push(operation);
        } else {
            spent.push(operation);
            let detail = |(contract, kind, amount): &(usize, usize, i64)| {
                Detail::of(serial, PAYMENT_TYPES[*kind], *amount).under(&contract_text(*contract))
            };
            paid.extend(flow.details.iter().map(detail));
        }
    }
    (received, spent, paid)
}

/// Imports flows as three files.
pub async fn import(app: &TestApp, flows: &[Flow]) {
    let (received, spent, paid) = exports(flows);
    let files: [(&str, &[u8]); 3] = [
        ("postuplenie.xlsx", &receipts(&received)),
        ("spisanie.xlsx", &expenses(&spent)),
        ("rasshifrovka.xlsx", &details(&paid)),
    ];
    let report = app.import(DEPARTMENT, &files).await;
    assert_eq!(report.processed(), 3, "{}", report.message);
}

/// Received, spent, principal, interest.
pub type Sums = [i64; 4];

/// A contract: organization and number.
pub type Contract = (usize, usize);

pub fn add(sums: &mut Sums, more: Sums) {
    sums.iter_mut()
        .zip(more)
        .for_each(|(sum, more)| *sum += more);
}

impl Flow {
    pub fn sums(&self) -> Sums {
        if self.is_receipt {
            return [self.amount, 0, 0, 0];
        }
        let of = |kind: usize| {
            self.details
                .iter()
                .filter(|detail| detail.1 == kind)
                .map(|detail| detail.2)
                .sum()
        };
        [0, self.amount, of(0), of(1)]
    }

    /// The same, shared out by contract: details to the one they name, the rest to the expense's.
    pub fn by_contract(&self) -> BTreeMap<Contract, Sums> {
        let mut shares: BTreeMap<Contract, Sums> = BTreeMap::new();
        let own = (self.organization, self.contract);
        if self.is_receipt {
            shares.insert(own, self.sums());
            return shares;
        }
        let named: i64 = self.details.iter().map(|detail| detail.2).sum();
        shares.insert(own, [0, self.amount - named, 0, 0]);
        for (contract, kind, amount) in &self.details {
            let contract = if *contract == 0 {
                own
            } else {
                (self.organization, *contract)
            };
            let part = |of: usize| if *kind == of { *amount } else { 0 };
            add(
                shares.entry(contract).or_default(),
                [0, *amount, part(0), part(1)],
            );
        }
        shares
    }

    pub fn contracts(&self) -> BTreeSet<Contract> {
        self.by_contract().into_keys().collect()
    }
}
