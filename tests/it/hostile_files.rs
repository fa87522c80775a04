//! Files made to hurt: they are refused with a reason, in bounded memory, and nothing panics.

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use credit_portfolio::domain::Currency;
use credit_portfolio::import::workbook::{self, Kind};
use rand::{RngExt, SeedableRng};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::from_environment;
use crate::support::workbooks::{a_receipt, receipts};

const SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";

/// A right workbook in which one part is another: `write` writes it.
fn with_part(name: &str, write: impl Fn(&mut dyn Write)) -> Vec<u8> {
    let whole = receipts(&[a_receipt(1)]);
    let mut archive = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
    let mut changed = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let part_name = part.name().unwrap().into_owned();
        changed.start_file(part_name.as_str(), SimpleFileOptions::default()).unwrap();
        if part_name == name {
            write(&mut changed);
        } else {
            std::io::copy(&mut part, &mut changed).unwrap();
        }
    }
    changed.finish().unwrap().into_inner()
}

fn repeated(text: &str, times: usize) -> impl Fn(&mut dyn Write) {
    let block = text.repeat(1000);
    move |part| (0..times / 1000).for_each(|_| part.write_all(block.as_bytes()).unwrap())
}

fn around(before: &'static str, text: &str, times: usize, after: &'static str) -> impl Fn(&mut dyn Write) {
    let middle = repeated(text, times);
    move |part| {
        part.write_all(before.as_bytes()).unwrap();
        middle(part);
        part.write_all(after.as_bytes()).unwrap();
    }
}

const SST: &str = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#;
const WORKSHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#;

/// The files, and a part of what each is refused with.
fn hostile_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut forged = receipts(&[a_receipt(1)]);
    // The directory says of every part that it has one byte.
    for at in 0..forged.len() - 46 {
        if forged[at..].starts_with(b"PK\x01\x02") {
            forged[at + 24..at + 28].copy_from_slice(&1_u32.to_le_bytes());
        }
    }
    let (strings, long) = ("<si><t>x</t></si>", format!("<si><t>{}</t></si>", "x".repeat(200)));
    vec![
        (
            "many texts.xlsx",
            with_part(STRINGS, around(SST, strings, 30_000_000, "</sst>")),
            "holds more than 4000000 texts",
        ),
        ("bomb.xlsx", with_part(STRINGS, around(SST, &long, 1_500_000, "</sst>")), "inflates to more than"),
        ("blanks.xlsx", with_part(SHEET, around(WORKSHEET, "          ", 20_000_000, "")), "text or a tag"),
        (
            "entities.xlsx",
            with_part(STRINGS, |part| {
                part.write_all(b"<!DOCTYPE sst [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><sst>&b;</sst>")
                    .unwrap();
            }),
            "document type",
        ),
        ("deep.xlsx", with_part(SHEET, repeated("<a>", 3_000_000)), "nests elements"),
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
        ("cyclic.xlsx", with_part(STRINGS, |part| part.write_all(format!("{SST}</sst>").as_bytes()).unwrap()), ""),
        ("attribute.xlsx", with_part(SHEET, around("<worksheet a=\"", "x", 30_000_000, "\"/>")), "text or a tag"),
        ("forged sizes.xlsx", forged, ""),
    ]
}

#[test]
fn hostile_files_are_refused_within_256_mib() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    for (name, bytes, _) in hostile_files() {
        std::fs::write(files.join(format!("postuplenie {name}")), bytes).unwrap();
    }
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
        let status = std::fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|size| size.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0_u64));
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(peak > 0 && peak < 256 * 1024, "{peak} KiB\n{told}");
    for (name, _, reason) in hostile_files() {
        let line = told.split("failed    postuplenie ").find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name} was not refused\n{told}"));
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
        let read = workbook::read(file, Some(Kind::Receipts), &Currency::default(), &mut |_| {
            std::ops::ControlFlow::Continue(())
        });
        refused += usize::from(read.is_err());
    }
    assert!(refused > mutations / 10, "{refused} of {mutations}");
}
