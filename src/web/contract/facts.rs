//! What a contract is, and its figures in the range.

use i18n_embed_fl::fl;

use super::Found;
use crate::analytics::{Concentration, RollForwardRow};
use crate::db::ContractRow;
use crate::domain::{Direction, Percent};
use crate::web::cells::{Behind, Tile};
use crate::web::contracts::{status_name, type_name};
use crate::web::direction_words::DirectionWords;
use crate::web::frame::Frame;
use crate::web::page_query::PageQuery;

/// A fact, and where it leads.
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) text: String,
    pub(crate) href: Option<String>,
}

/// Which way a contract's money goes; an unknown direction counts as borrowed.
pub(super) fn counted_direction(row: &ContractRow) -> Direction {
    let known = row.direction.as_deref().and_then(Direction::of_name);
    known.unwrap_or_default()
}

/// Returns the facts that are known.
pub(super) fn facts(found: &Found, query: &PageQuery, p: &Frame) -> Vec<Fact> {
    let (t, row, title) = (p.texts, &found.row, &found.ledger.contract);
    let fact = |label: String, text: String| Fact {
        label,
        text,
        href: None,
    };
    let direction = match (
        row.direction.as_deref().and_then(Direction::of_name),
        counted_direction(row),
    ) {
        (None, _) => fl!(t, "direction-unknown"),
        (Some(_), Direction::Borrowed) => fl!(t, "direction-borrowed"),
        (Some(_), Direction::Lent) => fl!(t, "direction-lent"),
    };
    let organization = Fact {
        href: Some(
            query
                .kept()
                .at("/contracts")
                .with("organization_id", title.organization_id)
                .without("lender_id")
                .to_string(),
        ),
        ..fact(fl!(t, "organization"), title.organization.clone())
    };
    let lender = match (&title.lender, title.lender_id) {
        (Some(name), Some(id)) => Some(Fact {
            href: Some(query.link.at_lender(id).to_string()),
            ..fact(
                DirectionWords::of(counted_direction(row), t).party,
                name.clone(),
            )
        }),
        _ => None,
    };
    let intra_group =
        (title.is_intra_group == Some(true)).then(|| fact(fl!(t, "intra-group"), fl!(t, "yes")));
    let date = row
        .contract_date
        .map(|day| fact(fl!(t, "contract-date"), p.format.date(day)));
    let contract_type = Some(type_name(row.contract_type.as_deref(), t))
        .filter(|name| !name.is_empty())
        .map(|name| fact(fl!(t, "contract-type"), name));
    let status = found
        .standing
        .map(|standing| fact(fl!(t, "status"), status_name(standing.status, t)));
    let switched_off = (!row.is_active).then(|| fact(fl!(t, "switched-off"), fl!(t, "yes")));
    let always = [
        fact(fl!(t, "direction"), direction),
        fact(fl!(t, "currency"), query.filter.currency.to_string()),
    ];
    let mut facts = vec![organization];
    facts.extend(lender);
    facts.extend(intra_group);
    facts.extend(date);
    facts.extend(contract_type);
    facts.extend(always);
    facts.extend(status);
    facts.extend(switched_off);
    facts
}

/// Returns the figures of the range.
pub(super) fn tiles(
    moved: &RollForwardRow,
    shares: &Concentration,
    id: i64,
    query: &PageQuery,
    behind: &Behind<'_>,
    direction: Direction,
    p: &Frame,
) -> Vec<Tile> {
    let t = p.texts;
    let words = DirectionWords::of(direction, t);
    let currency = &query.filter.currency;
    let share = shares
        .by_contract
        .data
        .iter()
        .find(|row| row.contract_id == Some(id));
    let share = share.map_or_else(Percent::default, |row| row.share);
    let amount =
        |class, label, money, link| Tile::of_money(class, label, money, currency, &link, p);
    let mut tiles = vec![
        amount(
            "debt",
            fl!(t, "outstanding"),
            moved.closing,
            behind.balance("balance"),
        ),
        amount("inflow", words.drawn, moved.drawn, behind.flow("drawn")),
        amount(
            "principal",
            words.repaid,
            moved.repaid,
            behind.flow("repaid"),
        ),
        amount(
            "debt",
            fl!(t, "adjustments"),
            moved.adjustments,
            behind.flow("adjustments"),
        ),
        amount(
            "interest",
            fl!(t, "contract-interest"),
            moved.interest,
            behind.flow("contract_interest"),
        ),
    ];
    // A loan that was given is no part of what is owed.
    if direction == Direction::Borrowed {
        let share = Tile {
            class: "debt",
            label: fl!(t, "share-of-debt"),
            value: p.format.percent(share),
            exact: p.format.exact_percent(share),
            href: behind.balance("balance").to_string(),
        };
        tiles.insert(1, share);
    }
    tiles
}
