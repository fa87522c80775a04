//! What flowed in some time: the measures that every figure is made of.

use std::ops::AddAssign;

use chrono::NaiveDate;

use super::Money;

/// Sums over some operations of one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowSums {
    /// What came in.
    pub receipts: Money,
    /// What was paid. By contract: the shares that the details name, and what they leave.
    pub expenses: Money,
    /// The part of the payments that lowered debt.
    pub principal: Money,
    /// The part of the payments that was the debt's cost.
    pub interest: Money,
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
    /// From the columns of a rollup, in their order; amounts in kopecks.
    pub fn from_row(row: (i64, i64, i64, i64, i64, i64, i64, Option<NaiveDate>)) -> FlowSums {
        FlowSums {
            receipts: Money::from_kopecks(row.0),
            expenses: Money::from_kopecks(row.1),
            principal: Money::from_kopecks(row.2),
            interest: Money::from_kopecks(row.3),
            receipt_count: row.4,
            expense_count: row.5,
            payment_count: row.6,
            last_payment: row.7,
        }
    }

    /// What is still owed: received − principal.
    pub fn outstanding(&self) -> Money {
        self.receipts - self.principal
    }
}

impl AddAssign for FlowSums {
    fn add_assign(&mut self, other: FlowSums) {
        self.receipts += other.receipts;
        self.expenses += other.expenses;
        self.principal += other.principal;
        self.interest += other.interest;
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
