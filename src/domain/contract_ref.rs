//! The reference to a contract, as 1C writes it in a cell.
//!
//! 1C spells one contract in several styles (`Договор N 9012 от 20.02.2023`, `9012 от
//! 20.02.2023г.`). Two spellings mean one contract when number and date agree after the leading
//! words, `г.` behind the date and white space are taken off; the organization is compared by the
//! importer. What else stands behind the date belongs to the number (`… от 01.02.2023 (транш 2)`).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::folded;

/// What operations without a contract belong to, one for each organization and counterparty.
pub(crate) const WITHOUT_CONTRACT: &str = "Без договора";

const LEADING_WORDS: [&str; 6] = [
    "договор",
    "договора",
    "займа",
    "кредита",
    "кредитный",
    "кредитного",
];

/// A contract's number and date, and the spelling they were read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Content", from = "Content")]
pub struct ContractRef {
    /// The whole text, white space folded: what people see.
    pub spelling: String,
    /// The date of the contract, if the text or the column beside it has one.
    pub date: Option<NaiveDate>,
    number: String,
    /// The date in the column beside the text.
    column_date: Option<NaiveDate>,
}

/// What stands for a reference in the content of a row, with number and date as the program read
/// them when the first rows were stored: a row keeps its fingerprint, however well references are
/// read later.
#[derive(Serialize, Deserialize)]
struct Content {
    spelling: String,
    date: Option<NaiveDate>,
    number: String,
}

impl From<ContractRef> for Content {
    fn from(contract: ContractRef) -> Content {
        let (head, date) = split_date_at_end(&contract.spelling);
        let number = without_leading_words(head).to_owned();
        Content {
            date: date.or(contract.column_date),
            number,
            spelling: contract.spelling,
        }
    }
}

impl From<Content> for ContractRef {
    fn from(content: Content) -> ContractRef {
        ContractRef::of_spelling(content.spelling, content.date)
    }
}

impl ContractRef {
    /// Reads a cell; `column_date` stands in when the text carries no date. An empty text
    /// refers to no contract.
    pub fn parse(text: &str, column_date: Option<NaiveDate>) -> Option<ContractRef> {
        let spelling = folded(text);
        if spelling.is_empty() {
            return None;
        }
        Some(ContractRef::of_spelling(spelling, column_date))
    }

    fn of_spelling(spelling: String, column_date: Option<NaiveDate>) -> ContractRef {
        let (head, date, tail) = split_date(&spelling);
        let number = folded(&format!("{} {tail}", without_leading_words(head)));
        ContractRef {
            date: date.or(column_date),
            number,
            spelling,
            column_date,
        }
    }

    /// The reference of an operation that names no contract.
    pub fn none() -> ContractRef {
        ContractRef::of_spelling(WITHOUT_CONTRACT.to_owned(), None)
    }

    /// Whether it identifies a contract only together with the other party: it has neither a date
    /// nor a digit, like 1C's default contract of each counterparty, `Основной договор`.
    pub fn is_per_counterparty(&self) -> bool {
        self.date.is_none() && !self.number.chars().any(char::is_numeric)
    }

    /// What makes two spellings one contract: number without white space, and date.
    pub fn key(&self) -> String {
        let mut key: String = self.number.chars().filter(|c| !c.is_whitespace()).collect();
        key.push('|');
        if let Some(date) = self.date {
            key.push_str(&date.to_string());
        }
        key
    }
}

/// A contract's number as it looks: letters and digits alone, in one case, a Latin letter where a
/// Cyrillic one looks the same, without leading zeros.
pub(crate) fn look_alike(number: &str) -> String {
    const PAIRS: [(char, char); 12] = [
        ('а', 'a'),
        ('в', 'b'),
        ('е', 'e'),
        ('к', 'k'),
        ('м', 'm'),
        ('н', 'h'),
        ('о', 'o'),
        ('р', 'p'),
        ('с', 'c'),
        ('т', 't'),
        ('у', 'y'),
        ('х', 'x'),
    ];
    let lower = number.to_lowercase();
    let plain = lower.chars().filter(|c| c.is_alphanumeric());
    let plain: String = plain
        .map(|c| {
            PAIRS
                .iter()
                .find(|pair| pair.0 == c)
                .map_or(c, |pair| pair.1)
        })
        .collect();
    plain.trim_start_matches('0').to_owned()
}

/// Splits a reference at its last `от`.
fn split_at_mark(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once(" от ")
        .or_else(|| text.strip_prefix("от ").map(|tail| ("", tail)))
}

/// Splits `№ 5 от 10.06.2021г. (транш 1)` into what stands before the date, the date, and what
/// stands behind it.
fn split_date(text: &str) -> (&str, Option<NaiveDate>, &str) {
    if let Some((head, tail)) = split_at_mark(text) {
        let end = tail
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '/'))
            .unwrap_or(tail.len());
        let (day, behind) = tail.split_at(end);
        if let Some(date) = ru_date(day.trim_end_matches('.')) {
            return (head, Some(date), without_year_mark(behind));
        }
    }
    (text, None, "")
}

/// The same for the content of a row, where what stands behind the date does not matter.
fn split_date_at_end(text: &str) -> (&str, Option<NaiveDate>) {
    let dated = split_at_mark(text).and_then(|(head, tail)| {
        let tail = tail
            .trim_end_matches('.')
            .trim_end_matches("года")
            .trim_end_matches('г');
        Some((head, ru_date(tail.trim())?))
    });
    dated.map_or((text, None), |(head, date)| (head, Some(date)))
}

/// Takes `г`, `г.` or `года` off what stands behind a date.
fn without_year_mark(behind: &str) -> &str {
    let trimmed = behind.trim_start();
    let rest = ["года", "г.", "г"]
        .into_iter()
        .find_map(|mark| trimmed.strip_prefix(mark));
    match rest {
        Some(rest) if !rest.starts_with(char::is_alphanumeric) => {
            rest.trim_start_matches('.').trim()
        }
        _ => trimmed.trim_end(),
    }
}

fn without_leading_words(text: &str) -> &str {
    let mut rest = text.trim();
    loop {
        let (word, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        if LEADING_WORDS.contains(&word.to_lowercase().as_str()) {
            rest = tail.trim_start();
            continue;
        }
        let unmarked = without_number_mark(rest);
        if unmarked == rest {
            return rest;
        }
        rest = unmarked;
    }
}

/// Takes off `№` anywhere in front, and `N` only where it can't be the number's own first letter.
fn without_number_mark(text: &str) -> &str {
    if let Some(tail) = text.strip_prefix('№') {
        return tail.trim_start();
    }
    match text.strip_prefix('N') {
        Some(tail) if tail.starts_with(|c: char| c.is_whitespace() || c.is_ascii_digit()) => {
            tail.trim_start()
        }
        _ => text,
    }
}

/// Reads `24.09.2021`, `24.09.21` or `2021-09-24`, with or without a time of day behind it.
pub fn ru_date(text: &str) -> Option<NaiveDate> {
    let day = text.split([' ', 'T']).next()?;
    let mut parts = day.split(['.', '-', '/']);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = [first, second, third]
        .iter()
        .all(|p| p.bytes().all(|b| b.is_ascii_digit()));
    if !digits || parts.next().is_some() {
        return None;
    }
    let (year, month, day) = if first.len() == 4 {
        (first, second, third)
    } else {
        (third, second, first)
    };
    let year = match (year.len(), year.parse::<i32>().ok()?) {
        (4, year) if year >= 1900 => year,
        (2, year) if year >= 70 => 1900 + year,
        (2, year) => 2000 + year,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
