//! The package of a workbook: its parts, its sheets, and how they refer to each other.
//!
//! Source: ECMA-376 part 2 (Open Packaging Conventions). Parts are found by the relationships that
//! name them, whatever the writer called them; names are compared in any letter case and with
//! either kind of slash. Each part is checked against its limits before it is believed; parts that
//! nothing here reads are not opened.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::WorkbookError;
use super::guard::{self, BUFFER, PartKind};

type Archive = ZipArchive<BufReader<File>>;
/// The XML of one part.
pub(super) type PartXml<'p> = Reader<BufReader<ZipFile<'p, BufReader<File>>>>;

/// Where a workbook's main part stands unless the package says otherwise.
const MAIN_PART: &str = "xl/workbook.xml";

/// The parts of a file.
pub(super) struct Package {
    archive: Archive,
    /// The number of each part by its name as [`plain_name`] writes it.
    parts: HashMap<String, usize>,
    /// Of all parts that were checked.
    inflated_bytes: u64,
}

/// What one part says of another.
struct Relationship {
    id: String,
    /// The last word of its type: `worksheet`, `sharedStrings`.
    kind: String,
    /// The name of the part that is meant.
    target: String,
}

/// A sheet that has cells.
pub(super) struct SheetPart {
    /// As its tab shows it.
    pub name: String,
    pub is_hidden: bool,
    /// The part that holds it.
    pub part: usize,
}

/// What the main part says.
pub(super) struct BookParts {
    /// Sheets with cells, in the order of their tabs; charts and dialogs are none.
    pub sheets: Vec<SheetPart>,
    pub shared_strings: Option<usize>,
    pub styles: Option<usize>,
    /// Whether serial dates count from 1904.
    pub is_1904: bool,
}

impl Package {
    /// Opens a file that begins like an archive.
    pub(super) fn open(mut file: File) -> Result<Package, WorkbookError> {
        guard::check_directory(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        let archive = ZipArchive::new(BufReader::new(file))?;
        if archive.len() as u64 > guard::PARTS {
            return Err(guard::too_many_parts());
        }
        let mut parts = HashMap::new();
        for (number, name) in archive.file_names_raw().enumerate() {
            parts.insert(plain_name(&String::from_utf8_lossy(name)), number);
        }
        Ok(Package {
            archive,
            parts,
            inflated_bytes: 0,
        })
    }

    /// Returns whether there is a part of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&plain_name(name))
    }

    /// The names of all parts, in small letters.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// Reads the main part and its relationships; `None` when this is no workbook of XML.
    pub(super) fn book(&mut self) -> Result<Option<BookParts>, WorkbookError> {
        let main = self.main_part()?;
        let Some(number) = self.parts.get(&main).copied() else {
            return Ok(None);
        };
        let relationships = self.relationships(&main)?;
        let part_of = |kind: &str| {
            let found = relationships
                .iter()
                .find(|relationship| relationship.kind == kind)?;
            self.parts.get(&found.target).copied()
        };
        let shared_strings =
            part_of("sharedstrings").or_else(|| self.parts.get("xl/sharedstrings.xml").copied());
        let styles = part_of("styles").or_else(|| self.parts.get("xl/styles.xml").copied());
        let mut book = BookParts {
            sheets: Vec::new(),
            shared_strings,
            styles,
            is_1904: false,
        };
        let mut sheets = Vec::new();
        self.each_element(number, |element| {
            match element.local_name().as_ref() {
                "workbookPr" => {
                    book.is_1904 |=
                        attribute(element, "date1904")?.is_some_and(|value| is_true(&value))
                }
                "sheet" => sheets.push((
                    attribute(element, "name")?.unwrap_or_default(),
                    attribute(element, "state")?.is_some_and(|state| state != "visible"),
                    attribute(element, "id")?.unwrap_or_default(),
                )),
                _ => {}
            }
            Ok(())
        })?;
        let by_id: HashMap<&str, &Relationship> = relationships
            .iter()
            .map(|relationship| (relationship.id.as_str(), relationship))
            .collect();
        let mut names: HashMap<usize, String> = HashMap::new();
        for (name, is_hidden, id) in sheets {
            let missing = || WorkbookError::MissingPart {
                what: format!("the sheet «{name}»"),
            };
            let relationship = by_id.get(id.as_str()).ok_or_else(missing)?;
            if relationship.kind != "worksheet" {
                continue;
            }
            let part = self
                .parts
                .get(&relationship.target)
                .copied()
                .ok_or_else(missing)?;
            if let Some(other) = names.insert(part, name.clone()) {
                let what = format!("its sheets «{other}» and «{name}» are one and the same part");
                return Err(WorkbookError::Malformed(what));
            }
            book.sheets.push(SheetPart {
                name,
                is_hidden,
                part,
            });
        }
        Ok(Some(book))
    }

    /// Checks a part; returns how many rows it has if it is a sheet.
    pub(super) fn check(&mut self, part: usize, kind: PartKind) -> Result<u64, WorkbookError> {
        let mut content = self.archive.by_index(part)?;
        guard::check(&mut content, kind, &mut self.inflated_bytes)
    }

    /// Opens a part that was checked.
    pub(super) fn xml(&mut self, part: usize) -> Result<PartXml<'_>, WorkbookError> {
        let mut xml = Reader::from_reader(BufReader::with_capacity(
            BUFFER,
            self.archive.by_index(part)?,
        ));
        let config = xml.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Ok(xml)
    }

    /// The main part as the package's own relationships name it.
    fn main_part(&mut self) -> Result<String, WorkbookError> {
        let found = self
            .relationships("")?
            .into_iter()
            .find(|relationship| relationship.kind == "officedocument");
        Ok(found.map_or(MAIN_PART.to_owned(), |relationship| relationship.target))
    }

    /// What the part of that name refers to; the package itself has no name.
    fn relationships(&mut self, of: &str) -> Result<Vec<Relationship>, WorkbookError> {
        let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
        let name = in_folder(folder, &format!("_rels/{file}.rels"));
        let Some(part) = self.parts.get(&name).copied() else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        self.each_element(part, |element| {
            if element.local_name().as_ref() == "Relationship" {
                let kind = attribute(element, "Type")?.unwrap_or_default();
                let target = attribute(element, "Target")?.unwrap_or_default();
                found.push(Relationship {
                    id: attribute(element, "Id")?.unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_lowercase(),
                    target: in_folder(folder, &target),
                });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Checks a small part and looks at each of its elements.
    fn each_element(
        &mut self,
        part: usize,
        mut look: impl FnMut(&BytesStart<'_>) -> Result<(), WorkbookError>,
    ) -> Result<(), WorkbookError> {
        self.check(part, PartKind::Other)?;
        let mut xml = self.xml(part)?;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer)? {
                Event::Start(element) => look(&element)?,
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }
}

/// The value of an attribute, whatever its prefix.
pub(super) fn attribute(
    element: &BytesStart<'_>,
    name: &str,
) -> Result<Option<String>, WorkbookError> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(
                attribute
                    .normalized_value(XmlVersion::Implicit1_0)?
                    .into_owned(),
            ));
        }
    }
    Ok(None)
}

/// A boolean of XML Schema.
fn is_true(value: &str) -> bool {
    matches!(value.trim(), "1" | "true")
}

/// A part's name for comparing.
fn plain_name(name: &str) -> String {
    name.replace('\\', "/")
        .trim_start_matches('/')
        .to_lowercase()
}

/// The name of a part that a part in `folder` refers to as `target`.
fn in_folder(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/").to_lowercase();
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::{in_folder, plain_name};

    #[test]
    fn parts_are_found_from_the_folder_that_refers_to_them() {
        for (folder, target, name) in [
            ("xl", "worksheets/Sheet1.xml", "xl/worksheets/sheet1.xml"),
            (
                "xl",
                "/xl/worksheets/sheet1.xml",
                "xl/worksheets/sheet1.xml",
            ),
            ("xl", "../xl/./strings/table1.xml", "xl/strings/table1.xml"),
            ("xl", "worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "../../../workbook.xml", "workbook.xml"),
        ] {
            assert_eq!(in_folder(folder, target), name, "{folder} {target}");
        }
        assert_eq!(plain_name("\\XL\\Workbook.xml"), "xl/workbook.xml");
    }
}
