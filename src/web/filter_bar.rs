//! The filter bar: a GET form, so that the state of a page is its address.

use chrono::{Datelike, Months, NaiveDate};
use i18n_embed_fl::fl;

use super::links::Link;
use super::page_query::PageQuery;
use super::surroundings::Surroundings;
use super::texts::Texts;
use crate::domain::{Currency, Month};

/// Which choices a page offers: a balance belongs to no bank account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offers {
    /// Dates: of a page about one row.
    Dates,
    /// Dates, organization, lender, currency.
    Balances,
    /// The same and the bank account.
    Flows,
}

/// The bar, ready to be printed.
pub(crate) struct FilterBar {
    pub(crate) path: String,
    pub(crate) range: String,
    pub(crate) presets: Vec<Preset>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) selects: Vec<Select>,
    pub(crate) currencies: Vec<Choice>,
    /// What the form keeps.
    pub(crate) hidden: Vec<(String, String)>,
    /// The page without a filter.
    pub(crate) reset: String,
}

/// A range as a link.
pub(crate) struct Preset {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) is_current: bool,
}

/// A choice of one row of reference data.
pub(crate) struct Select {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) choices: Vec<Choice>,
}

/// A choice.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) is_selected: bool,
}

/// Which currencies are offered: the base one, the chosen one, and those that the figures leave out.
pub(crate) struct Currencies<'a> {
    pub(crate) base: &'a Currency,
    pub(crate) others: &'a [String],
}

impl FilterBar {
    /// The bar of a page.
    pub(crate) fn new(
        query: &PageQuery,
        surroundings: &Surroundings,
        offers: Offers,
        currencies: &Currencies<'_>,
        range: String,
        today: NaiveDate,
        t: &Texts,
    ) -> FilterBar {
        let filter = &query.filter;
        let address = query.address();
        let path = address.to_string();
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let dates = (filter.dates.from(), filter.dates.to());
        let preset = |(name, range): (String, (Option<NaiveDate>, Option<NaiveDate>))| Preset {
            name,
            href: over(&address, range).to_string(),
            is_current: dates == range,
        };
        let mut selects = vec![
            Select::of(
                "organization_id",
                fl!(t, "organization"),
                &surroundings.organizations,
                filter.organization_id,
            ),
            Select::of(
                "lender_id",
                fl!(t, "lender"),
                &surroundings.lenders,
                filter.lender_id,
            ),
        ];
        if offers == Offers::Dates {
            selects.clear();
        }
        if offers == Offers::Flows {
            selects.push(Select::of(
                "bank_account_id",
                fl!(t, "bank-account"),
                &surroundings.bank_accounts,
                filter.bank_account_id,
            ));
        }
        let shown = |name: &str| {
            ["date_from", "date_to"].contains(&name)
                || (name == "currency" && offers != Offers::Dates)
                || selects.iter().any(|select| select.name == name)
        };
        // Another filter begins with its first page.
        let is_kept = |name: &str| name != "page" && !shown(name);
        let hidden = address.pairs().iter().filter(|(name, _)| is_kept(name));
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        FilterBar {
            range,
            presets: presets(today, t).into_iter().map(preset).collect(),
            from: day(filter.dates.from()),
            to: day(filter.dates.to()),
            hidden: hidden.cloned().collect(),
            currencies: match offers {
                Offers::Dates => Vec::new(),
                _ => currencies.choices(&filter.currency),
            },
            reset: path.clone(),
            path,
            selects,
        }
    }
}

impl Select {
    fn of(
        name: &'static str,
        label: String,
        rows: &[(i64, String)],
        selected: Option<i64>,
    ) -> Select {
        let choice = |(id, text): &(i64, String)| Choice {
            value: id.to_string(),
            text: text.clone(),
            is_selected: selected == Some(*id),
        };
        Select {
            name,
            label,
            choices: rows.iter().map(choice).collect(),
        }
    }
}

impl Currencies<'_> {
    fn choices(&self, selected: &Currency) -> Vec<Choice> {
        let mut codes = vec![self.base.as_str(), selected.as_str()];
        codes.extend(self.others.iter().map(String::as_str));
        let mut choices: Vec<Choice> = Vec::new();
        for code in codes {
            if !choices.iter().any(|choice| choice.text == code) {
                choices.push(Choice {
                    // The base currency needs no mention in the address.
                    value: if code == self.base.as_str() {
                        String::new()
                    } else {
                        code.to_owned()
                    },
                    text: code.to_owned(),
                    is_selected: code == selected.as_str(),
                });
            }
        }
        choices
    }
}

/// The page over another range.
fn over(address: &Link, (from, to): (Option<NaiveDate>, Option<NaiveDate>)) -> Link {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    address
        .clone()
        .with("date_from", day(from))
        .with("date_to", day(to))
        .without("page")
}

type Named = (String, (Option<NaiveDate>, Option<NaiveDate>));

/// The month, quarter and year up to today, twelve months, everything.
fn presets(today: NaiveDate, t: &Texts) -> Vec<Named> {
    let month = Month::of(today).first_day();
    let back = |months: u32| month - Months::new(months);
    let until_today = |from| (Some(from), Some(today));
    vec![
        (fl!(t, "preset-month"), until_today(month)),
        (
            fl!(t, "preset-quarter"),
            until_today(back(today.month0() % 3)),
        ),
        (fl!(t, "preset-year"), until_today(back(today.month0()))),
        (fl!(t, "preset-twelve-months"), until_today(back(11))),
        (fl!(t, "preset-all"), (None, None)),
    ]
}
