//! The fields of rows as cells, read off the rows while they are serialized: no row becomes JSON on
//! its way into a file.

mod row_cells;

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
    /// JSON; it stands behind the one that it follows in others.
    ///
    /// # Errors
    /// When a row can't be serialized.
    pub fn of_rows<T: Serialize>(rows: &[T]) -> anyhow::Result<Fields> {
        let mut names: Vec<String> = Vec::new();
        for row in rows {
            let Value::Object(row) = serde_json::to_value(row)? else {
                anyhow::bail!("a row is no object");
            };
            let mut at = 0;
            for (name, _) in row {
                at = match names.iter().position(|known| *known == name) {
                    Some(known) => known + 1,
                    None => {
                        names.insert(at, name);
                        at + 1
                    }
                };
            }
        }
        Ok(Fields::of_names(names))
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

    /// Gives the cells of a row to a sink: one for each column. Fields without a column are left
    /// out.
    ///
    /// # Errors
    /// The sink's.
    pub fn put_row<T: Serialize>(&self, row: &T, sink: &mut dyn CellSink) -> anyhow::Result<()> {
        let mut cells = RowCells::new(&self.0, sink);
        row.serialize(&mut cells)?;
        Ok(cells.finish()?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
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
        let fields = Fields::of_rows(&rows).unwrap();
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
}
