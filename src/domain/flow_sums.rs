//! The sums that every flow is made of.

use std::ops::AddAssign;

use chrono::NaiveDate;

use super::Money;

/// Sums over some operations, in the currency of their payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowSums {
    /// What came in.
    pub receipts: Money,
    /// The commission that receipts name.
    pub commission: Money,
    /// What loans given returned.
    pub returned: Money,
    /// What was paid. By contract: the shares that the details name, and what they leave.
    pub expenses: Money,
    /// The part of `expenses` that the bank has not confirmed.
    pub unconfirmed: Money,
    /// The part of the payments that lowered debt.
    pub principal: Money,
    /// The part of the payments that was the debt's cost.
    pub interest: Money,
    /// The part of the payments that gave loans.
    pub given: Money,
    /// How many receipts.
    pub receipt_count: i64,
    /// How many expenses.
    pub expense_count: i64,
    /// How many payments: an expense once for each contract that it or its details name.
    pub payment_count: i64,
    /// The day of the last payment.
    pub last_payment: Option<NaiveDate>,
}

impl FlowSums {
    /// What was paid for something else: expenses − principal − interest − given.
    pub fn other(&self) -> Money {
        self.expenses - self.principal - self.interest - self.given
    }

    /// Whether any operation is in the sums; a payment of several contracts is one of each.
    pub fn has_operations(&self) -> bool {
        self.receipt_count + self.payment_count > 0
    }
}

impl AddAssign for FlowSums {
    fn add_assign(&mut self, other: FlowSums) {
        self.receipts += other.receipts;
        self.commission += other.commission;
        self.returned += other.returned;
        self.expenses += other.expenses;
        self.unconfirmed += other.unconfirmed;
        self.principal += other.principal;
        self.interest += other.interest;
        self.given += other.given;
        self.receipt_count += other.receipt_count;
        self.expense_count += other.expense_count;
        self.payment_count += other.payment_count;
        self.last_payment = self.last_payment.max(other.last_payment);
    }
}

impl std::iter::Sum for FlowSums {
    fn sum<I: Iterator<Item = FlowSums>>(flows: I) -> FlowSums {
        flows.fold(FlowSums::default(), |mut sum, flow| {
            sum += flow;
            sum
        })
    }
}
