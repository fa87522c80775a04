//! The measures of operations: what each is called, and its figure as charts and tiles have it.

use actix_web::web::Data;
use i18n_embed_fl::fl;

use crate::analytics::{DebtGroup, Figure, Measure, RollForward, RollForwardGroup, Summary};
use crate::db::{BalanceMeasure, FlowMeasure};
use crate::domain::{Direction, Money, PortfolioFilter};
use crate::state::AppState;
use crate::web::direction_words::DirectionWords;
use crate::web::error::PageError;
use crate::web::figures::figure;
use crate::web::frame::FiguresNote;
use crate::web::texts::Texts;

/// The figure as charts and tiles have it; `None` for a measure that none of them shows.
pub(super) async fn expected(
    state: &Data<AppState>,
    filter: &PortfolioFilter,
    measure: Measure,
) -> Result<(Option<Money>, FiguresNote), PageError> {
    if let Measure::Moved(moved) = measure {
        let question = Figure::RollForward(RollForwardGroup::Of(DebtGroup::Contract));
        let found = figure::<RollForward>(state, question, filter).await?;
        let total = &found.value.total;
        let value = match moved {
            BalanceMeasure::Drawn => Some(total.drawn),
            BalanceMeasure::Repaid => Some(total.repaid),
            BalanceMeasure::Adjustments => Some(total.adjustments),
            BalanceMeasure::Interest => Some(total.interest),
            BalanceMeasure::Other => Some(total.other),
            BalanceMeasure::Unconfirmed | BalanceMeasure::Change => None,
        };
        return Ok((value, found.note()));
    }
    let found = figure::<Summary>(state, Figure::Summary, filter).await?;
    let note = found.note();
    Ok((Some(of_summary(&found.value, measure)), note))
}

fn of_summary(summary: &Summary, measure: Measure) -> Money {
    match measure {
        Measure::Flow(flow) => match flow {
            FlowMeasure::Receipts => summary.total_receipts,
            FlowMeasure::Expenses => summary.total_expenses,
            FlowMeasure::Principal => summary.total_principal,
            FlowMeasure::Interest => summary.total_interest,
            FlowMeasure::Given => summary.given,
            FlowMeasure::Returned => summary.returned,
            FlowMeasure::Other => summary.other,
            FlowMeasure::Commission => summary.commission,
            FlowMeasure::Unconfirmed => summary.unconfirmed,
            FlowMeasure::Amount => summary.total_receipts + summary.total_expenses,
            FlowMeasure::Paid => summary.total_principal + summary.total_interest,
            FlowMeasure::Net => summary.net_balance,
        },
        Measure::Debt => summary.debt,
        Measure::Overpaid => -summary.overpaid,
        Measure::Balance | Measure::Moved(_) => summary.debt - summary.overpaid,
        Measure::DebtUnconfirmed => summary.debt_unconfirmed,
        Measure::Planned => summary.planned.unwrap_or_default(),
    }
}

/// What a measure is called, of loans taken or given.
pub(super) fn measure_name(t: &Texts, measure: Measure, direction: Direction) -> String {
    match measure {
        Measure::Flow(flow) => match flow {
            FlowMeasure::Receipts => fl!(t, "received"),
            FlowMeasure::Expenses => fl!(t, "expenses"),
            FlowMeasure::Principal => fl!(t, "principal-repaid"),
            FlowMeasure::Interest => fl!(t, "interest-paid"),
            FlowMeasure::Given => fl!(t, "given"),
            FlowMeasure::Returned => fl!(t, "returned"),
            FlowMeasure::Other => fl!(t, "other"),
            FlowMeasure::Commission => fl!(t, "commission"),
            FlowMeasure::Unconfirmed => fl!(t, "unconfirmed"),
            FlowMeasure::Amount => fl!(t, "operations"),
            FlowMeasure::Paid => fl!(t, "payments"),
            FlowMeasure::Net => fl!(t, "net"),
        },
        Measure::Moved(moved) => match moved {
            BalanceMeasure::Drawn => DirectionWords::of(direction, t).drawn,
            BalanceMeasure::Repaid => DirectionWords::of(direction, t).repaid,
            BalanceMeasure::Adjustments => fl!(t, "adjustments"),
            BalanceMeasure::Interest => fl!(t, "contract-interest"),
            BalanceMeasure::Other => fl!(t, "other"),
            BalanceMeasure::Unconfirmed => fl!(t, "unconfirmed"),
            BalanceMeasure::Change => DirectionWords::of(direction, t).debt,
        },
        Measure::Debt | Measure::Balance => DirectionWords::of(direction, t).debt,
        Measure::Overpaid => fl!(t, "overpaid"),
        Measure::DebtUnconfirmed => fl!(t, "unconfirmed"),
        Measure::Planned => fl!(t, "planned"),
    }
}
