//! The lines of a listing: MLSD (RFC 3659), LIST as Unix and Windows servers write it, NLST.
//!
//! Names are bytes, and leading spaces belong to them. A line that fits no form is given back as
//! unread: whoever lists must not lose the file it may stand for.

use chrono::{NaiveDate, NaiveDateTime};
use memchr::memmem;

use crate::domain::NameEncoding;

/// What a line stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// An entry of the folder.
    Entry(Entry),
    /// Nothing that could be fetched: a total, the folder itself, a device.
    Nothing,
    /// The line fits no known form.
    Unread,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// In bytes.
    pub size: Option<u64>,
    /// UTC.
    pub modified_at: Option<NaiveDateTime>,
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, or something of which the listing does not say what it is.
    Unknown,
}

impl Line {
    /// An entry of that name, which may be a path.
    fn entry(
        name: &[u8],
        kind: EntryKind,
        size: Option<u64>,
        modified_at: Option<NaiveDateTime>,
    ) -> Line {
        let start = memchr::memrchr(b'/', name).map_or(0, |at| at + 1);
        match &name[start..] {
            b"" => Line::Unread,
            b"." | b".." => Line::Nothing,
            name => Line::Entry(Entry {
                name: name.to_owned(),
                kind,
                size,
                modified_at,
            }),
        }
    }
}

/// Reads a line of NLST.
pub(super) fn name(line: &[u8]) -> Line {
    Line::entry(line, EntryKind::Unknown, None, None)
}

/// Reads a line of MLSD: `type=file;size=5;modify=20240305120000; name`.
pub(super) fn mlsd(line: &[u8]) -> Line {
    // The target of a link may hold spaces, so the first one need not end the facts.
    let separator = memmem::find(line, b"; ").map(|at| (at, at + 2));
    let separator = separator.or_else(|| memchr::memchr(b' ', line).map(|at| (at, at + 1)));
    let (facts, name) = match (line.strip_prefix(b" "), separator) {
        (Some(name), _) => (&line[..0], name),
        (None, Some((end, start))) => (&line[..end], &line[start..]),
        (None, None) => return Line::Unread,
    };
    let (mut kind, mut size, mut modified_at) = (EntryKind::Unknown, None, None);
    for fact in facts
        .split(|byte| *byte == b';')
        .filter(|fact| !fact.is_empty())
    {
        let Some(at) = memchr::memchr(b'=', fact) else {
            return Line::Unread;
        };
        let value = &fact[at + 1..];
        match fact[..at].to_ascii_lowercase().as_slice() {
            b"type" => match value.to_ascii_lowercase().as_slice() {
                b"file" => kind = EntryKind::File,
                b"dir" => kind = EntryKind::Folder,
                b"cdir" | b"pdir" => return Line::Nothing,
                _ => {}
            },
            b"size" => size = number(value),
            b"modify" => modified_at = time(value),
            _ => {}
        }
    }
    Line::entry(name, kind, size, modified_at)
}

/// Reads a line of LIST. Its time is left out: it is to the minute, and in the server's time zone.
pub(super) fn list(line: &[u8]) -> Line {
    let words = words(line);
    match words.as_slice() {
        [] => Line::Nothing,
        [(word, _), (blocks, _)] if is_total(word) && number(blocks).is_some() => Line::Nothing,
        words => unix(line, words)
            .or_else(|| windows(line, words))
            .unwrap_or(Line::Unread),
    }
}

/// Reads a time as MLSD and MDTM write it: `20240305120000`, in UTC; fractions of a second are left
/// out.
pub(super) fn time(text: &[u8]) -> Option<NaiveDateTime> {
    let digits = std::str::from_utf8(text).ok()?.split('.').next()?;
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(part(0, 4)?).ok()?, part(4, 6)?, part(6, 8)?)?;
    date.and_hms_opt(part(8, 10)?, part(10, 12)?, part(12, 14)?)
}

/// Reads a whole number.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()
}

/// The words of a line, each with the position behind it.
fn words(line: &[u8]) -> Vec<(&[u8], usize)> {
    let mut end = 0;
    let words = line.split(|byte| matches!(byte, b' ' | b'\t')).map(|word| {
        end += word.len() + 1;
        (word, end - 1)
    });
    words.filter(|(word, _)| !word.is_empty()).collect()
}

/// `-rw-r--r--  1 owner group  1234 Mar  5 12:30 name`: the size is the number before the date.
fn unix(line: &[u8], words: &[(&[u8], usize)]) -> Option<Line> {
    let mode = words[0].0;
    let is_mode = mode.len() >= 10 && mode[1..10].iter().all(|byte| b"rwxsStTlL-".contains(byte));
    // `d [R----F--] owner 512 Jan 16 18:53 name`
    let is_netware = mode.len() == 1
        && words
            .get(1)
            .is_some_and(|(rights, _)| rights.starts_with(b"["));
    if !is_mode && !is_netware {
        return None;
    }
    let kind = match mode[0] {
        b'-' => EntryKind::File,
        b'd' => EntryKind::Folder,
        b'l' => EntryKind::Unknown,
        _ => return Some(Line::Nothing),
    };
    let (size, end) = (1..words.len())
        .find_map(|at| Some((number(words[at].0)?, end_of_date(&words[at + 1..])?)))?;
    let name = line.get(end + 1..)?;
    Some(match kind {
        EntryKind::Unknown => {
            let name = memmem::find(name, b" -> ").map_or(name, |at| &name[..at]);
            Line::entry(name, kind, None, None)
        }
        _ => Line::entry(name, kind, Some(size), None),
    })
}

/// The position behind the date that these words begin with: `Mar 5 2024`, `5 мар 12:30`,
/// `2024-03-05 12:30`.
fn end_of_date(words: &[(&[u8], usize)]) -> Option<usize> {
    let is_clock = |word: &[u8]| word[0].is_ascii_digit() && word.contains(&b':');
    let is_year = |word: &[u8]| word.len() == 4 && number(word).is_some();
    let is_day = |word: &[u8]| {
        matches!(
            number(word.strip_suffix(b".").unwrap_or(word)),
            Some(1..=31)
        )
    };
    let is_month =
        |word: &[u8]| word.len() <= 12 && word.len() >= 3 && !word.iter().any(u8::is_ascii_digit);
    match words {
        [(first, _), (second, _), (third, end), ..]
            if (is_month(first) && is_day(second) || is_day(first) && is_month(second))
                && (is_clock(third) || is_year(third)) =>
        {
            Some(*end)
        }
        [(date, _), (clock, end), rest @ ..] if is_numeric_date(date) && is_clock(clock) => {
            let is_zone =
                |word: &[u8]| matches!(word, [b'+' | b'-', hours @ ..] if number(hours).is_some());
            Some(
                rest.first()
                    .filter(|(word, _)| is_zone(word))
                    .map_or(*end, |(_, end)| *end),
            )
        }
        _ => None,
    }
}

/// `03-05-24  02:30PM  1234 name`, with `<DIR>` instead of the size of a folder.
fn windows(line: &[u8], words: &[(&[u8], usize)]) -> Option<Line> {
    let [(date, _), (clock, _), rest @ ..] = words else {
        return None;
    };
    if !is_numeric_date(date) || !clock.contains(&b':') {
        return None;
    }
    let is_half =
        |word: &[u8]| word.eq_ignore_ascii_case(b"AM") || word.eq_ignore_ascii_case(b"PM");
    let rest = if rest.first().is_some_and(|(word, _)| is_half(word)) {
        &rest[1..]
    } else {
        rest
    };
    let (what, end) = rest.first()?;
    let name = line.get(end + 1..)?;
    if what.eq_ignore_ascii_case(b"<DIR>") {
        return Some(Line::entry(name, EntryKind::Folder, None, None));
    }
    if what.starts_with(b"<") {
        // `<SYMLINK>      name [target]`
        let name = name.trim_ascii_start();
        let name = memmem::find(name, b" [")
            .filter(|_| name.ends_with(b"]"))
            .map_or(name, |at| &name[..at]);
        return Some(Line::entry(name, EntryKind::Unknown, None, None));
    }
    let digits: Vec<u8> = what.iter().copied().filter(|byte| *byte != b',').collect();
    Some(Line::entry(
        name,
        EntryKind::File,
        Some(number(&digits)?),
        None,
    ))
}

/// Three numbers with one kind of separator between them.
fn is_numeric_date(word: &[u8]) -> bool {
    [b'-', b'/', b'.'].into_iter().any(|separator| {
        let parts: Vec<&[u8]> = word.split(|byte| *byte == separator).collect();
        parts.len() == 3 && parts.iter().all(|part| number(part).is_some())
    })
}

/// `total` before a number of blocks, in the languages that servers write here.
fn is_total(word: &[u8]) -> bool {
    matches!(
        NameEncoding::Auto.decode(word).to_lowercase().as_str(),
        "total" | "итого" | "всего"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Entry, EntryKind, Line, list, mlsd, name};

    /// Bytes that a name may have on the wire.
    fn a_name() -> impl Strategy<Value = Vec<u8>> {
        let byte =
            any::<u8>().prop_filter("no end of line, no path", |byte| !b"\r\n\0/".contains(byte));
        prop::collection::vec(byte, 1..30)
            .prop_filter("a name", |name| name != b"." && name != b"..")
    }

    fn file(line: Line) -> Option<(Vec<u8>, Option<u64>)> {
        match line {
            Line::Entry(Entry {
                name,
                kind: EntryKind::File,
                size,
                ..
            }) => Some((name, size)),
            _ => None,
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read_as_it_was_written(bytes in a_name(), size in 0..1_000_000_000u64) {
            let written = |front: String| [front.as_bytes(), &bytes].concat();
            let expected = Some((bytes.clone(), Some(size)));
            prop_assert_eq!(&file(mlsd(&written(format!("type=file;size={size}; ")))), &expected);
            prop_assert_eq!(&file(list(&written(format!("-rw-r--r-- 1 a b {size} Mar  5  2024 ")))), &expected);
            prop_assert_eq!(&file(list(&written(format!("03-05-24  02:30PM  {size:>14} ")))), &expected);
            let named = Line::Entry(Entry { name: bytes.clone(), kind: EntryKind::Unknown, size: None, modified_at: None });
            prop_assert_eq!(name(&bytes), named);
        }

        #[test]
        fn any_line_is_read_or_given_back(line in prop::collection::vec(any::<u8>(), 0..80)) {
            for parse in [mlsd as fn(&[u8]) -> Line, list, name] {
                parse(&line);
            }
        }
    }
}
