//! The fields of rows as cells, read off the rows while they are serialized: no row becomes JSON on
//! its way into a file.

mod row_cells;

use std::collections::VecDeque;

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use super::columns::{Kind, kind_of};
use super::table::Cell;
use row_cells::RowCells;

/// Takes the cells of a row, in the order of the columns.
pub trait CellSink {
    /// Takes the next cell.
    fn put(&mut self, column: usize, kind: Kind, cell: Cell<'_>) -> anyhow::Result<()>;
}

/// A column of a file.
#[derive(Clone, Debug)]
pub struct Field {
    /// The field's name in JSON.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
}

/// The columns of a file.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// The columns that some rows have. A field that does not apply to a row is absent from its
    /// JSON; the columns are in an order that fits every row, and where the rows leave it open, in
    /// that of `known`.
    ///
    /// # Errors
    /// When a row can't be serialized.
    pub fn of_rows<T: Serialize>(rows: &[T], known: &[String]) -> anyhow::Result<Fields> {
        let mut orders: Vec<Vec<String>> = Vec::new();
        for row in rows {
            let Value::Object(row) = serde_json::to_value(row)? else {
                anyhow::bail!("a row is no object");
            };
            let is_known = |order: &Vec<String>| order.iter().eq(row.keys());
            if !orders.iter().any(is_known) {
                orders.push(row.into_iter().map(|(name, _)| name).collect());
            }
        }
        Ok(Fields::of_names(merged(orders, known)?))
    }

    /// The columns of these names, but for aliases.
    pub fn of_names(names: Vec<String>) -> Fields {
        let field = |name: String| Field {
            kind: kind_of(&name),
            name,
        };
        let fields = names.into_iter().map(field);
        Fields(fields.filter(|field| field.kind != Kind::Alias).collect())
    }

    /// The columns in order.
    pub fn as_slice(&self) -> &[Field] {
        &self.0
    }

    /// Gives the cells of a row to a sink: one for each column. Aliases are left out.
    ///
    /// # Errors
    /// The sink's; and for a field without a column, which must not be lost.
    pub fn put_row<T: Serialize>(&self, row: &T, sink: &mut dyn CellSink) -> anyhow::Result<()> {
        let mut cells = RowCells::new(&self.0, sink);
        row.serialize(&mut cells)?;
        Ok(cells.finish()?)
    }
}

/// Returns one order of all names in which each of the orders is kept: again and again a name that
/// none has behind another one, as `known` has them.
fn merged(orders: Vec<Vec<String>>, known: &[String]) -> anyhow::Result<Vec<String>> {
    let place = |name: &&String| known.iter().position(|known| known == *name);
    let mut left: Vec<VecDeque<String>> = orders.into_iter().map(VecDeque::from).collect();
    let mut names = Vec::new();
    while left.iter().any(|order| !order.is_empty()) {
        let is_free = |name: &&String| {
            let mut behind = left.iter().flat_map(|order| order.iter().skip(1));
            !behind.any(|other| other == *name)
        };
        let free = left.iter().filter_map(VecDeque::front).filter(is_free);
        let next = free.min_by_key(|name| place(name).unwrap_or(usize::MAX));
        let name = next
            .cloned()
            .context("rows name their fields in no order")?;
        for order in &mut left {
            if order.front() == Some(&name) {
                order.pop_front();
            }
        }
        names.push(name);
    }
    Ok(names)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::{CellSink, Fields};
    use crate::api::export::columns::Kind;
    use crate::api::export::table::Cell;
    use crate::domain::Money;

    #[derive(Serialize)]
    struct Row {
        id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        merged_into: Option<i64>,
        #[serde(flatten)]
        rest: Rest,
    }

    #[derive(Serialize)]
    struct Rest {
        amount: Money,
        accounting_account: &'static str,
        aliases: Vec<&'static str>,
        is_active: bool,
        comment: Option<String>,
    }

    #[derive(Default)]
    struct Cells(Vec<String>);

    impl CellSink for Cells {
        fn put(&mut self, column: usize, _: Kind, cell: Cell<'_>) -> anyhow::Result<()> {
            assert_eq!(column, self.0.len());
            self.0.push(format!("{cell:?}"));
            Ok(())
        }
    }

    fn row(id: i64, merged_into: Option<i64>) -> Row {
        Row {
            id,
            merged_into,
            rest: Rest {
                amount: Money::from_kopecks(-105),
                accounting_account: "an alias",
                aliases: vec!["a", "b"],
                is_active: true,
                comment: None,
            },
        }
    }

    #[test]
    fn a_field_that_some_rows_lack_has_its_own_column_in_all_of_them() {
        let rows = [row(1, None), row(2, Some(7))];
        let fields = Fields::of_rows(&rows, &[]).unwrap();
        let names: Vec<&str> = fields
            .as_slice()
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "id",
                "merged_into",
                "amount",
                "aliases",
                "is_active",
                "comment"
            ]
        );
        let cells = rows.map(|row| {
            let mut cells = Cells::default();
            fields.put_row(&row, &mut cells).unwrap();
            cells.0
        });
        let rest = [
            r#"Number("-1.05")"#,
            r#"Text("a, b")"#,
            "Mark(true)",
            "Empty",
        ];
        assert_eq!(cells[0][..2], [r#"Number("1")"#, "Empty"]);
        assert_eq!(cells[1][..2], [r#"Number("2")"#, r#"Number("7")"#]);
        assert_eq!(cells[0][2..], rest);
        assert_eq!(cells[1][2..], rest);
    }

    #[derive(Serialize)]
    struct Year {
        year: i32,
        #[serde(skip_serializing_if = "Option::is_none")]
        received: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        paid: Option<i32>,
        total: i32,
    }

    proptest! {
        /// Whichever fields whichever rows lack, every value stands in the column of its name.
        #[test]
        fn no_value_is_lost_or_moved(given in prop::collection::vec((any::<bool>(), any::<bool>()), 1..6)) {
            let rows: Vec<Year> = given
                .iter()
                .zip(1..)
                .map(|((received, paid), year)| Year {
                    year,
                    received: received.then_some(year * 10),
                    paid: paid.then_some(year * 100),
                    total: year * 1000,
                })
                .collect();
            let fields = Fields::of_rows(&rows, &[]).unwrap();
            for row in &rows {
                let mut cells = Cells::default();
                fields.put_row(row, &mut cells).unwrap();
                let expected = serde_json::to_value(row).unwrap();
                for (field, cell) in fields.as_slice().iter().zip(&cells.0) {
                    let expected = match expected.get(&field.name) {
                        Some(value) => format!("Number(\"{value}\")"),
                        None => "Empty".to_owned(),
                    };
                    prop_assert_eq!(cell, &expected);
                }
                prop_assert_eq!(cells.0.len(), fields.as_slice().len());
            }
        }
    }

    #[test]
    fn a_field_that_no_column_was_made_for_is_an_error() {
        let first = Fields::of_names(vec!["year".to_owned(), "total".to_owned()]);
        let late = Year {
            year: 1,
            received: Some(2),
            paid: None,
            total: 3,
        };
        let refused = first.put_row(&late, &mut Cells::default()).unwrap_err();
        assert!(refused.to_string().contains("received"), "{refused}");
    }
}
