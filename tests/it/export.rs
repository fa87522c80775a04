//! Lists and figures as CSV and workbooks: every one of them, with columns named in both languages.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use credit_portfolio::api::{has_filter_name, has_heading, openapi};
use serde_json::{Value, json};

use crate::support::app::Backend;
use crate::support::exported::{bytes, column, filled};
use crate::support::on_both_databases;
use crate::support::workbooks::kopecks;

on_both_databases!(every_list_and_figure_can_be_had_as_a_file,);

/// Every field of every answer that can be had as a file, and every filter of it, by the document.
#[test]
fn every_column_and_filter_of_a_file_has_a_name_in_both_languages() {
    let document = openapi();
    let resolved = |schema: &Value| -> Value {
        let reference = schema["$ref"]
            .as_str()
            .map(|reference| reference.trim_start_matches('#').to_owned());
        reference.map_or_else(
            || schema.clone(),
            |pointer| document.pointer(&pointer).unwrap().clone(),
        )
    };
    fn fields(schema: &Value, resolved: &dyn Fn(&Value) -> Value, found: &mut BTreeSet<String>) {
        let schema = resolved(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            fields(part, resolved, found);
        }
        if schema["type"] == "array" {
            return fields(&schema["items"], resolved, found);
        }
        let properties = schema["properties"].as_object();
        let rows = |name| properties.and_then(|properties| properties.get(name));
        let data = rows("data").or_else(|| rows("checks"));
        if let Some(data) = data {
            return fields(data, resolved, found);
        }
        // Of an answer in parts the file holds the rows of the parts.
        let parts: Vec<Value> = properties
            .into_iter()
            .flatten()
            .map(|(_, property)| resolved(property))
            .collect();
        let parts: Vec<_> = parts
            .iter()
            .filter_map(|part| part["properties"].get("data"))
            .collect();
        for part in &parts {
            fields(part, resolved, found);
        }
        if parts.is_empty() {
            found.extend(
                properties
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone()),
            );
        }
    }
    let (mut columns, mut filters) = (BTreeSet::new(), BTreeSet::new());
    for operation in document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|methods| &methods["get"])
    {
        let names: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        if names.contains(&"format") {
            filters.extend(names.iter().map(|name| (*name).to_owned()));
            fields(
                &operation["responses"]["200"]["content"]["application/json"]["schema"],
                &resolved,
                &mut columns,
            );
        }
    }
    assert!(columns.len() > 100, "{columns:?}");
    let unnamed: Vec<_> = columns.iter().filter(|name| !has_heading(name)).collect();
    assert!(
        unnamed.is_empty(),
        "src/api/export/columns.rs has no heading of {unnamed:?}"
    );
    let unnamed: Vec<_> = filters
        .iter()
        .filter(|name| !has_filter_name(name))
        .collect();
    assert!(
        unnamed.is_empty(),
        "src/api/export/about.rs has no name of {unnamed:?}"
    );
}

async fn every_list_and_figure_can_be_had_as_a_file(backend: Backend) {
    let app = filled(backend, 3).await;
    for path in [
        "receipts",
        "expenses",
        "expense-details",
        "organizations",
        "bank-accounts",
        "contracts",
        "import-logs",
        "summary",
        "monthly-stats",
        "analytics/monthly-efficiency",
        "analytics/org-efficiency",
        "analytics/cashflow-monthly",
        "analytics/yearly-comparison",
        "analytics/quarterly-comparison",
        "analytics/debt-balance",
        "analytics/concentration",
        "contract-stats",
        "contracts/stats/summary",
        "organization-stats",
        "lender-stats",
    ] {
        let (headers, csv) = bytes(&app, path, "text/csv").await;
        assert_eq!(headers["content-type"], "text/csv; charset=utf-8", "{path}");
        let text = String::from_utf8(csv).unwrap();
        assert!(
            text.starts_with('\u{feff}') && text.lines().count() >= 2,
            "{path}: {text}"
        );
        let (_, file) = bytes(&app, &format!("{path}?format=xlsx"), "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range("data").unwrap();
        let totals = sheet
            .rows()
            .filter(|row| row[0] == Data::String("Total".into()))
            .count();
        assert_eq!(sheet.height() - totals, text.lines().count(), "{path}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn csv_is_read_by_russian_spreadsheets_and_runs_no_formula() {
    let app = filled(Backend::Sqlite, 3).await;
    let (_, csv) = bytes(&app, "expenses?format=csv&lang=ru", "*/*").await;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(&csv[3..]);
    let headings = reader.headers().unwrap().clone();
    let headings: Vec<String> = headings.iter().map(str::to_owned).collect();
    let column = |name: &str| column(&headings, name);
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(&rows[2][column("Сумма")], "0,01");
    assert_eq!(&rows[2][column("Дата документа")], "05.03.2024");
    assert_eq!(
        &rows[2][column("Получатель")],
        "'=HYPERLINK(\"http://example.org\")"
    );
    let total: i64 = rows
        .iter()
        .map(|row| {
            kopecks(&json!(
                row[column("Сумма")]
                    .replace(',', ".")
                    .parse::<f64>()
                    .unwrap()
            ))
        })
        .sum();
    assert_eq!(total, 6);
    for (query, parameter) in [("format=pdf", "format"), ("format=csv&lang=de", "lang")] {
        let answer = app.get(&format!("expenses?{query}")).await;
        assert_eq!(answer.json()["parameter"], parameter, "{}", answer.text);
    }
    app.stop().await;
}
