//! Values as they stand in the text of a statement that is put together.

use super::DbConn;

/// A text as an SQL literal.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Ids as the inside of an SQL list; of none, one that nothing has (0 is the contract of operations
/// without one).
pub(super) fn id_list<'i>(ids: impl IntoIterator<Item = &'i i64>) -> String {
    let ids: Vec<String> = ids.into_iter().map(ToString::to_string).collect();
    match ids.is_empty() {
        true => "-1".to_owned(),
        false => ids.join(", "),
    }
}

/// SQLite numbers parameters with question marks: it takes `$2` for a name, and the first one for
/// the first parameter.
pub(super) fn numbered(conn: &DbConn, sql: &str) -> String {
    if matches!(conn, DbConn::Sqlite(_)) {
        sql.replace('$', "?")
    } else {
        sql.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{id_list, quoted};

    #[test]
    fn texts_and_lists_stay_what_they_are() {
        assert_eq!(quoted("RUB"), "'RUB'");
        assert_eq!(quoted("it's; --"), "'it''s; --'");
        assert_eq!(id_list(&[3, 12]), "3, 12");
        assert_eq!(id_list(&[]), "-1");
    }
}
