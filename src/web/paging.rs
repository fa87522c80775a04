//! The pages of a long table: which one is asked for, and the links between them.

use super::error::PageError;
use super::format::Format;
use super::links::Link;
use super::page_query::PageQuery;

/// Links to the first, the last and the neighbouring pages; none for one page.
pub(crate) struct Pages {
    pub(crate) links: Vec<PageLink>,
    /// Which rows are shown.
    pub(crate) shown: String,
}

/// A link to a page.
pub(crate) struct PageLink {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) is_current: bool,
    /// Whether pages before it are left out.
    pub(crate) follows_gap: bool,
}

/// Returns the number of the page that is asked for, from 1.
///
/// # Errors
/// [`PageError::Address`] when `page` is no such number.
pub(crate) fn page_number(query: &PageQuery) -> Result<i64, PageError> {
    let number = query.own("page").map_or(Ok(1), str::parse);
    let number = number.ok().filter(|number: &i64| *number > 0);
    number.ok_or_else(|| PageError::Address("page".to_owned()))
}

/// Returns how many rows lie before a page.
///
/// # Errors
/// [`PageError::Address`] when there can't be so many.
pub(crate) fn rows_before(number: i64, rows_a_page: i64) -> Result<i64, PageError> {
    let before = number
        .checked_sub(1)
        .and_then(|pages| pages.checked_mul(rows_a_page));
    before.ok_or_else(|| PageError::Address("page".to_owned()))
}

impl Pages {
    /// The links of a table of `count` rows at `address`, seen from a page.
    pub(crate) fn of(
        address: &Link,
        number: i64,
        rows_a_page: i64,
        count: i64,
        format: Format,
    ) -> Pages {
        let last = count.div_euclid(rows_a_page) + i64::from(count.rem_euclid(rows_a_page) > 0);
        if last <= 1 && number == 1 {
            return Pages {
                links: Vec::new(),
                shown: String::new(),
            };
        }
        let around = [1, number - 1, number, number.saturating_add(1), last];
        let mut numbers: Vec<i64> = around
            .into_iter()
            .filter(|at| (1..=last).contains(at))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut before = 0;
        let link = |at: i64| PageLink {
            name: format.count(at),
            href: address.clone().with("page", at).to_string(),
            is_current: at == number,
            follows_gap: at - std::mem::replace(&mut before, at) > 1,
        };
        let from = (number - 1).saturating_mul(rows_a_page).saturating_add(1);
        let to = number.saturating_mul(rows_a_page).min(count);
        let range = if from <= to {
            format!("{}–{}", format.count(from), format.count(to))
        } else {
            format.count(0)
        };
        Pages {
            links: numbers.into_iter().map(link).collect(),
            shown: format!("{range} / {}", format.count(count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PageLink, Pages};
    use crate::domain::Language;
    use crate::web::format::Format;
    use crate::web::links::Link;

    #[test]
    fn the_first_the_last_and_the_neighbouring_pages_are_linked() {
        let pages = |number, count| {
            let format = Format(Language::English);
            let pages = Pages::of(&Link::new("/contracts"), number, 20, count, format);
            let name = |link: PageLink| match link.follows_gap {
                true => format!("… {}", link.name),
                false => link.name,
            };
            let names: Vec<String> = pages.links.into_iter().map(name).collect();
            (names.join(" "), pages.shown)
        };
        let page = |names: &str, shown: &str| (names.to_owned(), shown.to_owned());
        assert_eq!(pages(1, 20), page("", ""));
        assert_eq!(pages(1, 21), page("1 2", "1–20 / 21"));
        assert_eq!(pages(5, 2_000), page("1 … 4 5 6 … 100", "81–100 / 2,000"));
        assert_eq!(pages(100, 1_999), page("1 … 99 100", "1,981–1,999 / 1,999"));
        assert_eq!(pages(7, 20), page("1", "0 / 20"));
    }
}
