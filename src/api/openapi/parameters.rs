//! The parameters of the interface, each described once, in the groups that handlers take.

use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required, Schema};

use crate::analytics::Measure;
use crate::api::answer::LONGEST_TEXT;
use crate::api::params::LARGEST_LIMIT;
use crate::db::{Details, PagedList, Receipts};
use crate::domain::{AdjustmentKind, Currency};

macro_rules! groups {
    ($($group:ident: $($name:literal),+;)+) => {
        $(
            #[doc = concat!("Query parameters: ", $($name, " "),+)]
            pub enum $group {}

            impl IntoParams for $group {
                fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                    vec![$(query($name)),+]
                }
            }
        )+
    };
}

groups! {
    Department: "department_id";
    Dates: "date_from", "date_to";
    OneCurrency: "currency";
    OrganizationId: "organization_id";
    BankAccountId: "bank_account_id";
    ContractId: "contract_id";
    ExpenseId: "expense_operation_id";
    Activity: "is_active";
    ContractKind: "contract_type";
    LenderAndDirection: "lender_id", "direction";
    AdjustmentKindFilter: "kind";
    Search: "search";
    Portfolio: "contract_type", "lender_id", "direction", "intra_group", "confirmed";
    ContractListFilter: "status", "has_debt", "sort_of_contract_list";
    ContractStatusFilter: "status", "has_debt", "sort_of_contracts";
    FigureMeasure: "measure";
    Grouping: "group_by";
    RollForwardGrouping: "group_by_of_roll_forward";
    Confirmation: "confirmed";
    OperationsFilter: "organization_id", "bank_account_id", "contract_id", "lender_id", "contract_type",
        "amount_from", "amount_to", "search_of_operations";
    Paging: "skip", "limit";
    ReferencePaging: "skip", "limit", "sort_of_reference_data";
    ContractsPaging: "skip", "limit_of_contracts";
    OperationsPaging: "skip", "limit", "after", "sort_of_operations";
    DetailsPaging: "skip", "limit", "after", "sort_of_details";
    Pages: "page", "limit_of_page";
    RowLimit: "limit_of_rows";
    TextLanguage: "lang_of_texts";
    Files: "format", "lang";
    Waiting: "wait";
    DryRunOnly: "dry_run";
    Forced: "force";
}

/// The id in a path.
pub enum Id {}

impl IntoParams for Id {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = described(
            ParameterBuilder::new().name("id"),
            ParameterIn::Path,
            "The row's id.",
            id(),
            json!(1),
        );
        vec![id.required(Required::True).build()]
    }
}

/// The header of a conditional request.
pub fn if_none_match() -> Parameter {
    let text = "Entity tags that are known already, or `*`: an unchanged answer is 304.";
    let name = ParameterBuilder::new().name("If-None-Match");
    described(
        name,
        ParameterIn::Header,
        text,
        string().build(),
        json!("W/\"0123456789abcdef0123456789abcdef\""),
    )
    .build()
}

fn query(name: &str) -> Parameter {
    let (name, text, schema, example) = match name {
        "department_id" => (
            name,
            "The department. Left out: the caller's own; for ADMIN, all together (a new row: the own).",
            id(),
            json!(8),
        ),
        "date_from" => (name, "The first day.", date(), json!("2024-01-01")),
        "date_to" => (
            name,
            "The last day, not before `date_from`.",
            date(),
            json!("2024-12-31"),
        ),
        "currency" => (
            name,
            "The currency of the figures; left out, the base currency. Amounts of others are not added in.",
            string().enum_values(Some(Currency::codes())).build(),
            json!("RUB"),
        ),
        "organization_id" => (name, "One organization only.", id(), json!(1)),
        "bank_account_id" => (name, "One bank account only.", id(), json!(3)),
        "contract_id" => (name, "One contract only.", id(), json!(5)),
        "expense_operation_id" => (
            name,
            "The details of one expense: its operation id.",
            string().pattern(Some(super::WITHOUT_NUL)).build(),
            json!("Списание с расчетного счета 0000-000009 от 25.03.2024 12:00:00"),
        ),
        "is_active" => (
            name,
            "Active or closed ones only.",
            of_type(Type::Boolean).build(),
            json!(true),
        ),
        "contract_type" => (
            name,
            "Of a bank, or of another lender.",
            one_of(&["credit", "loan", "Кредит", "Заем"]),
            json!("credit"),
        ),
        "lender_id" => (name, "Contracts of one lender only.", id(), json!(2)),
        "direction" => (
            name,
            "`borrowed`: owed by us, unknown directions included; `lent`: loans given, with what is owed to us as \
             the balance. Left out: flows of all contracts, balances of borrowed ones.",
            one_of(&["borrowed", "lent"]),
            json!("borrowed"),
        ),
        "intra_group" => (
            name,
            "Contracts whose other party is one of the holding's own organizations: counted, left out, or only they.",
            one_of(&["include", "exclude", "only"]),
            json!("exclude"),
        ),
        "confirmed" => (
            name,
            "`true` leaves expenses out that the bank has not confirmed, `false` counts only them.",
            of_type(Type::Boolean).build(),
            json!(true),
        ),
        "status" => (
            name,
            "Contracts of one status at the end of the range.",
            one_of(&["undrawn", "open", "repaid", "overpaid"]),
            json!("open"),
        ),
        "has_debt" => (
            name,
            "Contracts with a positive balance, or without one.",
            of_type(Type::Boolean).build(),
            json!(true),
        ),
        "sort_of_contracts" => (
            "sort",
            "The order; with `-` in front, largest first. Left out: `-totalPaid`.",
            string().pattern(Some(super::CONTRACT_SORT)).build(),
            json!("-outstanding"),
        ),
        "kind" => (
            name,
            "Adjustments of one kind.",
            one_of(&AdjustmentKind::ALL.map(AdjustmentKind::as_str)),
            json!("opening_balance"),
        ),
        "amount_from" => (
            name,
            "The smallest amount, in the operation's currency.",
            amount(),
            json!("1000"),
        ),
        "amount_to" => (
            name,
            "The largest amount, in the operation's currency.",
            amount(),
            json!("1250000.50"),
        ),
        "search_of_operations" => (
            "search",
            "A part of purpose, other party, operation id, contract or document number, in any letter case.",
            string()
                .max_length(Some(LONGEST_TEXT))
                .pattern(Some(super::WITHOUT_NUL))
                .build(),
            json!("банк"),
        ),
        "search" => (
            name,
            "A part of number, organization or counterparty, in any letter case.",
            string().pattern(Some(super::WITHOUT_NUL)).build(),
            json!("банк"),
        ),
        "group_by" => (
            name,
            "What the balance is kept apart by; `counterparty` is the older name of `lender`.",
            one_of(&["contract", "organization", "lender", "counterparty"]),
            json!("lender"),
        ),
        "group_by_of_roll_forward" => (
            "group_by",
            "What the rows are; left out, contracts.",
            one_of(&[
                "contract",
                "organization",
                "lender",
                "counterparty",
                "month",
            ]),
            json!("lender"),
        ),
        "sort_of_contract_list" => (
            "sort",
            "The order; with `-` in front, largest first. Left out: by id.",
            string().pattern(Some(super::CONTRACT_LIST_SORT)).build(),
            json!("-outstanding"),
        ),
        "measure" => (
            name,
            "Which figure: a flow of the range (receipts … amount), what moved balances in it (drawn … \
             contract_other), or a balance at `as_of`. Left out: `amount`, receipts and expenses alike.",
            one_of(&Measure::NAMES.map(|(name, _)| name)),
            json!("principal"),
        ),
        "skip" => (
            name,
            "How many rows are passed over.",
            whole(0, i64::MAX, json!(0)),
            json!(0),
        ),
        "limit" => (
            name,
            "How many rows are given at most.",
            whole(1, LARGEST_LIMIT, json!(100)),
            json!(100),
        ),
        "limit_of_contracts" => (
            "limit",
            "How many rows are given at most.",
            whole(1, LARGEST_LIMIT, json!(1000)),
            json!(100),
        ),
        "after" => (
            name,
            "The page that follows a row: the `X-Next-After` of the page before, opaque. Such pages cost the same \
             wherever they lie. Goes with neither `skip` nor `sort`.",
            string()
                .pattern(Some("^([1-9][0-9]{0,6})?_[1-9][0-9]{0,17}$"))
                .build(),
            json!("_17"),
        ),
        "sort_of_reference_data" => sort(&["id", "name"], "id"),
        "sort_of_operations" => sort(Receipts::SORTS, Receipts::DEFAULT_SORT),
        "sort_of_details" => sort(Details::SORTS, Details::DEFAULT_SORT),
        "page" => (name, "The page.", whole(1, i64::MAX, json!(1)), json!(1)),
        "limit_of_page" => (
            "limit",
            "Contracts a page.",
            whole(1, 100, json!(20)),
            json!(20),
        ),
        "limit_of_rows" => (
            "limit",
            "Rows a check.",
            whole(1, 1000, json!(20)),
            json!(20),
        ),
        "format" => (
            name,
            "`csv` and `xlsx` give a file of all rows that match, whatever the paging says. The header `Accept` \
             does the same.",
            one_of(&["json", "csv", "xlsx"]),
            json!("json"),
        ),
        "lang" => (
            name,
            "The language of headings in files. `ru`: CSV with semicolons and decimal commas, too.",
            one_of(&["en", "ru"]),
            json!("ru"),
        ),
        "lang_of_texts" => (
            "lang",
            "The language of descriptions and advice.",
            one_of(&["en", "ru"]),
            json!("ru"),
        ),
        "dry_run" => (
            name,
            "`true`: tell what a run would do, and do nothing.",
            of_type(Type::Boolean).build(),
            json!(false),
        ),
        "force" => (
            name,
            "`true`: import files again that are unchanged, or were left alone after failures.",
            of_type(Type::Boolean).build(),
            json!(false),
        ),
        _ => (
            "wait",
            "`false`: answer 202 at once.",
            of_type(Type::Boolean).build(),
            json!(true),
        ),
    };
    described(
        ParameterBuilder::new().name(name),
        ParameterIn::Query,
        text,
        schema,
        example,
    )
    .build()
}

fn described(
    parameter: ParameterBuilder,
    place: ParameterIn,
    text: &str,
    schema: Object,
    example: Value,
) -> ParameterBuilder {
    parameter
        .parameter_in(place)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(RefOr::T(Schema::Object(schema))))
        .example(Some(example))
}

fn of_type(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

fn string() -> ObjectBuilder {
    of_type(Type::String)
}

fn amount() -> Object {
    string()
        .pattern(Some("^-?[0-9]{1,13}([.][0-9]{1,2})?$"))
        .build()
}

/// The orders of a list.
fn sort(columns: &[&str], default: &str) -> (&'static str, &'static str, Object, Value) {
    let orders: Vec<String> = columns
        .iter()
        .flat_map(|column| [(*column).to_owned(), format!("-{column}")])
        .collect();
    let orders = string()
        .enum_values(Some(orders))
        .default(Some(json!(default)))
        .build();
    (
        "sort",
        "The order: a column, after a minus if the largest comes first.",
        orders,
        json!("-id"),
    )
}

fn date() -> Object {
    string()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .build()
}

fn id() -> Object {
    whole_number(1, i64::MAX).build()
}

fn whole(smallest: i64, largest: i64, default: Value) -> Object {
    whole_number(smallest, largest)
        .default(Some(default))
        .build()
}

fn whole_number(smallest: i64, largest: i64) -> ObjectBuilder {
    of_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(smallest))
        .maximum(Some(largest))
}

fn one_of(values: &[&str]) -> Object {
    string().enum_values(Some(values.iter().copied())).build()
}
