//! What a part of a workbook may ask of this program, found out before anything of it is believed.
//!
//! A part is inflated once, in small pieces that are only looked at: sizes that the archive
//! announces may be lies, and a reader of XML holds one text or tag as a whole.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::read::ZipFile;

use super::WorkbookError;

/// More parts than these has no export.
pub(super) const PARTS: u64 = 4_096;
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
/// Parts that are neither sheets nor shared strings: relationships, styles.
const OTHER_PART_BYTES: u64 = 16 << 20;
/// A text or a tag. A cell has 32,767 characters at most.
const RUN_BYTES: usize = 1 << 20;
/// Elements within elements.
const NESTING: usize = 64;
/// Columns of a sheet.
pub(super) const COLUMNS: usize = 1_024;

/// So much of a part is inflated at once.
pub(super) const BUFFER: usize = 64 * 1024;

/// What a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    /// The cells of a sheet.
    Sheet,
    /// The texts that cells share.
    SharedStrings,
    /// Something small.
    Other,
}

/// Inflates a part and checks it; `inflated` counts the bytes of all parts. Returns how many rows
/// it has.
pub(super) fn check(
    part: &mut ZipFile<'_, BufReader<File>>,
    kind: PartKind,
    inflated: &mut u64,
) -> Result<u64, WorkbookError> {
    let name = part.name()?.into_owned();
    let most = match kind {
        PartKind::Sheet => INFLATED_BYTES,
        PartKind::SharedStrings => SHARED_STRINGS_BYTES,
        PartKind::Other => OTHER_PART_BYTES,
    };
    let compressed = part.compressed_size().max(1);
    let mut scanner = Scanner::default();
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0_u64;
    loop {
        let count = part.read(&mut buffer).map_err(WorkbookError::Inflating)?;
        if count == 0 {
            return Ok(scanner.rows);
        }
        bytes += count as u64;
        *inflated += count as u64;
        if bytes > most || *inflated > INFLATED_BYTES {
            return Err(too_much(
                &name,
                format!(
                    "inflates to more than {} MB",
                    most.min(INFLATED_BYTES) >> 20
                ),
            ));
        }
        if bytes > RATIO_FROM && bytes / compressed > RATIO {
            return Err(too_much(
                &name,
                format!("inflates to more than {RATIO} times its size"),
            ));
        }
        scanner
            .feed(&buffer[..count])
            .map_err(|what| too_much(&name, what))?;
        if kind == PartKind::SharedStrings {
            if scanner.children > SHARED_STRINGS {
                return Err(too_much(
                    &name,
                    format!("holds more than {SHARED_STRINGS} texts"),
                ));
            }
            let memory = bytes + scanner.children * TEXT_MEMORY;
            if bytes / compressed > SHARED_STRINGS_RATIO && memory > SHARED_STRINGS_MEMORY {
                return Err(too_much(
                    &name,
                    format!("inflates to more than {SHARED_STRINGS_RATIO} times its size"),
                ));
            }
        }
        if kind == PartKind::Sheet && scanner.rows > ROWS {
            return Err(too_much(&name, format!("holds more than {ROWS} rows")));
        }
    }
}

/// The directory at the end of the archive must be there, and small: a reader holds all of it.
pub(super) fn check_directory(file: &mut File) -> Result<(), WorkbookError> {
    const RECORD: usize = 22;
    const LONGEST_COMMENT: u64 = 65_535;
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min(RECORD as u64 + LONGEST_COMMENT + LOCATOR as u64);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let mut tail = Vec::new();
    Read::by_ref(file)
        .take(tail_length)
        .read_to_end(&mut tail)?;
    let record = (0..tail.len().saturating_sub(RECORD - 1))
        .rev()
        .find(|at| tail[*at..].starts_with(b"PK\x05\x06"));
    let record = record.ok_or(WorkbookError::CutOff)?;
    let stated = u16::from_le_bytes([tail[record + 10], tail[record + 11]]);
    // Readers go by the record of ZIP64 wherever one is found, whatever the plain one says.
    let parts = match zip64_parts(file, &tail[..record])? {
        Some(parts) if stated == u16::MAX => parts,
        Some(parts) => parts.max(u64::from(stated)),
        None if stated == u16::MAX => return Err(WorkbookError::CutOff),
        None => u64::from(stated),
    };
    if parts > PARTS {
        return Err(too_many_parts());
    }
    Ok(())
}

/// What a file with more than [`PARTS`] parts is refused with.
pub(super) fn too_many_parts() -> WorkbookError {
    WorkbookError::TooMuch(format!("the file has more than {PARTS} parts"))
}

/// The length of what stands before the directory's end and says where the record of ZIP64 is.
const LOCATOR: usize = 20;

/// How many parts the record of ZIP64 counts, if there is one; `before` ends where the record of
/// the plain format begins.
fn zip64_parts(file: &mut File, before: &[u8]) -> Result<Option<u64>, WorkbookError> {
    const TOTAL_AT: u64 = 32;
    let Some(locator) = before
        .last_chunk::<LOCATOR>()
        .filter(|locator| locator.starts_with(b"PK\x06\x07"))
    else {
        return Ok(None);
    };
    let offset: [u8; 8] = std::array::from_fn(|at| locator[8 + at]);
    file.seek(SeekFrom::Start(
        u64::from_le_bytes(offset).saturating_add(TOTAL_AT),
    ))?;
    let mut total = [0; 8];
    file.read_exact(&mut total)?;
    Ok(Some(u64::from_le_bytes(total)))
}

fn too_much(part: &str, what: String) -> WorkbookError {
    WorkbookError::TooMuch(format!("its part {part} {what}"))
}

/// Walks over XML without keeping any of it.
#[derive(Default)]
struct Scanner {
    place: Place,
    /// The length of the tag so far, or of what stands since the last one: texts, comments,
    /// instructions.
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
    /// Right after `<!-`: the next dash is none of those that end a comment.
    CommentStart,
    /// In what ends with these bytes, of which so many have just been read: comments, CDATA,
    /// instructions.
    Until { end: &'static [u8], read: usize },
    /// In a tag: whether it opens an element, its last byte, and the quote that is open.
    Tag {
        opens: bool,
        last: u8,
        quote: Option<u8>,
    },
}

impl Scanner {
    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while let Some(first) = bytes.first().copied() {
            let used = match self.place {
                Place::Text => match memchr::memchr(b'<', bytes) {
                    Some(at) => {
                        self.place = Place::TagStart;
                        at + 1
                    }
                    None => bytes.len(),
                },
                Place::TagStart if first == b'!' => {
                    self.place = Place::Declaration;
                    1
                }
                Place::TagStart if first == b'?' => {
                    self.place = Place::Until {
                        end: b"?>",
                        read: 0,
                    };
                    1
                }
                Place::TagStart => {
                    self.run = 0;
                    let opens = first != b'/';
                    self.depth = self.depth.saturating_sub(usize::from(first == b'/'));
                    self.children += u64::from(opens && self.depth == 1);
                    self.rows +=
                        u64::from(opens && self.depth == 2 && local_name_begin(bytes) == b'r');
                    match plain_end(&bytes[1..]) {
                        Some(at) => {
                            self.end_tag(opens, bytes[at])?;
                            at + 2
                        }
                        None => {
                            self.place = Place::Tag {
                                opens,
                                last: first,
                                quote: None,
                            };
                            1
                        }
                    }
                }
                Place::Declaration => {
                    if matches!(first, b'D' | b'd' | b'E') {
                        return Err(
                            "declares a document type or entities, which no export does".to_owned()
                        );
                    }
                    self.place = match first {
                        b'-' => Place::CommentStart,
                        b'[' => Place::Until {
                            end: b"]]>",
                            read: 0,
                        },
                        _ => Place::Tag {
                            opens: false,
                            last: 0,
                            quote: None,
                        },
                    };
                    1
                }
                Place::CommentStart => {
                    self.place = Place::Until {
                        end: b"-->",
                        read: 0,
                    };
                    1
                }
                Place::Until { end, read: 0 } => match memchr::memchr(end[0], bytes) {
                    Some(at) => {
                        self.place = Place::Until { end, read: 1 };
                        at + 1
                    }
                    None => bytes.len(),
                },
                Place::Until { end, mut read } => {
                    // What was read of the end may begin one byte later, as far as it still fits.
                    while read > 0 && end[read] != first {
                        read -= 1;
                    }
                    read += usize::from(end[read] == first);
                    self.place = if read == end.len() {
                        Place::Text
                    } else {
                        Place::Until { end, read }
                    };
                    1
                }
                Place::Tag {
                    opens,
                    last,
                    quote: None,
                } => match memchr::memchr3(b'>', b'"', b'\'', bytes) {
                    None => {
                        self.place = Place::Tag {
                            opens,
                            last: bytes[bytes.len() - 1],
                            quote: None,
                        };
                        bytes.len()
                    }
                    Some(at) => {
                        match bytes[at] {
                            b'>' => {
                                self.end_tag(opens, if at == 0 { last } else { bytes[at - 1] })?
                            }
                            quote => {
                                self.place = Place::Tag {
                                    opens,
                                    last: quote,
                                    quote: Some(quote),
                                }
                            }
                        }
                        at + 1
                    }
                },
                Place::Tag {
                    opens,
                    quote: Some(quote),
                    ..
                } => match memchr::memchr(quote, bytes) {
                    None => bytes.len(),
                    Some(at) => {
                        self.place = Place::Tag {
                            opens,
                            last: quote,
                            quote: None,
                        };
                        at + 1
                    }
                },
            };
            self.run += used;
            if self.run > RUN_BYTES + BUFFER {
                return Err(format!(
                    "holds a text or a tag of more than {} MB",
                    RUN_BYTES >> 20
                ));
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

/// The first byte of a tag's name behind its prefix: `row` and `x:row` begin alike.
fn local_name_begin(tag: &[u8]) -> u8 {
    const LONGEST_PREFIX: usize = 32;
    let name = tag
        .split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
        .next()
        .unwrap_or_default();
    let colon = memchr::memchr(b':', &name[..name.len().min(LONGEST_PREFIX)]);
    colon
        .and_then(|at| name.get(at + 1))
        .or(tag.first())
        .copied()
        .unwrap_or_default()
}

/// Where a tag ends, if that can be seen at a glance: it is not looked for twice.
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
