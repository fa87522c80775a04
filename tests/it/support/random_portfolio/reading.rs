//! An independent reading of random operations: what each does to a contract, what a contract is,
//! and what is owed, added up row by row.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::{Contract, FIRST_DAY, LENT, PAYMENT_TYPES, Paid, Portfolio, Random, account_of};

impl Random {
    /// Whether it is a receipt that draws on a loan.
    fn draws(&self) -> bool {
        self.is_receipt && matches!(self.account(), None | Some("67.01" | "66.03"))
    }

    /// What it pays as a whole, an expense.
    fn kind(&self) -> &'static str {
        let gives = self.operation_type().starts_with("Выдача");
        if gives {
            "given"
        } else {
            kind_of_account(self.account())
        }
    }

    /// Whether it is the beginning of a loan, or of a part of one: the money comes, or goes out to
    /// a borrower.
    fn begins(&self, contract: Contract) -> bool {
        let gives = self
            .shares()
            .iter()
            .any(|(of, share)| *of == contract && share.given > 0);
        gives || self.draws() && !self.returns()
    }

    fn returns(&self) -> bool {
        self.is_receipt
            && (self.account() == Some("58.03")
                || self.operation_type().starts_with("Возврат займа "))
    }
}

impl Paid {
    /// `principal`, `interest`, `given` or `other`.
    fn kind(&self, expense: &Random) -> &'static str {
        match (PAYMENT_TYPES[self.payment_type], account_of(self.account)) {
            (Some("Погашение долга"), _) => "principal",
            (Some("Уплата процентов"), _) => "interest",
            (_, Some("58.03")) => "given",
            (Some(_), _) => "other",
            (None, None) => expense.kind(),
            (None, account) => kind_of_account(account),
        }
    }

    /// In the contract's currency, where that is another.
    fn settled(&self) -> i64 {
        match self.settlement {
            0 => 0,
            1 => self.amount * 3,
            _ => (self.amount * 2 + 80) / 160,
        }
    }
}

fn kind_of_account(account: Option<&str>) -> &'static str {
    match account {
        Some("67.01" | "66.03") => "principal",
        Some("67.02" | "66.04") => "interest",
        Some("58.03") => "given",
        _ => "other",
    }
}

/// What one operation does to one contract, and on which day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// In the currency of the payment: paid as principal, interest, given, other; received; drawn;
    /// returned.
    pub principal: i64,
    pub interest: i64,
    pub given: i64,
    pub other: i64,
    pub drawn: i64,
    pub returned: i64,
    /// The same of principal, given, drawn and returned in the contract's currency, if that is
    /// another.
    settled: [i64; 4],
}

impl Random {
    /// What it does to each contract, by definition.
    pub fn shares(&self) -> Vec<(Contract, Share)> {
        let own = (self.organization, self.contract);
        let of = |contract: usize| (self.organization, contract);
        let mut share = Share::default();
        if self.is_receipt {
            share.drawn = if self.draws() { self.amount } else { 0 };
            share.returned = if self.returns() { self.amount } else { 0 };
            return vec![(own, share)];
        }
        let mut shares = Vec::new();
        if self.details.is_empty() {
            match self.kind() {
                "principal" => share.principal = self.amount,
                "interest" => share.interest = self.amount,
                "given" => share.given = self.amount,
                _ => share.other = self.amount,
            }
            return vec![(own, share)];
        }
        let named: i64 = self.details.iter().map(|detail| detail.amount).sum();
        shares.push((
            own,
            Share {
                other: self.amount - named,
                ..Share::default()
            },
        ));
        for detail in &self.details {
            let mut share = Share::default();
            match detail.kind(self) {
                "principal" => {
                    (share.principal, share.settled[0]) = (detail.amount, detail.settled())
                }
                "interest" => share.interest = detail.amount,
                "given" => (share.given, share.settled[1]) = (detail.amount, detail.settled()),
                _ => share.other = detail.amount,
            }
            shares.push((of(detail.contract), share));
        }
        shares
    }
}

/// What a contract is, by all of its operations.
#[derive(Clone, Copy, Debug)]
pub struct Nature {
    pub is_lent: bool,
    pub currency: &'static str,
}

/// Every contract that an operation names, and what it is.
pub fn natures(operations: &[Random]) -> BTreeMap<Contract, Nature> {
    let mut natures = BTreeMap::new();
    let all: std::collections::BTreeSet<Contract> = operations
        .iter()
        .flat_map(|operation| operation.shares().into_iter().map(|(contract, _)| contract))
        .collect();
    for contract in all {
        let mut naming: Vec<(bool, NaiveDate, String, &Random)> = operations
            .iter()
            .enumerate()
            .filter(|(_, operation)| {
                operation
                    .shares()
                    .iter()
                    .any(|(named, _)| *named == contract)
            })
            .map(|(serial, operation)| {
                (
                    !operation.begins(contract),
                    operation.day(),
                    operation.id(serial),
                    operation,
                )
            })
            .collect();
        naming.sort_by(|one, other| (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2)));
        let says_lent = |operation: &Random| {
            let named = operation
                .details
                .iter()
                .any(|detail| account_of(detail.account) == Some("58.03"));
            operation.operation_type().starts_with("Выдача")
                || operation.operation_type() == "Возврат займа контрагентом"
                || operation.account() == Some("58.03")
                || named
        };
        let nature = Nature {
            is_lent: contract.1 == LENT
                && naming.iter().any(|(.., operation)| says_lent(operation)),
            currency: naming[0].3.currency(),
        };
        natures.insert(contract, nature);
    }
    natures
}

/// Drawn and adjusted, repaid, and unconfirmed of each contract, in its currency, up to the end of
/// a day.
pub fn moved(
    portfolio: &Portfolio,
    natures: &BTreeMap<Contract, Nature>,
    day: NaiveDate,
    is_counted: impl Fn(&Random) -> bool,
) -> BTreeMap<Contract, [i64; 3]> {
    let mut moved: BTreeMap<Contract, [i64; 3]> = BTreeMap::new();
    for adjusted in portfolio
        .adjustments
        .iter()
        .filter(|adjusted| FIRST_DAY + Days::new(adjusted.day) <= day)
    {
        moved.entry(adjusted.contract).or_default()[0] += adjusted.amount;
    }
    let operations = portfolio
        .operations
        .iter()
        .filter(|operation| operation.day() <= day);
    for operation in operations.filter(|operation| is_counted(operation)) {
        for (contract, share) in operation.shares() {
            let nature = natures[&contract];
            let is_own = nature.currency == operation.currency();
            let [drawn, repaid] = match (nature.is_lent, is_own) {
                (false, true) => [share.drawn, share.principal],
                (false, false) => [share.settled[2], share.settled[0]],
                (true, true) => [share.given, share.returned],
                (true, false) => [share.settled[1], share.settled[3]],
            };
            let sums = moved.entry(contract).or_default();
            sums[0] += drawn;
            sums[1] += repaid;
            sums[2] += if operation.is_confirmed { 0 } else { repaid };
        }
    }
    moved
}
