//! Search for a part of a text in any letter case, in SQL that does not depend on a locale.
//!
//! SQLite folds the case of ASCII only, and PostgreSQL as the database's locale says. So each
//! letter of what is searched becomes a set of its cases: `GLOB '*[Бб][Аа]*'` in SQLite, `~
//! '[Бб][Аа]'` in PostgreSQL. The letters е and ё are one.

use super::DbConn;

/// Separates columns that are searched together: no text that is searched holds it.
const SEPARATOR: &str = "\u{1f}";

/// A condition on text columns of one table.
#[derive(Clone, Debug)]
pub(super) struct TextSearch {
    /// Comes before the pattern, which is bound as a parameter; a closing bracket comes after it.
    pub sql: String,
    /// The pattern in the backend's language.
    pub pattern: String,
}

impl TextSearch {
    /// Searches `columns`, names with their tables, for `text`.
    pub fn new(conn: &DbConn, columns: &[&str], text: &str) -> TextSearch {
        let joined: Vec<String> = columns
            .iter()
            .map(|column| format!("COALESCE({column}, '')"))
            .collect();
        let joined = joined.join(&format!(" || '{SEPARATOR}' || "));
        let (operator, pattern) = match conn {
            DbConn::Sqlite(_) => (
                "GLOB",
                format!("*{}*", pattern_of(text, |c| format!("[{c}]"), "*?[")),
            ),
            DbConn::Postgres(_) => (
                "~",
                pattern_of(text, |c| format!("\\{c}"), r"\^$.*+?()[]{}|"),
            ),
        };
        TextSearch {
            sql: format!("(({joined}) {operator} "),
            pattern,
        }
    }
}

/// Writes each character as the set of its cases; `escaped` writes those of `special`, which the
/// pattern language reads as something else.
fn pattern_of(text: &str, escaped: impl Fn(char) -> String, special: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        let cases = cases_of(c);
        match cases.as_slice() {
            [one] if special.contains(*one) => pattern.push_str(&escaped(*one)),
            [one] => pattern.push(*one),
            several => {
                pattern.push('[');
                pattern.extend(several);
                pattern.push(']');
            }
        }
    }
    pattern
}

/// Returns the cases of a letter that are one character each.
fn cases_of(c: char) -> Vec<char> {
    let mut cases = vec![c];
    let same: &[char] = if matches!(c, 'е' | 'ё' | 'Е' | 'Ё') {
        &['е', 'ё']
    } else {
        &[]
    };
    for c in same.iter().copied().chain([c]) {
        let lower: Vec<char> = c.to_lowercase().collect();
        let upper: Vec<char> = c.to_uppercase().collect();
        cases.extend(
            [lower, upper]
                .iter()
                .filter(|case| case.len() == 1)
                .flatten()
                .copied(),
        );
        cases.push(c);
    }
    cases.sort_unstable();
    cases.dedup();
    cases
}
