//! Workbooks part by part, for what a spreadsheet program would not write.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A sheet by the XML of its cells.
#[derive(Clone, Debug, Default)]
pub struct RawSheet {
    pub name: String,
    /// `hidden`, `veryHidden`, or nothing.
    pub state: &'static str,
    pub rows: Vec<Vec<String>>,
}

pub fn a_sheet(name: &str, rows: Vec<Vec<String>>) -> RawSheet {
    RawSheet {
        name: name.to_owned(),
        state: "",
        rows,
    }
}

impl RawSheet {
    pub fn hidden(mut self) -> RawSheet {
        self.state = "hidden";
        self
    }
}

/// A cell with a text of its own.
pub fn text(text: &str) -> String {
    cell(
        "t=\"inlineStr\"",
        &format!("<is><t xml:space=\"preserve\">{}</t></is>", escaped(text)),
    )
}

pub fn texts(texts: &[&str]) -> Vec<String> {
    texts
        .iter()
        .map(|one| {
            if one.is_empty() {
                cell("", "")
            } else {
                text(one)
            }
        })
        .collect()
}

/// A cell with a number, as it is written.
pub fn number(digits: &str) -> String {
    cell("", &format!("<v>{digits}</v>"))
}

pub fn cell(attributes: &str, content: &str) -> String {
    format!("<c {attributes}>{content}</c>")
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The headings of receipts that the rows of [`a_row`] stand below.
pub const HEADINGS: [&str; 5] = [
    "Поступление на расчетный счет",
    "Организация",
    "Сумма",
    "Договор",
    "Комментарий",
];

/// A receipt of that number; `amount` is a cell.
pub fn a_row(number: u32, amount: String) -> Vec<String> {
    let mut row = texts(&[&operation_id(number), "ООО «Ромашка»"]);
    row.push(amount);
    row.extend(texts(&["Договор займа № 1 от 01.02.2024", ""]));
    row
}

pub fn operation_id(number: u32) -> String {
    format!("Поступление на расчетный счет 0С00-{number:06} от 05.03.2024 12:00:00")
}

/// A sheet of receipts with the headings above.
pub fn receipts_of(name: &str, rows: Vec<Vec<String>>) -> RawSheet {
    let mut all = vec![texts(&HEADINGS)];
    all.extend(rows);
    a_sheet(name, all)
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
/// Formats of cells: plain, seven digits, two decimals, a date.
const STYLES: &str = r#"<numFmts count="2"><numFmt numFmtId="164" formatCode="0000000"/><numFmt numFmtId="165" formatCode="dd.mm.yyyy"/></numFmts><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="2"/><xf numFmtId="165"/></cellXfs>"#;

/// The workbook of some sheets.
pub fn book(sheets: &[RawSheet]) -> Vec<u8> {
    book_with(sheets, &[])
}

/// The same whose sheets are found by relations of its own.
pub fn book_of(sheets: &[RawSheet], relations: &str) -> Vec<u8> {
    written(sheets, Some(relations), &[])
}

/// The same with parts of other names besides.
pub fn book_with(sheets: &[RawSheet], others: &[(&str, &[u8])]) -> Vec<u8> {
    written(sheets, None, others)
}

fn written(sheets: &[RawSheet], own_relations: Option<&str>, others: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut tabs, mut relations) = (String::new(), String::new());
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for (number, sheet) in (1..).zip(sheets) {
        let state = if sheet.state.is_empty() {
            String::new()
        } else {
            format!(" state=\"{}\"", sheet.state)
        };
        tabs += &format!(
            "<sheet name=\"{}\" sheetId=\"{number}\"{state} r:id=\"rId{number}\"/>",
            escaped(&sheet.name).replace('"', "&quot;")
        );
        relations += &relation(
            &format!("rId{number}"),
            "worksheet",
            &format!("worksheets/sheet{number}.xml"),
        );
        parts.push((
            format!("xl/worksheets/sheet{number}.xml"),
            sheet_xml(&sheet.rows).into_bytes(),
        ));
    }
    relations += &relation("rId90", "styles", "styles.xml");
    let main = relation("rId1", "officeDocument", "xl/workbook.xml");
    parts.extend([
        (
            "_rels/.rels".to_owned(),
            format!("<Relationships xmlns=\"{PACKAGE}\">{main}</Relationships>").into_bytes(),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{tabs}</sheets></workbook>"
            )
            .into_bytes(),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            own_relations
                .map_or_else(
                    || format!("<Relationships xmlns=\"{PACKAGE}\">{relations}</Relationships>"),
                    str::to_owned,
                )
                .into_bytes(),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!("<styleSheet xmlns=\"{MAIN}\">{STYLES}</styleSheet>").into_bytes(),
        ),
        ("[Content_Types].xml".to_owned(), b"<Types/>".to_vec()),
    ]);
    parts.extend(
        others
            .iter()
            .map(|(name, content)| ((*name).to_owned(), content.to_vec())),
    );
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive
            .start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        archive.write_all(&content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn relation(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
}

/// Rows and cells without references: they follow each other.
fn sheet_xml(rows: &[Vec<String>]) -> String {
    let rows: String = rows
        .iter()
        .map(|row| format!("<row>{}</row>", row.concat()))
        .collect();
    format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>")
}
