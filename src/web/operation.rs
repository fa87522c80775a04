//! One operation of the bank: a receipt, or an expense with its details, as 1C's exports have it.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use i18n_embed_fl::fl;

use super::contract::Fact;
use super::error::PageError;
use super::files::{FileLink, files_at};
use super::frame::Frame;
use super::links::{Link, own_address};
use super::operations::number_of;
use super::page_query::PageQuery;
use super::pages::page;
use super::surroundings::KnownSurroundings;
use super::texts::Texts;
use super::visitor::Visitor;
use crate::db::{
    self, DbConn, DbError, DetailFilter, DetailRow, Details, ExpenseRow, PagedList, ReceiptRow,
    list_next_keys,
};
use crate::domain::{Currency, DateRange, DepartmentScope, Money, PaymentType};
use crate::state::AppState;

/// An expense with so many details shows the newest only; all are in the files.
const MOST_DETAILS: i64 = 1000;
/// The detail that a figure counts.
const PART: &str = "part";
const BACK: &str = "back";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource(r"/operations/receipts/{id:\d+}").get(receipt))
        .service(web::resource(r"/operations/expenses/{id:\d+}").get(expense));
}

/// Returns the address of the operation that a part belongs to, which keeps the filter and leads back
/// to the page of the parts; `None` for an adjustment.
pub(super) fn address_of(kind: &str, id: i64, detail_id: i64, query: &PageQuery) -> Option<Link> {
    let path = match kind {
        "receipt" => format!("/operations/receipts/{id}"),
        "detail" | "rest" => format!("/operations/expenses/{id}"),
        _ => return None,
    };
    let part = Some(detail_id).filter(|id| *id > 0);
    let part = part.map(|id| id.to_string()).unwrap_or_default();
    let link = query.kept().at(&path).with(PART, part);
    Some(link.with(BACK, query.address()))
}

#[derive(Template)]
#[template(path = "operation.html")]
struct OperationPage {
    p: Frame,
    back: Option<String>,
    /// The operation's id as 1C has it.
    id: String,
    facts: Vec<Fact>,
    /// Of an expense.
    details: Option<DetailTable>,
    /// The details as files.
    files: Vec<FileLink>,
}

/// The details of an expense, and what of it they leave out.
struct DetailTable {
    lines: Vec<DetailLine>,
    /// What they add up to; none where further ones are in the files only.
    sum: Option<String>,
    /// What no detail explains, when there is such.
    rest: Option<String>,
    currency: String,
}

struct DetailLine {
    contract: Option<(String, String)>,
    counterparty: String,
    what: String,
    account: String,
    amount: String,
    /// Whether the figure that led here counts it.
    is_counted: bool,
}

/// What both kinds of operations have.
struct Operation {
    facts: Vec<Fact>,
    title: String,
    id: String,
    details: Option<DetailTable>,
    files: Vec<FileLink>,
}

/// `GET /operations/receipts/{id}`
async fn receipt(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    id: Path<i64>,
) -> Result<HttpResponse, PageError> {
    let path = format!("/operations/receipts/{id}");
    let query = PageQuery::read(&request, &state, &visitor, &path, &[PART, BACK])?;
    let mut conn = state.db.conn().await?;
    let row = db::find_receipt(&mut conn, query.filter.department, *id).await?;
    drop(conn);
    let row = row.ok_or(PageError::NotFound)?;
    let of_row = |p: &Frame| Operation {
        facts: receipt_facts(&row, &query, p),
        title: title(&fl!(p.texts, "kind-receipt"), &row.operation_id),
        id: row.operation_id.clone(),
        details: None,
        files: Vec::new(),
    };
    shown(&state, &surroundings, &visitor, &query, of_row).await
}

/// `GET /operations/expenses/{id}`
async fn expense(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    visitor: Visitor,
    request: HttpRequest,
    id: Path<i64>,
) -> Result<HttpResponse, PageError> {
    let path = format!("/operations/expenses/{id}");
    let query = PageQuery::read(&request, &state, &visitor, &path, &[PART, BACK])?;
    let scope = query.filter.department;
    let read = async |conn: &mut DbConn| {
        let Some(row) = db::find_expense(conn, scope, *id).await? else {
            return Ok::<_, DbError>(None);
        };
        let details = details_of(conn, &row).await?;
        Ok(Some((row, details)))
    };
    let (row, details) = state.db.snapshot(read).await?.ok_or(PageError::NotFound)?;
    let of_row = |p: &Frame| Operation {
        facts: expense_facts(&row, &query, p),
        title: title(&fl!(p.texts, "kind-expense"), &row.operation_id),
        id: row.operation_id.clone(),
        details: Some(DetailTable::of(&row, &details, &query, p)),
        files: files_at(&rest_of_details(&row), p),
    };
    shown(&state, &surroundings, &visitor, &query, of_row).await
}

async fn shown(
    state: &AppState,
    surroundings: &KnownSurroundings,
    visitor: &Visitor,
    query: &PageQuery,
    of_row: impl FnOnce(&Frame) -> Operation,
) -> Result<HttpResponse, PageError> {
    let around = surroundings.of(state, query.filter.department).await?;
    let mut p = Frame::of_list(state, visitor, query, &around, |_| String::new());
    let operation = of_row(&p);
    p.title = operation.title;
    page(&OperationPage {
        back: own_address(query.own(BACK)).map(str::to_owned),
        id: operation.id,
        facts: operation.facts,
        details: operation.details,
        files: operation.files,
        p,
    })
}

/// The details of an expense, in the order in which its export has them.
async fn details_of(conn: &mut DbConn, row: &ExpenseRow) -> Result<Vec<DetailRow>, DbError> {
    let list = Details(DetailFilter {
        department: DepartmentScope::One(row.department_id),
        dates: DateRange::ALL,
        expense_operation_id: Some(row.operation_id.clone()),
        contract_id: None,
    });
    let keys = list_next_keys(&list, conn, None, MOST_DETAILS).await?;
    let mut rows = list.rows(conn, &keys).await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

fn title(kind: &str, operation_id: &str) -> String {
    format!("{kind} {}", number_of(operation_id))
}

/// What the documents of receipts and expenses have in common.
struct Document<'r> {
    amount: String,
    day: Option<NaiveDate>,
    number: &'r Option<String>,
    operation_type: &'r Option<String>,
    organization: &'r str,
    bank_account: &'r Option<String>,
}

impl Document<'_> {
    /// Label and text.
    fn facts(self, p: &Frame) -> Vec<(String, Option<String>)> {
        let t = p.texts;
        vec![
            (fl!(t, "amount"), Some(self.amount)),
            (fl!(t, "date"), self.day.map(|day| p.format.date(day))),
            (fl!(t, "document-number"), self.number.clone()),
            (fl!(t, "operation-type"), self.operation_type.clone()),
            (fl!(t, "organization"), Some(self.organization.to_owned())),
            (fl!(t, "bank-account"), self.bank_account.clone()),
        ]
    }
}

fn receipt_facts(row: &ReceiptRow, query: &PageQuery, p: &Frame) -> Vec<Fact> {
    let t = p.texts;
    let money = |kopecks| money(kopecks, &row.currency, p);
    let document = Document {
        amount: money(row.amount),
        day: row.document_date,
        number: &row.document_number,
        operation_type: &row.operation_type,
        organization: &row.organization,
        bank_account: &row.bank_account,
    };
    let own = [
        (fl!(t, "commission"), row.commission.map(money)),
        (fl!(t, "payer"), row.payer.clone()),
        (fl!(t, "payer-account"), row.payer_account.clone()),
        (fl!(t, "accounting-account"), row.account.clone()),
        (fl!(t, "payment-purpose"), row.payment_purpose.clone()),
        (fl!(t, "income-item"), row.income_item.clone()),
        (fl!(t, "responsible"), row.responsible.clone()),
        (fl!(t, "comment"), row.comment.clone()),
    ];
    let texts = document.facts(p).into_iter().chain(own);
    with_contract(texts, row.contract_id, row.contract.as_deref(), query, p)
}

fn expense_facts(row: &ExpenseRow, query: &PageQuery, p: &Frame) -> Vec<Fact> {
    let t = p.texts;
    let confirmed = match row.unconfirmed_by_bank {
        true => fl!(t, "no"),
        false => fl!(t, "yes"),
    };
    let document = Document {
        amount: money(row.amount, &row.currency, p),
        day: row.document_date,
        number: &row.document_number,
        operation_type: &row.operation_type,
        organization: &row.organization,
        bank_account: &row.bank_account,
    };
    let own = [
        (fl!(t, "confirmed"), Some(confirmed)),
        (fl!(t, "recipient"), row.recipient.clone()),
        (fl!(t, "recipient-account"), row.recipient_account.clone()),
        (fl!(t, "accounting-account"), row.debit_account.clone()),
        (fl!(t, "payment-purpose"), row.payment_purpose.clone()),
        (fl!(t, "expense-item"), row.expense_item.clone()),
        (fl!(t, "responsible"), row.responsible.clone()),
        (fl!(t, "comment"), row.comment.clone()),
    ];
    let texts = document.facts(p).into_iter().chain(own);
    with_contract(texts, row.contract_id, row.contract.as_deref(), query, p)
}

/// The facts that are known, and the contract, which leads to its page.
fn with_contract(
    texts: impl IntoIterator<Item = (String, Option<String>)>,
    contract_id: Option<i64>,
    contract: Option<&str>,
    query: &PageQuery,
    p: &Frame,
) -> Vec<Fact> {
    let known = texts.into_iter().filter_map(|(label, text)| {
        let text = text.filter(|text| !text.trim().is_empty())?;
        Some(Fact {
            label,
            text,
            href: None,
        })
    });
    let contract = contract_id.zip(contract).map(|(id, number)| Fact {
        label: fl!(p.texts, "contract"),
        text: number.to_owned(),
        href: Some(contract_page(query, id)),
    });
    known.chain(contract).collect()
}

/// An amount with its currency, as it is stored.
fn money(kopecks: i64, currency: &str, p: &Frame) -> String {
    let amount = Money::from_kopecks(kopecks);
    match Currency::parse(currency) {
        Some(known) => p.format.money(amount, &known),
        None => format!("{} {currency}", p.format.amount(amount)),
    }
}

/// What a payment is for: principal and interest in the page's language, others as the export has
/// them.
fn payment_name(t: &Texts, stored: &str) -> String {
    match stored {
        _ if stored == PaymentType::Principal.as_1c() => fl!(t, "principal"),
        _ if stored == PaymentType::Interest.as_1c() => fl!(t, "interest"),
        other => other.to_owned(),
    }
}

/// The page of a contract over the same dates.
fn contract_page(query: &PageQuery, id: i64) -> String {
    let dates = query
        .kept()
        .only(&["date_from", "date_to", "department_id"]);
    dates.at(&format!("/contracts/{id}")).to_string()
}

/// The details of an expense at the REST interface.
fn rest_of_details(row: &ExpenseRow) -> Link {
    Link::new("/api/v1/credit-portfolio/expense-details")
        .with("department_id", row.department_id)
        .with("expense_operation_id", &row.operation_id)
}

impl DetailTable {
    fn of(row: &ExpenseRow, details: &[DetailRow], query: &PageQuery, p: &Frame) -> DetailTable {
        let part = query.own(PART);
        let sum: Money = details
            .iter()
            .map(|detail| Money::from_kopecks(detail.amount))
            .sum();
        let is_whole = (details.len() as i64) < MOST_DETAILS;
        let rest = Money::from_kopecks(row.amount) - sum;
        let has_rest = is_whole && rest != Money::ZERO && !details.is_empty();
        let line = |detail: &DetailRow| DetailLine {
            contract: detail
                .contract_id
                .zip(detail.contract.clone())
                .map(|(id, number)| (number, contract_page(query, id))),
            counterparty: detail.counterparty.clone().unwrap_or_default(),
            what: payment_name(p.texts, detail.payment_type.as_deref().unwrap_or_default()),
            account: detail.settlement_account.clone().unwrap_or_default(),
            amount: p.format.amount(Money::from_kopecks(detail.amount)),
            is_counted: part.is_some_and(|part| part == detail.id.to_string()),
        };
        DetailTable {
            lines: details.iter().map(line).collect(),
            sum: is_whole.then(|| p.format.amount(sum)),
            rest: has_rest.then(|| p.format.amount(rest)),
            currency: row.currency.clone(),
        }
    }
}
