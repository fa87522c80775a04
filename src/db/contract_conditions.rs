//! What a portfolio filter says of contracts, as an SQL condition on a column of contract ids.
//!
//! Built of whole numbers and fixed words only, so there is nothing to bind and nothing to inject.
//! A contract whose direction is unknown counts as borrowed, one without a lender as external.

use crate::domain::{Direction, IntraGroup, PortfolioFilter, WITHOUT_LENDER};

/// Returns the condition that a contract `c` is of a lender, or of none that is known.
pub(super) fn lender_condition(lender_id: i64) -> String {
    match lender_id {
        WITHOUT_LENDER => "c.lender_id IS NULL".to_owned(),
        id => format!("c.lender_id = {id}"),
    }
}

/// Returns the condition on `column`; `None` when every contract matches.
pub(super) fn contract_condition(filter: &PortfolioFilter, column: &str) -> Option<String> {
    let department = filter
        .department
        .id()
        .map_or_else(String::new, |id| format!("c.department_id = {id} AND "));
    let contracts =
        |condition: &str| format!("(SELECT c.id FROM contracts c WHERE {department}{condition})");
    let intra_group = "EXISTS (SELECT 1 FROM lenders l WHERE l.department_id = c.department_id AND l.id = c.lender_id \
                       AND l.is_intra_group)";
    let mut conditions = Vec::new();
    if let Some(contract_type) = filter.contract_type {
        let condition = format!("c.contract_type = '{}'", contract_type.as_str());
        conditions.push(format!("{column} IN {}", contracts(&condition)));
    }
    if let Some(lender_id) = filter.lender_id {
        conditions.push(format!(
            "{column} IN {}",
            contracts(&lender_condition(lender_id))
        ));
    }
    match filter.direction {
        None => {}
        Some(Direction::Lent) => {
            conditions.push(format!("{column} IN {}", contracts("c.direction = 'lent'")))
        }
        Some(Direction::Borrowed) => conditions.push(format!(
            "{column} NOT IN {}",
            contracts("c.direction = 'lent'")
        )),
    }
    match filter.intra_group {
        IntraGroup::Include => {}
        IntraGroup::Exclude => {
            conditions.push(format!("{column} NOT IN {}", contracts(intra_group)))
        }
        IntraGroup::Only => conditions.push(format!("{column} IN {}", contracts(intra_group))),
    }
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}
