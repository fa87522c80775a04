//! One lender: its facts and figures, what is owed to it over time, its contracts, and the ways to
//! merge it into another one and to undo that.

mod merge;
mod undo;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;

use super::balance_chart::BalanceChart;
use super::cells::{Behind, Tile, hundredths};
use super::charts::{Chart, HasCharts, page_or_picture};
use super::contract::Fact;
use super::contracts::{self, ContractLine};
use super::direction_words::DirectionWords;
use super::error::PageError;
use super::figures::figure;
use super::files::{FileLink, files_at};
use super::filter_bar::Offers;
use super::frame::Frame;
use super::lenders;
use super::page_query::{PICTURE, PageQuery};
use super::pages::see_other;
use super::surroundings::KnownSurroundings;
use super::visitor::Visitor;
use crate::analytics::{
    ContractSearch, ContractsSummary, Data as DataOf, DebtBalance, Figure, LenderStats,
};
use crate::db::{
    self, AliasKind, DbConn, DbError, LenderRow, MergeRow, Page, ReferenceFilter, ReferenceOrder,
    ReferenceRow, Spelling,
};
use crate::domain::{DepartmentScope, PortfolioFilter};
use crate::state::AppState;

/// So many of the contracts are shown; a link leads to all.
const SHOWN_CONTRACTS: i64 = 20;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/lenders/{id}").get(show))
        .configure(merge::configure)
        .configure(undo::configure);
}

#[derive(Template)]
#[template(path = "lender.html")]
struct LenderPage {
    p: Frame,
    id: i64,
    /// The lenders of the filter.
    all: String,
    facts: Vec<Fact>,
    aliases: Vec<String>,
    tiles: Vec<Tile>,
    chart: Chart,
    contracts: Vec<ContractLine>,
    all_contracts: String,
    contract_files: Vec<FileLink>,
    /// The lenders that it can be merged into; empty for those who change nothing.
    others: Vec<(i64, String)>,
    /// The lenders that were merged into it: where that is undone, and what was done; empty for
    /// those who change nothing.
    merged: Vec<(String, String)>,
}

/// A lender with its spellings, and the others of its department.
struct Found {
    row: LenderRow,
    aliases: Vec<Spelling>,
    others: Vec<LenderRow>,
    merged: Vec<MergeRow>,
}

/// `GET /lenders/{id}`
async fn show(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let mut query = PageQuery::read(
        &request,
        &state,
        &visitor,
        &format!("/lenders/{id}"),
        &[PICTURE],
    )?;
    if query.filter.bank_account_id.is_some() || query.filter.contract_id.is_some() {
        return Err(PageError::Address(
            "bank_account_id, contract_id".to_owned(),
        ));
    }
    // Another lender of the filter bar has a page of its own.
    if let Some(other) = query.filter.lender_id.filter(|other| *other != id) {
        return Ok(see_other(&query.link.at_lender(other).to_string()));
    }
    let found = read(&state, query.filter.department, id).await?;
    let found = found.ok_or(PageError::NotFound)?;
    if let Some(into) = found.row.merged_into {
        return Ok(see_other(&query.link.at_lender(into).to_string()));
    }
    // Its share is among all lenders of the filter.
    let of_all = PortfolioFilter {
        lender_id: None,
        ..query.filter.clone()
    };
    query.filter.lender_id = Some(id);
    let search = ContractSearch {
        sort: Some(contracts::DEFAULT_SORT),
        ..ContractSearch::first_page(SHOWN_CONTRACTS)
    };
    let (stats, balances, its_contracts) = tokio::try_join!(
        figure::<DataOf<LenderStats>>(&state, Figure::LenderStats, &of_all),
        figure::<DataOf<DebtBalance>>(&state, Figure::DebtBalance(None), &query.filter),
        figure::<ContractsSummary>(&state, Figure::ContractsSummary(search), &query.filter),
    )?;
    let around = surroundings.of(&state, query.filter.department).await?;
    let note = stats.note().and(balances.note()).and(its_contracts.note());
    let name = found.row.name.clone();
    let mut p = Frame::of_figures(
        &state,
        &visitor,
        &query,
        &around,
        Offers::Balances,
        &note,
        |_| name,
    )?;
    // Its line of the navigation is that of all lenders.
    "/lenders".clone_into(&mut p.path);
    let row = stats
        .value
        .data
        .iter()
        .find(|row| row.lender_id == Some(id));
    let behind = Behind::all(&query).with("lender_id", id);
    let own = query.link.clone().with("lender_id", id);
    let chart = BalanceChart {
        title: fl!(p.texts, "debt-at-month-end"),
        name: fl!(p.texts, "debt"),
        of_operations: behind.balance("debt"),
        data: own.at("/api/v1/credit-portfolio/analytics/debt-balance"),
    };
    let others = found
        .others
        .iter()
        .filter(|other| other.id != id && visitor.may_change());
    let merged = found.merged.iter().filter(|_| visitor.may_change());
    let merged = merged.map(|merge| {
        let (name, user) = (merge.source.as_str(), merge.created_by.as_str());
        let day = p
            .format
            .date(state.cache.clock().local(merge.created_at).date());
        let text = fl!(p.texts, "merged-by", name = name, user = user, day = day);
        (undo::path(id, merge.id), text)
    });
    let shown = LenderPage {
        merged: merged.collect(),
        id,
        all: query.link.at("/lenders").without("lender_id").to_string(),
        facts: facts(&found.row, &p),
        aliases: found
            .aliases
            .iter()
            .map(|one| one.spelling.clone())
            .collect(),
        tiles: row.map_or_else(Vec::new, |row| tiles(row, &query, &behind, &p)),
        chart: chart.of(&balances.value, &query, &p, state.cache.today()),
        contracts: ContractLine::all(&its_contracts.value, &query, &p),
        all_contracts: own.at("/contracts").to_string(),
        contract_files: files_at(&own.at(contracts::REST), &p),
        others: others.map(|other| (other.id, other.name.clone())).collect(),
        p,
    };
    page_or_picture(&query, &shown).await
}

impl HasCharts for LenderPage {
    fn charts(&self) -> (&Frame, Vec<&Chart>) {
        (&self.p, vec![&self.chart])
    }
}

async fn read(state: &AppState, scope: DepartmentScope, id: i64) -> Result<Option<Found>, DbError> {
    let found = async |conn: &mut DbConn| {
        let Some(row) = LenderRow::find(conn, scope, id).await? else {
            return Ok::<_, DbError>(None);
        };
        let of_department = DepartmentScope::One(row.department_id);
        let by_name = ReferenceFilter {
            order: ReferenceOrder::Name,
            ..ReferenceFilter::all(of_department)
        };
        let (others, _) = LenderRow::list(conn, &by_name, Page::ALL).await?;
        let merged = db::merges_into(conn, AliasKind::Lender, id).await?;
        let (kind, rows) = (AliasKind::Lender, vec![row]);
        let rows = db::with_aliases(conn, of_department, kind, rows, |row| row.id).await?;
        Ok(rows.into_iter().next().map(|(row, aliases)| Found {
            row,
            aliases,
            others,
            merged,
        }))
    };
    state.db.snapshot(found).await
}

/// Returns the facts that are known.
fn facts(row: &LenderRow, p: &Frame) -> Vec<Fact> {
    let t = p.texts;
    let inn = row.inn.clone().map(|inn| (fl!(t, "inn"), inn));
    let group = row.group_name.clone().map(|group| (fl!(t, "group"), group));
    let intra_group = row
        .is_intra_group
        .then(|| (fl!(t, "intra-group"), fl!(t, "yes")));
    let switched_off = (!row.is_active).then(|| (fl!(t, "switched-off"), fl!(t, "yes")));
    let known = [inn, group, intra_group, switched_off];
    let fact = |(label, text)| Fact {
        label,
        text,
        href: None,
    };
    known.into_iter().flatten().map(fact).collect()
}

/// Returns the figures of the range.
fn tiles(row: &LenderStats, query: &PageQuery, behind: &Behind<'_>, p: &Frame) -> Vec<Tile> {
    let t = p.texts;
    let words = DirectionWords::of(query.filter.balance_direction(), t);
    let currency = &query.filter.currency;
    let amount =
        |class, label, money, link| Tile::of_money(class, label, money, currency, &link, p);
    let contracts = query
        .kept()
        .at("/contracts")
        .with("lender_id", row.lender_id.unwrap_or(0));
    vec![
        amount("debt", words.debt, row.outstanding, behind.balance("debt")),
        Tile {
            class: "debt",
            label: fl!(t, "share-of-debt"),
            value: p.format.percent(row.share),
            exact: p.format.exact_percent(row.share),
            href: behind.balance("debt").to_string(),
        },
        amount("inflow", words.drawn, row.drawn, behind.flow("drawn")),
        amount("principal", words.repaid, row.repaid, behind.flow("repaid")),
        Tile {
            class: "interest",
            label: fl!(t, "contract-interest"),
            value: p.format.short_money(row.interest, currency),
            exact: row.realized_rate.map_or_else(String::new, |rate| {
                fl!(t, "rate-of", rate = hundredths(rate, p))
            }),
            href: behind.flow("contract_interest").to_string(),
        },
        Tile {
            class: "debt",
            label: fl!(t, "contracts"),
            value: p
                .format
                .count(i64::try_from(row.contracts).unwrap_or(i64::MAX)),
            exact: lenders::contracts_text(row.active_contracts, row.contracts, p),
            href: contracts.to_string(),
        },
    ]
}
