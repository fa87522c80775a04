//! What a file may ask of this program, found out before anything of it is believed.
//!
//! Every part of the archive is inflated once, in small pieces that are only looked at: sizes that
//! the archive announces may be lies, and a reader of XML holds one text or tag as a whole.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::sheet::WorkbookError;

/// More parts than these has no export.
const PARTS: u16 = 4_096;
/// All parts together. A sheet of a million rows and forty columns takes less than two gigabytes.
const INFLATED_BYTES: u64 = 4 << 30;
/// A part that inflates to more than [`RATIO_FROM`] may do so this many times over.
const RATIO: u64 = 300;
const RATIO_FROM: u64 = 16 << 20;
/// The shared strings are the one part that a reader has to hold as a whole. Those of an export
/// inflate to a dozen times their size.
const SHARED_STRINGS_BYTES: u64 = 256 << 20;
const SHARED_STRINGS: u64 = 4_000_000;
const SHARED_STRINGS_RATIO: u64 = 64;
/// They may take so much memory whatever they inflate from.
const SHARED_STRINGS_MEMORY: u64 = 96 << 20;
/// What a text takes beside its bytes.
const TEXT_MEMORY: u64 = 56;
/// Rows of a sheet: the format has no more.
pub(super) const ROWS: u64 = 1_048_576;
/// Parts that are neither sheets nor shared strings.
const OTHER_PART_BYTES: u64 = 16 << 20;
/// A text or a tag. A cell has 32,767 characters at most.
const RUN_BYTES: usize = 1 << 20;
/// Elements within elements.
const NESTING: usize = 64;
/// Columns of a sheet.
pub(super) const COLUMNS: usize = 1_024;

const BUFFER: usize = 64 * 1024;

/// Checks a file; gives how many rows its sheets have about.
pub(super) fn check(file: &mut File) -> Result<u64, WorkbookError> {
    check_directory(file)?;
    let mut archive = ZipArchive::new(BufReader::new(&mut *file)).map_err(damaged)?;
    let (mut inflated, mut rows) = (0, 0);
    let mut buffer = vec![0; BUFFER];
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.to_lowercase();
        let is_xml = name.ends_with(".xml") || name.ends_with(".rels");
        let is_strings = name.ends_with("sharedstrings.xml");
        let is_sheet = name.starts_with("xl/worksheets/") && is_xml;
        let most = match (is_strings, is_sheet) {
            (true, _) => SHARED_STRINGS_BYTES,
            (_, true) => INFLATED_BYTES,
            _ => OTHER_PART_BYTES,
        };
        let compressed = part.compressed_size().max(1);
        let mut scanner = Scanner::default();
        let mut bytes = 0_u64;
        loop {
            let count = part.read(&mut buffer).map_err(|err| damaged(err.into()))?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            inflated += count as u64;
            if bytes > most || inflated > INFLATED_BYTES {
                return Err(too_much(&name, format!("inflates to more than {} MB", most.min(INFLATED_BYTES) >> 20)));
            }
            if bytes > RATIO_FROM && bytes / compressed > RATIO {
                return Err(too_much(&name, format!("inflates to more than {RATIO} times its size")));
            }
            if is_xml {
                scanner.feed(&buffer[..count]).map_err(|what| too_much(&name, what))?;
                if is_strings && scanner.children > SHARED_STRINGS {
                    return Err(too_much(&name, format!("holds more than {SHARED_STRINGS} texts")));
                }
                let memory = bytes + scanner.children * TEXT_MEMORY;
                let is_dense = bytes / compressed > SHARED_STRINGS_RATIO;
                if is_strings && is_dense && memory > SHARED_STRINGS_MEMORY {
                    return Err(too_much(
                        &name,
                        format!("inflates to more than {SHARED_STRINGS_RATIO} times its size"),
                    ));
                }
                if is_sheet && scanner.rows > ROWS {
                    return Err(too_much(&name, format!("holds more than {ROWS} rows")));
                }
            }
        }
        if is_sheet {
            rows += scanner.rows;
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(rows)
}

/// The directory at the end of the archive must be there, and small: a reader holds all of it.
fn check_directory(file: &mut File) -> Result<(), WorkbookError> {
    const RECORD: usize = 22;
    const LONGEST_COMMENT: u64 = 65_535;
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min(RECORD as u64 + LONGEST_COMMENT);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let mut tail = Vec::new();
    Read::by_ref(file).take(tail_length).read_to_end(&mut tail)?;
    let record = tail.windows(RECORD).rfind(|window| window.starts_with(b"PK\x05\x06")).ok_or(WorkbookError::CutOff)?;
    let parts = u16::from_le_bytes([record[10], record[11]]);
    if parts > PARTS {
        return Err(WorkbookError::TooMuch(format!("the file has more than {PARTS} parts")));
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}

fn damaged(err: zip::result::ZipError) -> WorkbookError {
    WorkbookError::Damaged(err.into())
}

fn too_much(part: &str, what: String) -> WorkbookError {
    WorkbookError::TooMuch(format!("its part {part} {what}"))
}

impl From<io::Error> for WorkbookError {
    fn from(err: io::Error) -> WorkbookError {
        WorkbookError::Damaged(err.into())
    }
}

/// Walks over XML without keeping any of it.
#[derive(Default)]
struct Scanner {
    place: Place,
    /// The length of the text or tag so far.
    run: usize,
    depth: usize,
    /// Elements right below the root.
    children: u64,
    /// Elements that are rows by place and name.
    rows: u64,
}

#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Text,
    /// Right after `<`.
    TagStart,
    /// Right after `<!`.
    Declaration,
    /// In a tag: whether it opens an element, its last byte, and the quote that is open.
    Tag { opens: bool, last: u8, quote: Option<u8> },
}

impl Scanner {
    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while let Some(first) = bytes.first().copied() {
            let used = match self.place {
                Place::Text => match memchr::memchr(b'<', bytes) {
                    Some(at) => {
                        self.run = 0;
                        self.place = Place::TagStart;
                        at + 1
                    }
                    None => bytes.len(),
                },
                Place::TagStart if first == b'!' => {
                    self.place = Place::Declaration;
                    1
                }
                Place::TagStart => {
                    let opens = !matches!(first, b'/' | b'?');
                    self.depth = self.depth.saturating_sub(usize::from(first == b'/'));
                    self.children += u64::from(opens && self.depth == 1);
                    self.rows += u64::from(opens && self.depth == 2 && first == b'r');
                    match plain_end(&bytes[1..]) {
                        Some(at) => {
                            self.end_tag(opens, bytes[at])?;
                            at + 2
                        }
                        None => {
                            self.place = Place::Tag { opens, last: first, quote: None };
                            1
                        }
                    }
                }
                Place::Declaration => {
                    if matches!(first, b'D' | b'E') {
                        return Err("declares a document type or entities, which no export does".to_owned());
                    }
                    self.place = Place::Tag { opens: false, last: 0, quote: None };
                    1
                }
                Place::Tag { opens, last, quote: None } => match memchr::memchr3(b'>', b'"', b'\'', bytes) {
                    None => {
                        self.place = Place::Tag { opens, last: bytes[bytes.len() - 1], quote: None };
                        bytes.len()
                    }
                    Some(at) => {
                        match bytes[at] {
                            b'>' => self.end_tag(opens, if at == 0 { last } else { bytes[at - 1] })?,
                            quote => self.place = Place::Tag { opens, last: quote, quote: Some(quote) },
                        }
                        at + 1
                    }
                },
                Place::Tag { opens, quote: Some(quote), .. } => match memchr::memchr(quote, bytes) {
                    None => bytes.len(),
                    Some(at) => {
                        self.place = Place::Tag { opens, last: quote, quote: None };
                        at + 1
                    }
                },
            };
            self.run += used;
            if self.run > RUN_BYTES + BUFFER {
                return Err(format!("holds a text or a tag of more than {} MB", RUN_BYTES >> 20));
            }
            bytes = &bytes[used..];
        }
        Ok(())
    }

    fn end_tag(&mut self, opens: bool, last: u8) -> Result<(), String> {
        self.depth += usize::from(opens && last != b'/');
        if self.depth > NESTING {
            return Err(format!("nests elements deeper than {NESTING}"));
        }
        self.run = 0;
        self.place = Place::Text;
        Ok(())
    }
}

/// Where a tag ends, if that can be told at a glance: it is not looked for twice.
fn plain_end(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'>', bytes)?;
    let mut is_quoted = false;
    for byte in &bytes[..end] {
        is_quoted ^= *byte == b'"';
        if *byte == b'\'' {
            return None;
        }
    }
    (!is_quoted).then_some(end)
}
