//! Lists and figures as workbooks: typed cells, formats, totals, and the filters that were asked
//! for.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::exported::{bytes, column, filled};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(
    a_list_becomes_a_workbook_with_every_row_typed,
    amounts_of_several_currencies_are_added_up_apart,
);

async fn a_list_becomes_a_workbook_with_every_row_typed(backend: Backend) {
    let app = filled(backend, 2500).await;
    let path = format!(
        "expenses?format=xlsx&department_id=8&organization_id={}&limit=1",
        organization(&app).await
    );
    let (headers, file) = bytes(&app, &path, "*/*").await;
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"expenses.xlsx\""
    );
    assert_eq!(headers["content-length"], file.len().to_string().as_str());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let sheet = book.worksheet_range("data").unwrap();
    assert_eq!(
        sheet.height(),
        2502,
        "the headings, every row, and their totals"
    );
    let headings = headings_of(&sheet);
    let (amount, date, recipient) = (
        column(&headings, "Amount"),
        column(&headings, "Document date"),
        column(&headings, "Recipient"),
    );
    let rows: Vec<_> = sheet.rows().skip(1).take(2500).collect();
    let total: i64 = rows
        .iter()
        .map(|row| (row[amount].to_string().parse::<f64>().unwrap() * 100.0).round() as i64)
        .sum();
    assert_eq!(total, 2500 * 2501 / 2);
    let last = rows[2499];
    assert!(
        matches!(last[amount], Data::Float(_)) && matches!(last[date], Data::DateTime(_)),
        "{last:?}"
    );
    assert_eq!(
        last[recipient],
        Data::String("=HYPERLINK(\"http://example.org\")".into()),
        "a text, not a formula"
    );
    let totals = sheet.rows().next_back().unwrap();
    assert_eq!(
        (&totals[0], &totals[amount]),
        (&Data::String("Total".into()), &Data::Float(31262.5))
    );
    let formulas = book.worksheet_formula("data").unwrap();
    let letter = letter_of(amount);
    let formulas: Vec<&String> = formulas
        .rows()
        .flatten()
        .filter(|formula| !formula.is_empty())
        .collect();
    assert_eq!(
        formulas,
        [&format!("SUBTOTAL(109,{letter}2:{letter}2501)")],
        "no cell of a row is one"
    );
    let about = lines_of(&mut book, "filters");
    assert!(about[0].starts_with("Data as of (UTC)=20"), "{about:?}");
    assert!(
        about.contains(&"Department=Finance (8)".to_owned()),
        "{about:?}"
    );
    assert!(
        about
            .iter()
            .any(|line| line.starts_with("Organization=ООО «Ромашка» (")),
        "{about:?}"
    );
    assert!(
        !about.iter().any(|line| line.starts_with("limit")),
        "it does not cut a file: {about:?}"
    );
    app.stop().await;
}

async fn amounts_of_several_currencies_are_added_up_apart(backend: Backend) {
    let app = TestApp::start(backend).await;
    let rows = [
        a_receipt(1).amounting_to(1_00),
        a_receipt(2).amounting_to(2_00).in_currency("USD"),
        a_receipt(3).amounting_to(4_00),
    ];
    app.import(DEPARTMENT, &[("postuplenie.xlsx", &receipts(&rows))])
        .await;
    let (_, file) = bytes(&app, "receipts?format=xlsx&lang=ru", "*/*").await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let sheet = book.worksheet_range("Данные").unwrap();
    let headings = headings_of(&sheet);
    let (amount, currency) = (column(&headings, "Сумма"), column(&headings, "Валюта"));
    let totals: Vec<(String, f64)> = sheet
        .rows()
        .skip(4)
        .map(|row| (row[0].to_string(), row[amount].to_string().parse().unwrap()))
        .collect();
    assert_eq!(
        totals,
        [("Итого RUB".to_owned(), 5.0), ("Итого USD".to_owned(), 2.0)]
    );
    let formulas = book.worksheet_formula("Данные").unwrap();
    let (amount, currency) = (letter_of(amount), letter_of(currency));
    let of =
        |code: &str| format!("SUMIFS({amount}2:{amount}4,{currency}2:{currency}4,\"={code}\")");
    let formulas: Vec<&String> = formulas
        .rows()
        .flatten()
        .filter(|formula| formula.starts_with(&format!("SUMIFS({amount}2")))
        .collect();
    assert_eq!(formulas, [&of("RUB"), &of("USD")]);
    let (_, file) = bytes(&app, "summary?format=xlsx&lang=ru", "*/*").await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    assert_eq!(
        book.worksheet_range("Данные").unwrap().height(),
        2,
        "figures are not added up again"
    );
    let about = lines_of(&mut book, "Отбор");
    assert!(
        about.contains(&"Валюта=RUB".to_owned())
            && about.contains(&"Не включено: суммы в=USD".to_owned()),
        "{about:?}"
    );
    app.stop().await;
}

/// What a spreadsheet shows beside the cells: looked up in the parts of the workbook.
#[actix_rt::test]
async fn a_workbook_has_formats_a_filter_and_a_frozen_row_of_headings() {
    let app = filled(Backend::Sqlite, 3).await;
    let (_, file) = bytes(&app, "expenses?format=xlsx&lang=ru", "*/*").await;
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    let sheet = part("xl/worksheets/sheet1.xml");
    assert!(
        sheet.contains("<pane ySplit=\"1\"") && sheet.contains("state=\"frozen\""),
        "{sheet}"
    );
    let end = sheet
        .split("<autoFilter ref=\"A1:")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(
        end.ends_with('4') && !end.ends_with("14"),
        "the filter ends above the totals: {end}"
    );
    assert!(sheet.contains("<cols>"), "columns as wide as their cells");
    let styles = part("xl/styles.xml");
    // Russian Excel displays and names this one `# ##0,00`.
    assert!(styles.contains("formatCode=\"#,##0.00\""), "{styles}");
    assert!(styles.contains("formatCode=\"dd.mm.yyyy\""), "{styles}");
    app.stop().await;
}

fn headings_of(sheet: &calamine::Range<Data>) -> Vec<String> {
    sheet
        .rows()
        .next()
        .unwrap()
        .iter()
        .map(|cell| cell.to_string())
        .collect()
}

fn letter_of(column: usize) -> char {
    char::from(b'A' + u8::try_from(column).unwrap())
}

fn lines_of(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<String> {
    book.worksheet_range(sheet)
        .unwrap()
        .rows()
        .map(|row| format!("{}={}", row[0], row[1]))
        .collect()
}

async fn organization(app: &TestApp) -> Value {
    app.get("organizations").await.json()[0]["id"].clone()
}

/// A balance of January and one of February make no balance, and what is beside them goes up to the
/// month's end.
#[actix_rt::test]
async fn balances_of_several_months_are_not_added_up() {
    let app = filled(Backend::Sqlite, 3).await;
    let totals = async |path: &str| -> Vec<(String, String)> {
        let (_, file) = bytes(&app, path, "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range("data").unwrap();
        let headings = headings_of(&sheet);
        let total = sheet
            .rows()
            .find(|row| row[0] == Data::String("Total".into()));
        let cells = total.into_iter().flat_map(|row| {
            headings
                .iter()
                .cloned()
                .zip(row.iter().map(|cell| cell.to_string()))
        });
        cells.skip(1).filter(|(_, cell)| !cell.is_empty()).collect()
    };
    assert_eq!(totals("analytics/debt-balance?format=xlsx").await, []);
    assert_eq!(totals("analytics/concentration?format=xlsx").await, []);
    let names = async |path: &str| {
        totals(path)
            .await
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let months = names("analytics/roll-forward?format=xlsx&group_by=month").await;
    assert!(
        months.contains(&"Drawn".to_owned()) && !months.contains(&"Closing balance".to_owned()),
        "{months:?}"
    );
    let contracts = names("analytics/roll-forward?format=xlsx").await;
    assert!(
        contracts.contains(&"Closing balance".to_owned()),
        "{contracts:?}"
    );
    let cash = names("analytics/cashflow-monthly?format=xlsx").await;
    assert_eq!(cash, ["Inflow", "Outflow", "Net"]);
    app.stop().await;
}
