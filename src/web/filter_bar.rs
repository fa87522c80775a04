//! The filter bar: a GET form, so that the state of a page is its address.

use chrono::{Datelike, Months, NaiveDate};
use i18n_embed_fl::fl;

use super::links::Link;
use super::page_query::PageQuery;
use super::surroundings::Surroundings;
use super::texts::Texts;
use crate::domain::{
    ContractType, Currency, Direction, IntraGroup, Month, PortfolioFilter, WITHOUT_LENDER,
};

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
    /// The filters among that: a figure must not look like another one's.
    pub(crate) chips: Vec<Chip>,
    /// The page without a filter.
    pub(crate) reset: String,
}

impl FilterBar {
    /// What is set, in words: the range, what is chosen, the currency when it is not the base one.
    pub(crate) fn said(&self) -> Vec<String> {
        let chosen = self.selects.iter().filter_map(|select| {
            let choice = select.choices.iter().find(|choice| choice.is_selected)?;
            Some(format!("{}: {}", select.label, choice.text))
        });
        let currency = self.currencies.iter();
        let currency = currency.filter(|choice| choice.is_selected && !choice.value.is_empty());
        let chips = self.chips.iter().map(|chip| chip.text.clone());
        let range = std::iter::once(self.range.clone());
        let currency = currency.map(|choice| choice.text.clone());
        range.chain(chosen).chain(currency).chain(chips).collect()
    }
}

/// A filter that is set and that the bar offers no choice of.
pub(crate) struct Chip {
    name: String,
    pub(crate) text: String,
    /// The page without it.
    pub(crate) href: String,
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
        let mut lenders = Select::of(
            "lender_id",
            fl!(t, "lender"),
            &surroundings.lenders,
            filter.lender_id,
        );
        if filter.lender_id == Some(WITHOUT_LENDER) {
            lenders.choices.push(Choice {
                value: WITHOUT_LENDER.to_string(),
                text: fl!(t, "without-lender"),
                is_selected: true,
            });
        }
        let organizations = Select::of(
            "organization_id",
            fl!(t, "organization"),
            &surroundings.organizations,
            filter.organization_id,
        );
        let mut selects = vec![organizations, lenders];
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
        let hidden: Vec<(String, String)> = address
            .pairs()
            .into_iter()
            .filter(|(name, _)| is_kept(name))
            .collect();
        let chips = hidden.iter().filter_map(|(name, _)| {
            Some(Chip {
                text: chip_text(name, filter, t)?,
                href: address.clone().without(name).without("page").to_string(),
                name: name.clone(),
            })
        });
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        FilterBar {
            range,
            presets: presets(today, t).into_iter().map(preset).collect(),
            from: day(filter.dates.from()),
            to: day(filter.dates.to()),
            chips: chips.collect(),
            hidden,
            currencies: match offers {
                Offers::Dates => Vec::new(),
                _ => currencies.choices(&filter.currency),
            },
            reset: address.at(&path).only(&["department_id"]).to_string(),
            path,
            selects,
        }
    }
}

impl FilterBar {
    /// Shows something that the form keeps.
    pub(crate) fn show(&mut self, name: &str, label: &str, value: &str, query: &PageQuery) {
        self.chips.push(Chip {
            name: name.to_owned(),
            text: format!("{label}: {value}"),
            href: query.address().without(name).without("page").to_string(),
        });
    }

    /// Offers a further choice, which the form kept as it was until now.
    pub(crate) fn offer(&mut self, select: Select) {
        self.hidden.retain(|(name, _)| name != select.name);
        self.chips.retain(|chip| chip.name != select.name);
        self.selects.push(select);
    }
}

impl Select {
    /// A choice of one of these values, each with its name.
    pub(crate) fn of_words<'v>(
        name: &'static str,
        label: String,
        words: impl IntoIterator<Item = (&'v str, String)>,
        selected: Option<&str>,
    ) -> Select {
        let choices = words.into_iter().map(|(value, text)| Choice {
            value: value.to_owned(),
            text,
            is_selected: selected == Some(value),
        });
        Select {
            name,
            label,
            choices: choices.collect(),
        }
    }

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

/// What a set filter is, in words; `None` for what is no filter.
fn chip_text(name: &str, filter: &PortfolioFilter, t: &Texts) -> Option<String> {
    let of = |label: String, value: String| Some(format!("{label}: {value}"));
    match name {
        "contract_id" => of(fl!(t, "contract"), fl!(t, "one-only")),
        "bank_account_id" => of(fl!(t, "bank-account"), fl!(t, "one-only")),
        "contract_type" => of(
            fl!(t, "contract-type"),
            match filter.contract_type? {
                ContractType::Credit => fl!(t, "type-credit"),
                ContractType::Loan => fl!(t, "type-loan"),
            },
        ),
        "direction" => of(
            fl!(t, "direction"),
            match filter.direction? {
                Direction::Borrowed => fl!(t, "direction-borrowed"),
                Direction::Lent => fl!(t, "direction-lent"),
            },
        ),
        "intra_group" => of(
            fl!(t, "intra-group"),
            match filter.intra_group {
                IntraGroup::Include => fl!(t, "all"),
                IntraGroup::Only => fl!(t, "intra-group-only"),
                IntraGroup::Exclude => fl!(t, "intra-group-exclude"),
            },
        ),
        "confirmed" => of(
            fl!(t, "confirmed"),
            if filter.confirmed? {
                fl!(t, "yes")
            } else {
                fl!(t, "no")
            },
        ),
        "department_id" => of(fl!(t, "department"), filter.department.id()?.to_string()),
        _ => None,
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
