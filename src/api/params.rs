//! The typed parameters of a query string: an extractor over groups of parameters.
//!
//! An endpoint names the groups that it takes as one type, [`Query`] of a tuple; the OpenAPI
//! document describes the parameters by the same type. A parameter of no group, or one that stands
//! twice, is an error that names it: a misspelt filter must not silently give the figures of
//! everything.

mod choices;
mod groups;
mod openapi;
mod operations;
mod paging;
mod path_id;
mod portfolio;
mod raw_query;
mod reader;
mod value;
mod values;

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;

use super::error::ApiError;
pub(super) use groups::{
    Activity, AdjustmentKindFilter, BankAccountId, Confirmation, ContractId, ContractKind,
    ContractListOrder, ContractStanding, Dates, Department, ExpenseId, FigureMeasure, Grouping,
    ImportOptions, LenderId, LoanDirection, OneCurrency, OrganizationId, RollForwardGrouping,
    RunId, Search, UserId, Waiting,
};
pub(super) use operations::OperationParams;
pub(super) use paging::{
    ContractsPaging, CursorPaging, DetailOrder, Files, OperationOrder, Paging, ReferenceSort,
    RowLimit,
};
pub(super) use path_id::PathId;
pub(super) use portfolio::{
    ContractSummaryOrder, Pages, PortfolioParams, contract_search, contracts_found,
};
use raw_query::RawQuery;
pub(super) use raw_query::XLSX;
use reader::read;
pub(super) use value::given;

/// The parameters of a request.
pub struct Query<T> {
    /// The groups that the endpoint takes.
    pub params: T,
    /// The query string that they were read from.
    pub raw: RawQuery,
}

/// The query of an endpoint without parameters.
pub type NoParams = Query<()>;

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Query<T>, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = RawQuery::of(request).and_then(|raw| {
            let params = read(raw.pairs())?;
            Ok(Query { params, raw })
        });
        ready(query)
    }
}
