//! The date in a file's name: files whose names differ only in it are versions of one file.

use chrono::{Days, NaiveDate, NaiveDateTime};

/// Returns a name without its date, and the date: `korrektirovka 28.02.2024.xlsx` is
/// `korrektirovka.xlsx` of that day. Year, month and day, or day, month and year, with one kind of
/// separator (`-`, `.`, `_`, space) or, year first, none.
pub(in crate::import) fn undated_name(name: &str) -> (String, Option<NaiveDate>) {
    let starts_number = |at: usize| !name[..at].ends_with(|c: char| c.is_ascii_digit());
    let found = name
        .char_indices()
        .filter(|(at, c)| c.is_ascii_digit() && starts_number(*at))
        .find_map(|(at, _)| date_at(&name[at..]).map(|(date, length)| (at, date, length)));
    let Some((at, date, length)) = found else {
        return (name.to_owned(), None);
    };
    let is_gap = |c: char| matches!(c, '-' | '.' | '_' | ' ');
    let (front, back) = (name[..at].trim_end_matches(is_gap), &name[at + length..]);
    (format!("{front}{back}"), Some(date))
}

/// The same of a file that is offered at that time (UTC): a date that lies ahead is mistyped, and
/// says nothing.
pub(in crate::import) fn version_name(
    name: &str,
    now: NaiveDateTime,
) -> (String, Option<NaiveDate>) {
    let (series, date) = undated_name(name);
    // In the easternmost time zone the next day has begun.
    (
        series,
        date.filter(|date| *date <= now.date() + Days::new(1)),
    )
}

/// The date that a text begins with, and how many bytes it takes.
fn date_at(text: &str) -> Option<(NaiveDate, usize)> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let separator = text[digits.len()..]
        .chars()
        .next()
        .filter(|c| matches!(c, '-' | '.' | '_' | ' '));
    match (digits.len(), separator) {
        (8, _) => date_of(&digits[..4], &digits[4..6], &digits[6..]).map(|date| (date, 8)),
        (4 | 2, Some(separator)) => {
            let parts: Vec<&str> = text.splitn(3, separator).collect();
            let [first, second, rest] = parts[..] else {
                return None;
            };
            let third_length = rest.chars().take_while(char::is_ascii_digit).count();
            let third = &rest[..third_length];
            let date = match (first.len(), second.len(), third_length) {
                (4, 2, 2) => date_of(first, second, third),
                (2, 2, 4) => date_of(third, second, first),
                _ => None,
            };
            date.map(|date| (date, first.len() + second.len() + third_length + 2))
        }
        _ => None,
    }
}

fn date_of(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    let year = year
        .parse()
        .ok()
        .filter(|year| (1990..2100).contains(year))?;
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{undated_name, version_name};

    #[test]
    fn a_date_that_lies_ahead_says_nothing() {
        let day = NaiveDate::from_ymd_opt(2024, 3, 5).unwrap_or_default();
        let now = day.and_hms_opt(23, 0, 0).unwrap_or_default();
        for (name, date) in [
            ("A 06.03.2024.xlsx", Some("2024-03-06")),
            ("A 07.03.2024.xlsx", None),
        ] {
            let (series, found) = version_name(name, now);
            assert_eq!(
                (
                    series.as_str(),
                    found.map(|date| date.to_string()).as_deref()
                ),
                ("A.xlsx", date)
            );
        }
    }

    #[test]
    fn a_date_in_a_name_is_no_part_of_it() {
        for (name, rest, date) in [
            (
                "korrektirovka 28.02.2024.xlsx",
                "korrektirovka.xlsx",
                Some("2024-02-28"),
            ),
            (
                "korrektirovka_2024-02-28.xlsx",
                "korrektirovka.xlsx",
                Some("2024-02-28"),
            ),
            (
                "20240228 korrektirovka.xlsx",
                " korrektirovka.xlsx",
                Some("2024-02-28"),
            ),
            (
                "корректировка 2024_02_28 (1).xlsx",
                "корректировка (1).xlsx",
                Some("2024-02-28"),
            ),
            (
                "korrektirovka 2024-02.xlsx",
                "korrektirovka 2024-02.xlsx",
                None,
            ),
            (
                "korrektirovka 31.02.2024.xlsx",
                "korrektirovka 31.02.2024.xlsx",
                None,
            ),
            (
                "korrektirovka 12345678.xlsx",
                "korrektirovka 12345678.xlsx",
                None,
            ),
            (
                "korrektirovka 2024-02.28.xlsx",
                "korrektirovka 2024-02.28.xlsx",
                None,
            ),
        ] {
            let (found, found_date) = undated_name(name);
            assert_eq!(
                (
                    found.as_str(),
                    found_date.map(|date| date.to_string()).as_deref()
                ),
                (rest, date),
                "{name}"
            );
        }
    }
}
