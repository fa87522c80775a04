//! Writes a workbook as 1C does.
//!
//! With a byte order mark before every XML part, empty cells as `t="e"` without a value, a
//! `<dimension>` of one corner, a comments part, and no `docProps`. Source: real exports.

use std::collections::HashMap;
use std::io::{Cursor, Write};

use zip::result::ZipResult;
use zip::write::{SimpleFileOptions, ZipWriter};

const BYTE_ORDER_MARK: &str = "\u{feff}";
const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const SHEET_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing: `t="e"` without a value.
    Empty,
    /// A text, in the shared strings.
    Text(String),
    /// A number as it is written: `65991.78`.
    Number(String),
    /// A real date: days since 1899-12-30.
    Date(u32),
}

impl Cell {
    /// A text cell.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// An amount, given in kopecks: whole ones as integers, as 1C does.
    pub fn amount(kopecks: i64) -> Cell {
        let sign = if kopecks < 0 { "-" } else { "" };
        let (units, rest) = (kopecks.unsigned_abs() / 100, kopecks.unsigned_abs() % 100);
        Cell::Number(match rest {
            0 => format!("{sign}{units}"),
            _ => format!("{sign}{units}.{rest:02}")
                .trim_end_matches('0')
                .to_owned(),
        })
    }
}

/// The one sheet of an export, `Лист_1`: the header row first.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The rows, header and total included.
    pub rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// A sheet with a header row.
    pub fn new(headings: &[&str]) -> Sheet {
        Sheet {
            rows: vec![
                headings
                    .iter()
                    .map(|heading| Cell::text(*heading))
                    .collect(),
            ],
        }
    }

    /// Adds the row `Итого` with its total in that column.
    pub fn push_total(&mut self, column: usize, kopecks: i64) {
        let mut row = vec![Cell::Empty; self.rows.first().map_or(column + 1, Vec::len)];
        row[0] = Cell::text("Итого");
        row[column] = Cell::amount(kopecks);
        self.rows.push(row);
    }

    /// The bytes of the workbook.
    ///
    /// # Errors
    /// When a part outgrows what a ZIP file can hold.
    pub fn to_xlsx(&self) -> ZipResult<Vec<u8>> {
        let mut strings = SharedStrings::default();
        let sheet = self.sheet_xml(&mut strings);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in fixed_parts() {
            part(&mut zip, name, &content)?;
        }
        part(&mut zip, "xl/worksheets/sheet1.xml", &sheet)?;
        part(&mut zip, "xl/sharedStrings.xml", &strings.to_xml())?;
        Ok(zip.finish()?.into_inner())
    }

    fn sheet_xml(&self, strings: &mut SharedStrings) -> String {
        let width = self.rows.iter().map(Vec::len).max().unwrap_or(1);
        let corner = format!("{}{}", column_name(width - 1), self.rows.len().max(1));
        let mut xml = format!(
            r#"<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}"><dimension ref="{corner}"/><sheetData>"#
        );
        for (row, cells) in (1..).zip(&self.rows) {
            xml.push_str(&format!(r#"<row r="{row}">"#));
            for (column, cell) in cells.iter().enumerate() {
                let at = format!("{}{row}", column_name(column));
                match cell {
                    Cell::Empty => xml.push_str(&format!(r#"<c r="{at}" s="3" t="e"/>"#)),
                    Cell::Text(text) => {
                        xml.push_str(&format!(
                            r#"<c r="{at}" s="1" t="s"><v>{}</v></c>"#,
                            strings.index(text)
                        ));
                    }
                    Cell::Number(number) => {
                        xml.push_str(&format!(r#"<c r="{at}" s="3"><v>{number}</v></c>"#))
                    }
                    Cell::Date(serial) => {
                        xml.push_str(&format!(r#"<c r="{at}" s="2"><v>{serial}</v></c>"#))
                    }
                }
            }
            xml.push_str("</row>");
        }
        xml.push_str("</sheetData>");
        let is_total = |row: &Vec<Cell>| row.first() == Some(&Cell::text("Итого"));
        if self.rows.last().is_some_and(is_total) {
            let last = self.rows.len();
            xml.push_str(&format!(
                r#"<mergeCells count="1"><mergeCell ref="A{last}:B{last}"/></mergeCells>"#
            ));
        }
        xml.push_str(r#"<legacyDrawing r:id="rId2"/></worksheet>"#);
        xml
    }
}

#[derive(Default)]
struct SharedStrings {
    indexes: HashMap<String, usize>,
    texts: Vec<String>,
}

impl SharedStrings {
    fn index(&mut self, text: &str) -> usize {
        if let Some(index) = self.indexes.get(text) {
            return *index;
        }
        let index = self.texts.len();
        self.indexes.insert(text.to_owned(), index);
        self.texts.push(text.to_owned());
        index
    }

    fn to_xml(&self) -> String {
        let count = self.texts.len();
        let mut xml = format!(r#"<sst xmlns="{MAIN}" count="{count}" uniqueCount="{count}">"#);
        for text in &self.texts {
            xml.push_str(&format!(
                r#"<si><t xml:space="preserve">{}</t></si>"#,
                escaped(text)
            ));
        }
        xml.push_str("</sst>");
        xml
    }
}

fn part(zip: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, content: &str) -> ZipResult<()> {
    zip.start_file(
        name,
        SimpleFileOptions::default().large_file(content.len() > u32::MAX as usize / 2),
    )?;
    zip.write_all(BYTE_ORDER_MARK.as_bytes())?;
    zip.write_all(DECLARATION.as_bytes())?;
    zip.write_all(content.as_bytes())?;
    Ok(())
}

/// `A` for 0, `AL` for 37.
fn column_name(column: usize) -> String {
    let letter = char::from(b'A' + (column % 26) as u8);
    match column / 26 {
        0 => letter.to_string(),
        more => column_name(more - 1) + &letter.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn fixed_parts() -> [(&'static str, String); 8] {
    let relation = |id: u8, kind: &str, target: &str| {
        format!(r#"<Relationship Id="rId{id}" Type="{OFFICE}/{kind}" Target="{target}"/>"#)
    };
    let relations =
        |inner: String| format!(r#"<Relationships xmlns="{RELATIONS}">{inner}</Relationships>"#);
    let overridden = |part: &str, kind: &str| {
        format!(r#"<Override PartName="{part}" ContentType="{SHEET_TYPE}.{kind}+xml"/>"#)
    };
    let types = [
        overridden("/xl/workbook.xml", "sheet.main"),
        overridden("/xl/worksheets/sheet1.xml", "worksheet"),
        overridden("/xl/sharedStrings.xml", "sharedStrings"),
        overridden("/xl/styles.xml", "styles"),
        overridden("/xl/comments1.xml", "comments"),
    ];
    let font = "<fonts count=\"1\"><font><sz val=\"8\"/><name val=\"Arial\"/></font></fonts>";
    let fill = "<fills count=\"1\"><fill><patternFill patternType=\"none\"/></fill></fills>";
    let border = "<borders count=\"1\"><border/></borders>";
    let formats = "<cellXfs count=\"4\"><xf numFmtId=\"0\"/><xf numFmtId=\"49\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/><xf numFmtId=\"4\"/></cellXfs>";
    [
        (
            "[Content_Types].xml",
            format!(
                concat!(
                    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
                    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
                    r#"<Default Extension="xml" ContentType="application/xml"/>"#,
                    r#"<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>"#,
                    "{}</Types>"
                ),
                types.concat()
            ),
        ),
        (
            "_rels/.rels",
            relations(relation(1, "officeDocument", "xl/workbook.xml")),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Лист_1" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                relation(1, "worksheet", "worksheets/sheet1.xml")
                    + &relation(2, "sharedStrings", "sharedStrings.xml")
                    + &relation(3, "styles", "styles.xml"),
            ),
        ),
        (
            "xl/styles.xml",
            format!(r#"<styleSheet xmlns="{MAIN}">{font}{fill}{border}{formats}</styleSheet>"#),
        ),
        (
            "xl/worksheets/_rels/sheet1.xml.rels",
            relations(
                relation(1, "comments", "../comments1.xml")
                    + &relation(2, "vmlDrawing", "../drawings/vmlDrawing1.vml"),
            ),
        ),
        (
            "xl/comments1.xml",
            format!(r#"<comments xmlns="{MAIN}"><authors/><commentList/></comments>"#),
        ),
        (
            "xl/drawings/vmlDrawing1.vml",
            r#"<xml xmlns:v="urn:schemas-microsoft-com:vml"/>"#.to_owned(),
        ),
    ]
}
