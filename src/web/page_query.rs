//! The query string of a page: the filter of its figures, and what the page itself takes.
//!
//! The names are those of the REST interface. A name that the page does not take, or a value that
//! can't be read, is an error: it must not silently give the figures of everything. Empty values
//! count as left out: forms send them.

use std::str::FromStr;
use std::sync::OnceLock;

use actix_web::HttpRequest;
use chrono::NaiveDate;

use super::error::PageError;
use super::links::Link;
use super::visitor::Visitor;
use crate::domain::{
    ContractType, Currency, DateRange, Direction, IntraGroup, PortfolioFilter, WITHOUT_LENDER,
};
use crate::state::AppState;

/// The filter's names, in the order in which addresses have them.
const FILTERS: [&str; 12] = [
    "date_from",
    "date_to",
    "organization_id",
    "lender_id",
    "bank_account_id",
    "contract_id",
    "currency",
    "contract_type",
    "direction",
    "intra_group",
    "confirmed",
    "department_id",
];

/// The filters that go along from page to page: those that every page takes and shows.
const KEPT: [&str; 6] = [
    "date_from",
    "date_to",
    "organization_id",
    "lender_id",
    "currency",
    "department_id",
];

/// Under this name an address of a page asks for one of its charts as a picture.
pub(crate) const PICTURE: &str = "picture";

/// What an address asks for.
#[derive(Clone, Debug)]
pub(crate) struct PageQuery {
    /// The filter, resolved to what the visitor may see.
    pub(crate) filter: PortfolioFilter,
    /// The page with its filter and nothing else.
    pub(crate) link: Link,
    /// What the page itself takes.
    own: Vec<(String, String)>,
    /// The operations of the filter, with the way back; made when it is first needed.
    operations: OnceLock<Link>,
}

impl PageQuery {
    /// Reads a request of a page at that path, which takes the names of `own` beside the filter.
    ///
    /// # Errors
    /// [`PageError::Address`] with the name that can't be used, [`PageError::Forbidden`] when the
    /// visitor may not see the department.
    pub(crate) fn read(
        request: &HttpRequest,
        state: &AppState,
        visitor: &Visitor,
        path: &str,
        own: &[&str],
    ) -> Result<PageQuery, PageError> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.query_string())
            .map_err(|_| PageError::Address("?".to_owned()))?;
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            let is_known = FILTERS.contains(&name.as_str()) || own.contains(&name.as_str());
            if !is_known || given.iter().any(|(known, _)| *known == name) {
                return Err(PageError::Address(name));
            }
            let value = value.trim();
            if !value.is_empty() {
                given.push((name, value.to_owned()));
            }
        }
        let value = |name: &str| {
            let found = given.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        let filter = filter(&value, state, visitor)?;
        let link = FILTERS.iter().fold(Link::new(path), |link, name| {
            link.with(name, value(name).unwrap_or_default())
        });
        let is_own = |(name, _): &(String, String)| own.contains(&name.as_str());
        Ok(PageQuery {
            filter,
            link,
            own: given.into_iter().filter(is_own).collect(),
            operations: OnceLock::new(),
        })
    }

    /// Returns what the page itself takes under a name.
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        let found = self.own.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the part of the filter that every page takes, without a page: what goes along from
    /// page to page.
    pub(crate) fn kept(&self) -> Link {
        self.link.at("").only(&KEPT)
    }

    /// Returns the operations of the filter, which lead back to this page.
    pub(crate) fn operations(&self) -> Link {
        let operations = || self.link.at("/operations").with("back", self.address());
        self.operations.get_or_init(operations).clone()
    }

    /// Returns the address of this page as it was asked for.
    pub(crate) fn address(&self) -> Link {
        let own = self.own.iter();
        own.fold(self.link.clone(), |link, (name, value)| {
            link.with(name, value)
        })
    }
}

fn filter<'v>(
    value: &impl Fn(&str) -> Option<&'v str>,
    state: &AppState,
    visitor: &Visitor,
) -> Result<PortfolioFilter, PageError> {
    let dates = DateRange::new(day(value, "date_from")?, day(value, "date_to")?)
        .map_err(|_| PageError::Range)?;
    let department = visitor.department(state, id(value, "department_id")?)?;
    let currency = read(value, "currency", Currency::parse)?;
    let intra_group = read(value, "intra_group", IntraGroup::of_name)?;
    Ok(PortfolioFilter {
        department,
        dates,
        organization_id: id(value, "organization_id")?,
        bank_account_id: id(value, "bank_account_id")?,
        contract_id: id(value, "contract_id")?,
        currency: currency.unwrap_or_else(|| state.base_currency.clone()),
        contract_type: read(value, "contract_type", ContractType::of_name)?,
        lender_id: read(value, "lender_id", |text| {
            text.parse().ok().filter(|id| *id >= WITHOUT_LENDER)
        })?,
        direction: read(value, "direction", Direction::of_name)?,
        intra_group: intra_group.unwrap_or_default(),
        confirmed: read(value, "confirmed", |text| bool::from_str(text).ok())?,
    })
}

fn read<'v, T>(
    value: &impl Fn(&str) -> Option<&'v str>,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, PageError> {
    let parsed =
        value(name).map(|text| parse(text).ok_or_else(|| PageError::Address(name.to_owned())));
    parsed.transpose()
}

fn id<'v>(value: &impl Fn(&str) -> Option<&'v str>, name: &str) -> Result<Option<i64>, PageError> {
    read(value, name, |text| text.parse().ok().filter(|id| *id > 0))
}

fn day<'v>(
    value: &impl Fn(&str) -> Option<&'v str>,
    name: &str,
) -> Result<Option<NaiveDate>, PageError> {
    read(value, name, |text| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
    })
}
