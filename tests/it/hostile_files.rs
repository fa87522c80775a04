//! Files made to hurt: they are refused with a reason, in bounded memory, and nothing panics.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use credit_portfolio::import::workbook::{self, Kind};
use rand::{RngExt, SeedableRng};

use crate::support::from_environment;
use crate::support::readings::rules;
use crate::support::workbooks::{a_receipt, receipts, with_part_of};

const SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";

/// A right workbook in which one part is another.
fn with_part(name: &str, write: impl Fn(&mut dyn Write)) -> Vec<u8> {
    with_part_of(&receipts(&[a_receipt(1)]), name, |_, part| write(part))
}

fn repeated(text: &str, times: usize) -> impl Fn(&mut dyn Write) {
    let block = text.repeat(1000);
    move |part| (0..times / 1000).for_each(|_| part.write_all(block.as_bytes()).unwrap())
}

fn around(
    before: &'static str,
    text: &str,
    times: usize,
    after: &'static str,
) -> impl Fn(&mut dyn Write) {
    let middle = repeated(text, times);
    move |part| {
        part.write_all(before.as_bytes()).unwrap();
        middle(part);
        part.write_all(after.as_bytes()).unwrap();
    }
}

/// A right workbook in which a relation points elsewhere: to where it stands in.
fn related(from: &'static str, to: &'static str) -> Vec<u8> {
    with_part_of(
        &receipts(&[a_receipt(1)]),
        "xl/_rels/workbook.xml.rels",
        move |was, part| {
            let was = std::str::from_utf8(was).unwrap();
            assert!(was.contains(from), "{was}");
            part.write_all(was.replace(from, to).as_bytes()).unwrap();
        },
    )
}

/// Cells without content; the long form is `BLANK_MEGABYTES=2000`.
fn blank_rows(part: &mut dyn Write) {
    let columns = || {
        ["", "A", "B", "C", "D"]
            .iter()
            .flat_map(|first| ('A'..='Z').map(move |c| format!("{first}{c}")))
    };
    let cells = |row| {
        columns()
            .map(|column| format!(r#"<c r="{column}{row}" s="3" t="e"/>"#))
            .collect::<String>()
    };
    let row = |row: u32| format!(r#"<row r="{row}">{}</row>"#, cells(row));
    let thousand: String = (1..=1_000).map(row).collect();
    write!(part, "{WORKSHEET}<sheetData>").unwrap();
    for _ in 0..from_environment("BLANK_MEGABYTES", 100) * 1_000_000 / thousand.len() {
        part.write_all(thousand.as_bytes()).unwrap();
    }
    write!(part, "</sheetData></worksheet>").unwrap();
}

/// More rows than the format has.
fn rows_without_end(part: &mut dyn Write) {
    let mut part = std::io::BufWriter::new(part);
    write!(part, "{WORKSHEET}<sheetData>").unwrap();
    for row in 1..=1_100_000_u64 {
        write!(
            part,
            r#"<row r="{row}"><c r="A{row}"><v>{}</v></c></row>"#,
            row * 7_919 % 1_000_003
        )
        .unwrap();
    }
    write!(part, "</sheetData></worksheet>").unwrap();
}

/// Cells of shared strings that are cells of shared strings.
fn texts_of_texts(part: &mut dyn Write) {
    let text = r#"<si><c t="s"><v>0</v></c><si><t>0</t><c t="s"><v>1</v></c></si></si>"#;
    write!(part, "{SST}{}</sst>", text.repeat(20)).unwrap();
}

const SST: &str = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#;
const WORKSHEET: &str =
    r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#;

/// The files, and a part of what each is refused with.
fn hostile_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut forged = receipts(&[a_receipt(1)]);
    // The directory says of every part that it has one byte.
    for at in 0..forged.len() - 46 {
        if forged[at..].starts_with(b"PK\x01\x02") {
            forged[at + 24..at + 28].copy_from_slice(&1_u32.to_le_bytes());
        }
    }
    let (strings, long) = (
        "<si><t>x</t></si>",
        format!("<si><t>{}</t></si>", "x".repeat(200)),
    );
    vec![
        (
            "many texts.xlsx",
            with_part(STRINGS, around(SST, strings, 30_000_000, "</sst>")),
            "holds more than 4000000 texts",
        ),
        (
            "bomb.xlsx",
            with_part(STRINGS, around(SST, &long, 1_500_000, "</sst>")),
            "inflates to more than",
        ),
        (
            "blanks.xlsx",
            with_part(SHEET, around(WORKSHEET, &" ".repeat(100), 20_000_000, "")),
            "text or a tag",
        ),
        (
            "blank rows.xlsx",
            with_part(SHEET, blank_rows),
            "no header row",
        ),
        (
            "more rows.xlsx",
            with_part(SHEET, rows_without_end),
            "more than 1048576 rows",
        ),
        (
            "costly texts.xlsx",
            with_part(STRINGS, around(SST, strings, 3_900_000, "</sst>")),
            "inflates to more than 64 times its size",
        ),
        (
            "entities.xlsx",
            with_part(STRINGS, |part| {
                part.write_all(b"<!DOCTYPE sst [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><sst>&b;</sst>")
                    .unwrap();
            }),
            "document type",
        ),
        (
            "deep.xlsx",
            with_part(SHEET, repeated("<a>", 3_000_000)),
            "nests elements",
        ),
        (
            "deep in quotes.xlsx",
            with_part(SHEET, repeated(r#"<a b="/>">"#, 1_000)),
            "nests elements",
        ),
        (
            "deep in single quotes.xlsx",
            with_part(SHEET, repeated("<a b='/>'>", 1_000)),
            "nests elements",
        ),
        (
            "wide.xlsx",
            with_part(SHEET, |part| {
                part.write_all(WORKSHEET.as_bytes()).unwrap();
                let row = r#"<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>"#;
                part.write_all(row.as_bytes()).unwrap();
                part.write_all(b"</worksheet>").unwrap();
            }),
            "beyond column",
        ),
        (
            "no texts.xlsx",
            with_part(STRINGS, |part| {
                part.write_all(format!("{SST}</sst>").as_bytes()).unwrap()
            }),
            "",
        ),
        (
            "texts of texts.xlsx",
            with_part(STRINGS, texts_of_texts),
            "lacks the required column",
        ),
        (
            "cyclic.xlsx",
            related("worksheets/sheet1.xml", "_rels/workbook.xml.rels"),
            "no worksheet",
        ),
        (
            "sheet of texts.xlsx",
            related("worksheets/sheet1.xml", "sharedStrings.xml"),
            "no worksheet",
        ),
        (
            "attribute.xlsx",
            with_part(SHEET, around("<worksheet a=\"", "x", 30_000_000, "\"/>")),
            "text or a tag",
        ),
        ("forged sizes.xlsx", forged, ""),
    ]
}

#[test]
fn hostile_files_are_refused_within_256_mib() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let reasons = hostile_files().into_iter().map(|(name, bytes, reason)| {
        std::fs::write(files.join(format!("postuplenie {name}")), bytes).unwrap();
        (name, reason)
    });
    let reasons: Vec<(&str, &str)> = reasons.collect();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_credit-portfolio"))
        .args(["import", "--dir", "files"])
        .env_clear()
        .current_dir(&folder)
        .env("USE_REDIS", "false")
        .stdout(log.try_clone().unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while run.try_wait().unwrap().is_none() {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .and_then(|size| size.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0_u64));
        std::thread::sleep(Duration::from_millis(5));
    }
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(peak > 0 && peak < 256 * 1024, "{peak} KiB\n{log}");
    for (name, reason) in reasons {
        let line = log
            .split("failed    postuplenie ")
            .find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name} was not refused\n{log}"));
        assert!(line.contains(reason), "{name}: {line}");
    }
}

/// Changes: the long form is `MUTATIONS=100000`.
#[test]
fn a_workbook_with_any_bytes_changed_is_read_or_refused() {
    let whole = receipts(&[a_receipt(1), a_receipt(2), a_receipt(3)]);
    let mut random = rand::rngs::StdRng::seed_from_u64(3);
    let mut refused = 0;
    let mutations = from_environment("MUTATIONS", 1_500);
    for _ in 0..mutations {
        let mut bytes = whole.clone();
        for _ in 0..random.random_range(1..8) {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
        }
        if random.random_range(0..4) == 0 {
            bytes.truncate(random.random_range(0..bytes.len()));
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let read = workbook::read(file, Some(Kind::Receipts), &rules(), &mut |_| {
            std::ops::ControlFlow::Continue(())
        });
        refused += usize::from(read.is_err());
    }
    assert!(refused > mutations / 10, "{refused} of {mutations}");
}
