//! Which contracts a list shows, by what became of them, and in which order.

use super::contract_answer::Contract;
use super::params::{ContractListOrder, ContractStanding, given};
use crate::domain::{ContractStatus, Direction, Money};

/// What contracts are chosen by beside their rows, and their order.
#[derive(Default)]
pub(super) struct ContractChoice {
    status: Option<ContractStatus>,
    has_debt: Option<bool>,
    /// Loans given are no debt unless they are asked for.
    direction: Direction,
    sort: Option<(ContractOrder, bool)>,
}

/// What contracts are sorted by.
#[derive(Clone, Copy)]
pub(super) enum ContractOrder {
    Number,
    Date,
    Type,
    Counterparty,
    Direction,
    Status,
    Outstanding,
    TotalPaid,
}

impl ContractOrder {
    /// The columns that the list can be sorted by.
    pub const COLUMNS: [(&'static str, ContractOrder); 8] = [
        ("contract_number", ContractOrder::Number),
        ("contract_date", ContractOrder::Date),
        ("contract_type", ContractOrder::Type),
        ("counterparty", ContractOrder::Counterparty),
        ("direction", ContractOrder::Direction),
        ("status", ContractOrder::Status),
        ("outstanding", ContractOrder::Outstanding),
        ("total_paid", ContractOrder::TotalPaid),
    ];

    /// Reads `column`, or `-column` for the largest first.
    pub fn parse(text: &str) -> Option<(ContractOrder, bool)> {
        let (name, is_descending) = text
            .strip_prefix('-')
            .map_or((text, false), |name| (name, true));
        let (_, order) = Self::COLUMNS.iter().find(|(known, _)| *known == name)?;
        Some((*order, is_descending))
    }
}

impl ContractChoice {
    /// Returns what the parameters choose.
    pub fn new(
        standing: ContractStanding,
        order: ContractListOrder,
        direction: Option<Direction>,
    ) -> ContractChoice {
        ContractChoice {
            status: given(standing.status),
            has_debt: given(standing.has_debt),
            direction: direction.unwrap_or_default(),
            sort: given(order.sort),
        }
    }

    /// Whether a contract is chosen.
    pub fn takes(&self, contract: &Contract) -> bool {
        self.status
            .is_none_or(|status| status.as_str() == contract.status)
            && self.has_debt.is_none_or(|has_debt| {
                (self.counts(contract) && contract.outstanding > Money::ZERO) == has_debt
            })
    }

    fn counts(&self, contract: &Contract) -> bool {
        let direction = contract
            .row
            .direction
            .as_deref()
            .and_then(Direction::of_name)
            .unwrap_or_default();
        direction == self.direction
    }

    /// Which of two contracts comes first; ties by id.
    pub fn compare(&self, one: &Contract, other: &Contract) -> std::cmp::Ordering {
        let Some((order, is_descending)) = self.sort else {
            return one.row.id.cmp(&other.row.id);
        };
        let (row, other_row) = (&one.row, &other.row);
        let ordering = match order {
            ContractOrder::Number => row.contract_number.cmp(&other_row.contract_number),
            ContractOrder::Date => row.contract_date.cmp(&other_row.contract_date),
            ContractOrder::Type => row.contract_type.cmp(&other_row.contract_type),
            ContractOrder::Counterparty => row.counterparty.cmp(&other_row.counterparty),
            ContractOrder::Direction => row.direction.cmp(&other_row.direction),
            ContractOrder::Status => one.status.cmp(other.status),
            ContractOrder::Outstanding => one.outstanding.cmp(&other.outstanding),
            ContractOrder::TotalPaid => one.total_paid.cmp(&other.total_paid),
        };
        let ordering = if is_descending {
            ordering.reverse()
        } else {
            ordering
        };
        ordering.then(row.id.cmp(&other_row.id))
    }
}
