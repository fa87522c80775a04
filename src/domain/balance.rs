//! What is owed on a contract at the end of a day, in the contract's currency.
//!
//! A balance is made of everything up to its day; a range of days only says where its flows begin.

use std::ops::{AddAssign, Sub};

use super::Money;

/// What moved the balance of a contract within some days. Of a loan given, `drawn` is what was
/// given and `repaid` what was returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BalanceFlows {
    /// Raised the balance.
    pub drawn: Money,
    /// Lowered it: the principal of expenses, in the contract's currency.
    pub repaid: Money,
    /// Signed: opening balances, set-offs and the like.
    pub adjustments: Money,
    /// The interest paid; moves no balance.
    pub interest: Money,
    /// Paid, but neither principal nor interest nor a loan given; moves no balance.
    pub other: Money,
    /// The part of `repaid` that the bank has not confirmed.
    pub unconfirmed: Money,
}

impl BalanceFlows {
    /// How much more is owed than before: drawn − repaid + adjustments.
    pub fn change(&self) -> Money {
        self.drawn - self.repaid + self.adjustments
    }
}

impl AddAssign for BalanceFlows {
    fn add_assign(&mut self, other: BalanceFlows) {
        self.drawn += other.drawn;
        self.repaid += other.repaid;
        self.adjustments += other.adjustments;
        self.interest += other.interest;
        self.other += other.other;
        self.unconfirmed += other.unconfirmed;
    }
}

impl Sub for BalanceFlows {
    type Output = BalanceFlows;

    fn sub(self, other: BalanceFlows) -> BalanceFlows {
        BalanceFlows {
            drawn: self.drawn - other.drawn,
            repaid: self.repaid - other.repaid,
            adjustments: self.adjustments - other.adjustments,
            interest: self.interest - other.interest,
            other: self.other - other.other,
            unconfirmed: self.unconfirmed - other.unconfirmed,
        }
    }
}

/// What of [`BalanceFlows`] moves a balance, without the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BalanceMoves {
    /// Raised the balance.
    pub drawn: Money,
    /// Lowered it.
    pub repaid: Money,
    /// Signed.
    pub adjustments: Money,
}

impl BalanceMoves {
    /// How much more is owed than before: drawn − repaid + adjustments.
    pub fn change(&self) -> Money {
        self.drawn - self.repaid + self.adjustments
    }
}

impl AddAssign for BalanceMoves {
    fn add_assign(&mut self, other: BalanceMoves) {
        self.drawn += other.drawn;
        self.repaid += other.repaid;
        self.adjustments += other.adjustments;
    }
}

/// The balances of several contracts of one currency: never netted against each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Debt {
    /// The sum of the positive balances.
    pub debt: Money,
    /// What the negative ones sum up to, as a positive amount.
    pub overpaid: Money,
}

impl Debt {
    /// Adds the balance of one contract.
    pub(crate) fn add(&mut self, balance: Money) {
        if balance > Money::ZERO {
            self.debt += balance;
        } else {
            self.overpaid += -balance;
        }
    }

    /// Puts another balance of a contract in the place of the one that was added.
    pub(crate) fn replace(&mut self, before: Money, now: Money) {
        let mut gone = Debt::default();
        gone.add(before);
        self.debt = self.debt - gone.debt;
        self.overpaid = self.overpaid - gone.overpaid;
        self.add(now);
    }
}

impl AddAssign for Debt {
    fn add_assign(&mut self, other: Debt) {
        self.debt += other.debt;
        self.overpaid += other.overpaid;
    }
}

/// What became of a contract by the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContractStatus {
    /// Nothing was drawn, repaid or adjusted yet.
    Undrawn,
    /// Something is owed.
    Open,
    /// Nothing is owed any more.
    Repaid,
    /// More was repaid than drawn.
    Overpaid,
}

impl ContractStatus {
    /// The status of a contract with that balance. `has_moved`: whether anything ever moved it.
    pub fn of(balance: Money, has_moved: bool) -> ContractStatus {
        match balance.cmp(&Money::ZERO) {
            std::cmp::Ordering::Greater => ContractStatus::Open,
            std::cmp::Ordering::Less => ContractStatus::Overpaid,
            std::cmp::Ordering::Equal if has_moved => ContractStatus::Repaid,
            std::cmp::Ordering::Equal => ContractStatus::Undrawn,
        }
    }

    /// As it is answered.
    pub const fn as_str(self) -> &'static str {
        match self {
            ContractStatus::Undrawn => "undrawn",
            ContractStatus::Open => "open",
            ContractStatus::Repaid => "repaid",
            ContractStatus::Overpaid => "overpaid",
        }
    }

    /// The status of that name.
    pub fn of_name(name: &str) -> Option<ContractStatus> {
        use ContractStatus::{Open, Overpaid, Repaid, Undrawn};
        [Undrawn, Open, Repaid, Overpaid]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}
