//! The place of a row in a list's default order: what the next page of the list begins after.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// Cursors longer than this are none of ours: seven digits of days, eighteen of an id.
const LONGEST: usize = 26;

/// A place in a list. Clients pass it on as they got it: days since the year 1 (nothing for a row
/// without a date, or of a list without dates), `_`, and the row's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListCursor {
    /// The document date, in lists that are ordered by it. Rows without one come last.
    pub document_date: Option<NaiveDate>,
    /// The row's id.
    pub id: i64,
}

/// A text that is no cursor.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the X-Next-After of an answer")]
pub struct InvalidCursor(String);

impl fmt::Display for ListCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(date) = self.document_date {
            write!(f, "{}", date.num_days_from_ce())?;
        }
        write!(f, "_{}", self.id)
    }
}

impl FromStr for ListCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<ListCursor, InvalidCursor> {
        let number = |digits: &str| -> Option<i64> {
            let is_plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
            digits.parse().ok().filter(|_| is_plain)
        };
        let parse = || {
            let (days, id) = text.split_once('_').filter(|_| text.len() <= LONGEST)?;
            let document_date = match days {
                "" => None,
                days => Some(NaiveDate::from_num_days_from_ce_opt(
                    i32::try_from(number(days)?).ok()?,
                )?),
            };
            Some(ListCursor {
                document_date,
                id: number(id)?,
            })
        };
        parse().ok_or_else(|| InvalidCursor(text.to_owned()))
    }
}
