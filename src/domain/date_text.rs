//! Dates as people and 1C write them.

use chrono::NaiveDate;

use super::{folded, ru_date};

/// What a text says about a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateText {
    /// Nothing: it is empty, or 1C's empty date (`01.01.0001`, `  .  .  `).
    Empty,
    /// That day.
    Day(NaiveDate),
    /// One of two days: `03/05/2024` is the 3rd of May or, in the United States, the 5th of March.
    Either(NaiveDate, NaiveDate),
}

/// How months begin in Russian and English, whatever their case.
const MONTHS: [(&[&str], u32); 12] = [
    (&["янв", "jan"], 1),
    (&["фев", "feb"], 2),
    (&["мар", "mar"], 3),
    (&["апр", "apr"], 4),
    (&["мая", "май", "may"], 5),
    (&["июн", "jun"], 6),
    (&["июл", "jul"], 7),
    (&["авг", "aug"], 8),
    (&["сен", "sep"], 9),
    (&["окт", "oct"], 10),
    (&["ноя", "nov"], 11),
    (&["дек", "dec"], 12),
];

impl DateText {
    /// Reads `24.09.2021`, `24.09.21` (years from 70 on are of the last century), `2021-09-24`,
    /// `12/31/2024` or `5 марта 2024 г.`, with or without a time of day behind it. `None`: it is no
    /// date.
    pub fn parse(text: &str) -> Option<DateText> {
        let text = folded(text);
        if text
            .chars()
            .all(|c| matches!(c, '.' | '/' | '-' | ':' | ' '))
        {
            return Some(DateText::Empty);
        }
        if let Some(date) = with_named_month(&text) {
            return Some(DateText::Day(date));
        }
        let end = text
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '/'))
            .unwrap_or(text.len());
        let (day, behind) = text.split_at(end);
        if !is_time_or_year_mark(behind) {
            return None;
        }
        let day = day.trim_end_matches('.');
        if is_year_one(day) {
            return Some(DateText::Empty);
        }
        let european = ru_date(day);
        let american = day.split_once('/').and_then(|(month, rest)| {
            let (day, year) = rest.split_once('/')?;
            (month.len() <= 2)
                .then(|| ru_date(&format!("{day}/{month}/{year}")))
                .flatten()
        });
        match (european, american) {
            (Some(one), Some(other)) if one != other => Some(DateText::Either(one, other)),
            (one, other) => one.or(other).map(DateText::Day),
        }
    }
}

/// `5 марта 2024 г.`
fn with_named_month(text: &str) -> Option<NaiveDate> {
    let mut words = text.split(' ');
    let (day, month, year) = (words.next()?, words.next()?.to_lowercase(), words.next()?);
    let behind: Vec<&str> = words.collect();
    if !is_time_or_year_mark(&behind.join(" ")) {
        return None;
    }
    let begins = |(names, _): &&(&[&str], u32)| names.iter().any(|name| month.starts_with(name));
    let (_, month) = MONTHS.iter().find(begins)?;
    let year = year.trim_end_matches('.').trim_end_matches('г');
    (year.len() == 4)
        .then(|| ru_date(&format!("{day}.{month}.{year}")))
        .flatten()
}

/// Whether nothing stands behind a date but a time of day, or `г.`
fn is_time_or_year_mark(text: &str) -> bool {
    let text = text.trim();
    let time = text.strip_prefix('T').unwrap_or(text);
    let time = time
        .split_once('+')
        .map_or(time, |(time, _)| time)
        .trim_end_matches('Z');
    let is_time = time.contains(':')
        && time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    text.is_empty() || is_time || matches!(text, "г" | "г." | "года" | "год")
}

fn is_year_one(day: &str) -> bool {
    matches!(
        day,
        "01.01.0001" | "1.1.0001" | "01.01.1" | "0001-01-01" | "01/01/0001"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
