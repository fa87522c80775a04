//! Parameters that are one of some names: each set of names with what a name stands for.

use std::marker::PhantomData;

use serde_json::json;
use utoipa::openapi::schema::Object;

use super::super::contract_choice::ContractOrder;
use super::super::export::Format;
use super::value::{Kind, Value, string};
use crate::analytics::{ContractSort, DebtGroup, Measure, RollForwardGroup};
use crate::db::{PagedList, ReferenceOrder, Sort};
use crate::domain::{
    AdjustmentKind, ContractStatus, ContractType, Direction, IntraGroup, Language,
};

/// A closed set of names.
pub(in crate::api) trait Choice: Sized {
    /// The names, which OpenAPI lists.
    const NAMES: &'static [&'static str];
    /// What a text is not that is none of them.
    const EXPECTED: &'static str;

    /// Returns what a name stands for.
    fn of_name(name: &str) -> Option<Self>;
}

/// One of the names of a [`Choice`].
pub(in crate::api) struct OneOf<T>(PhantomData<T>);

impl<T: Choice> Kind for OneOf<T> {
    type Type = T;

    fn parse(text: &str) -> Result<T, String> {
        T::of_name(text).ok_or_else(|| format!("{text:?} is {}", T::EXPECTED))
    }

    fn schema() -> Object {
        string().enum_values(Some(T::NAMES.iter().copied())).build()
    }
}

/// The type of a contract.
pub(in crate::api) type ContractTypeName = Value<OneOf<ContractType>>;
/// Which side of a loan the holding is on.
pub(in crate::api) type DirectionName = Value<OneOf<Direction>>;
/// Whether contracts within the holding count.
pub(in crate::api) type IntraGroupName = Value<OneOf<IntraGroup>>;
/// What became of a contract.
pub(in crate::api) type ContractStatusName = Value<OneOf<ContractStatus>>;
/// What a balance is kept apart by.
pub(in crate::api) type DebtGroupName = Value<OneOf<DebtGroup>>;
/// What the rows of a roll-forward are.
pub(in crate::api) type RollForwardGroupName = Value<OneOf<RollForwardGroup>>;
/// The kind of a file, or JSON.
pub(in crate::api) type FormatName = Value<OneOf<AnswerFormat>>;
/// The language of texts.
pub(in crate::api) type LanguageName = Value<OneOf<Language>>;

impl Choice for ContractType {
    const NAMES: &'static [&'static str] = &["credit", "loan", "Кредит", "Заем"];
    const EXPECTED: &'static str = "none of credit (Кредит) and loan (Заем)";

    fn of_name(name: &str) -> Option<ContractType> {
        ContractType::of_name(name)
    }
}

impl Choice for Direction {
    const NAMES: &'static [&'static str] = &["borrowed", "lent"];
    const EXPECTED: &'static str = "none of borrowed and lent";

    fn of_name(name: &str) -> Option<Direction> {
        Direction::of_name(name)
    }
}

impl Choice for IntraGroup {
    const NAMES: &'static [&'static str] = &["include", "exclude", "only"];
    const EXPECTED: &'static str = "none of include, exclude and only";

    fn of_name(name: &str) -> Option<IntraGroup> {
        IntraGroup::of_name(name)
    }
}

impl Choice for ContractStatus {
    const NAMES: &'static [&'static str] = &["undrawn", "open", "repaid", "overpaid"];
    const EXPECTED: &'static str = "none of undrawn, open, repaid and overpaid";

    fn of_name(name: &str) -> Option<ContractStatus> {
        ContractStatus::of_name(name)
    }
}

impl Choice for DebtGroup {
    const NAMES: &'static [&'static str] = &["contract", "organization", "lender", "counterparty"];
    const EXPECTED: &'static str = "none of contract, organization and lender";

    fn of_name(name: &str) -> Option<DebtGroup> {
        DebtGroup::of_name(name)
    }
}

impl Choice for RollForwardGroup {
    const NAMES: &'static [&'static str] = &[
        "contract",
        "organization",
        "lender",
        "counterparty",
        "month",
    ];
    const EXPECTED: &'static str = "none of contract, organization, lender and month";

    fn of_name(name: &str) -> Option<RollForwardGroup> {
        RollForwardGroup::of_name(name)
    }
}

impl Choice for Language {
    const NAMES: &'static [&'static str] = &["en", "ru"];
    const EXPECTED: &'static str = "neither ru nor en";

    fn of_name(name: &str) -> Option<Language> {
        match name {
            "en" => Some(Language::English),
            "ru" => Some(Language::Russian),
            _ => None,
        }
    }
}

/// What `format` names: a file, or JSON.
pub(in crate::api) struct AnswerFormat(pub Option<Format>);

impl Choice for AnswerFormat {
    const NAMES: &'static [&'static str] = &["json", "csv", "xlsx"];
    const EXPECTED: &'static str = "none of json, csv and xlsx";

    fn of_name(name: &str) -> Option<AnswerFormat> {
        match name {
            "json" => Some(AnswerFormat(None)),
            "csv" => Some(AnswerFormat(Some(Format::Csv))),
            "xlsx" => Some(AnswerFormat(Some(Format::Xlsx))),
            _ => None,
        }
    }
}

/// The kind of an adjustment.
pub(in crate::api) type AdjustmentKindName = Value<AdjustmentKinds>;
/// See [`AdjustmentKindName`].
pub(in crate::api) enum AdjustmentKinds {}

impl Kind for AdjustmentKinds {
    type Type = AdjustmentKind;

    fn parse(text: &str) -> Result<AdjustmentKind, String> {
        AdjustmentKind::of_name(text)
            .ok_or_else(|| none_of(text, AdjustmentKind::ALL.map(AdjustmentKind::as_str)))
    }

    fn schema() -> Object {
        string()
            .enum_values(Some(AdjustmentKind::ALL.map(AdjustmentKind::as_str)))
            .build()
    }
}

/// The measure of a figure, with its name.
pub(in crate::api) type MeasureName = Value<Measures>;
/// See [`MeasureName`].
pub(in crate::api) enum Measures {}

impl Kind for Measures {
    type Type = (Measure, String);

    fn parse(text: &str) -> Result<(Measure, String), String> {
        Measure::of_name(text)
            .map(|measure| (measure, text.to_owned()))
            .ok_or_else(|| none_of(text, Measure::NAMES.map(|(name, _)| name)))
    }

    fn schema() -> Object {
        string()
            .enum_values(Some(Measure::NAMES.map(|(name, _)| name)))
            .build()
    }
}

/// The order of the figures of contracts.
pub(in crate::api) type ContractSortName = Value<ContractSorts>;
/// See [`ContractSortName`].
pub(in crate::api) enum ContractSorts {}

impl Kind for ContractSorts {
    type Type = ContractSort;

    fn parse(text: &str) -> Result<ContractSort, String> {
        ContractSort::parse(text).ok_or_else(|| no_column_of(text, columns(&ContractSort::COLUMNS)))
    }

    fn schema() -> Object {
        columns_schema(columns(&ContractSort::COLUMNS))
    }
}

/// The order of the list of contracts, and whether the largest comes first.
pub(in crate::api) type ContractOrderName = Value<ContractOrders>;
/// See [`ContractOrderName`].
pub(in crate::api) enum ContractOrders {}

impl Kind for ContractOrders {
    type Type = (ContractOrder, bool);

    fn parse(text: &str) -> Result<(ContractOrder, bool), String> {
        ContractOrder::parse(text)
            .ok_or_else(|| no_column_of(text, columns(&ContractOrder::COLUMNS)))
    }

    fn schema() -> Object {
        columns_schema(columns(&ContractOrder::COLUMNS))
    }
}

/// The order of a list of reference data.
pub(in crate::api) type ReferenceOrderName = Value<ReferenceOrders>;
/// See [`ReferenceOrderName`].
pub(in crate::api) enum ReferenceOrders {}

impl Kind for ReferenceOrders {
    type Type = ReferenceOrder;

    fn parse(text: &str) -> Result<ReferenceOrder, String> {
        ReferenceOrder::of_name(text).ok_or_else(|| none_of(text, ReferenceOrder::NAMES))
    }

    fn schema() -> Object {
        orders_schema(ReferenceOrder::NAMES.map(str::to_owned), "id")
    }
}

/// The order of a list of operations; `None` for the default one.
pub(in crate::api) type SortChoice<L> = Value<SortsOf<L>>;
/// See [`SortChoice`].
pub(in crate::api) struct SortsOf<L>(PhantomData<L>);

impl<L: PagedList> Kind for SortsOf<L> {
    type Type = Option<Sort>;

    fn parse(text: &str) -> Result<Option<Sort>, String> {
        if text == L::DEFAULT_SORT {
            return Ok(None);
        }
        let name = text.strip_prefix('-').unwrap_or(text);
        match L::SORTS.iter().find(|column| **column == name) {
            Some(column) => Ok(Some(Sort {
                column,
                is_descending: text.starts_with('-'),
            })),
            None => Err(format!(
                "{text:?} is none of {}, nor one of them after a minus",
                L::SORTS.join(", ")
            )),
        }
    }

    fn schema() -> Object {
        let orders = L::SORTS
            .iter()
            .flat_map(|column| [(*column).to_owned(), format!("-{column}")]);
        orders_schema(orders, L::DEFAULT_SORT)
    }
}

fn columns<T>(columns: &[(&'static str, T)]) -> Vec<&'static str> {
    columns.iter().map(|(name, _)| *name).collect()
}

fn none_of<const N: usize>(text: &str, names: [&str; N]) -> String {
    format!("{text:?} is none of {}", names.join(", "))
}

fn no_column_of(text: &str, columns: Vec<&str>) -> String {
    format!(
        "{text:?} is none of {}, each also with - in front",
        columns.join(", ")
    )
}

fn columns_schema(columns: Vec<&str>) -> Object {
    string()
        .pattern(Some(format!("^-?({})$", columns.join("|"))))
        .build()
}

fn orders_schema(orders: impl IntoIterator<Item = String>, default: &str) -> Object {
    string()
        .enum_values(Some(orders))
        .default(Some(json!(default)))
        .build()
}
