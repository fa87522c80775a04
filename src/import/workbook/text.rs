//! The texts of cells as they stand in XML: plain or in runs of different fonts.
//!
//! Source: ECMA-376 part 1, 18.4 and 22.9.2.19 (`ST_Xstring`, which writes characters that XML
//! can't hold as `_x000D_`).

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use super::WorkbookError;
use super::cell::LONGEST_TEXT_BYTES;
use super::package::attribute;

/// Memory that is used again for each text.
#[derive(Default)]
pub(super) struct Buffers {
    event: Vec<u8>,
    raw: String,
}

/// Appends the text of an element that was just opened, up to its end tag `closing`. Pronunciation
/// (`rPh`) is no part of it. Of a text that is longer than a cell can hold, what comes behind that
/// is left out.
pub(super) fn read_string<R: BufRead>(
    xml: &mut Reader<R>,
    closing: &str,
    text: &mut String,
    buffers: &mut Buffers,
) -> Result<(), WorkbookError> {
    let mut is_pronunciation = false;
    let begin = text.len();
    loop {
        buffers.event.clear();
        match xml.read_event_into(&mut buffers.event)? {
            Event::Start(element) if element.local_name().as_ref() == "rPh" => {
                is_pronunciation = true
            }
            Event::End(element) if element.local_name().as_ref() == "rPh" => {
                is_pronunciation = false
            }
            Event::Start(element) if element.local_name().as_ref() == "t" && !is_pronunciation => {
                let keeps_space =
                    attribute(&element, "space")?.is_some_and(|value| value == "preserve");
                read_content(xml, "t", buffers)?;
                let raw: &str = match keeps_space {
                    true => &buffers.raw,
                    false => buffers.raw.trim_matches([' ', '\t', '\r', '\n']),
                };
                if text.len() - begin <= LONGEST_TEXT_BYTES {
                    push_unescaped(text, raw);
                }
            }
            Event::End(element) if element.local_name().as_ref() == closing => return Ok(()),
            Event::Eof => return Err(WorkbookError::cut_off_in(closing)),
            _ => {}
        }
    }
}

/// Reads the characters of an element that was just opened, up to its end tag `closing`; returns
/// them.
pub(super) fn read_content<'b, R: BufRead>(
    xml: &mut Reader<R>,
    closing: &str,
    buffers: &'b mut Buffers,
) -> Result<&'b str, WorkbookError> {
    buffers.raw.clear();
    loop {
        buffers.event.clear();
        match xml.read_event_into(&mut buffers.event)? {
            Event::Text(part) => buffers.raw.push_str(&part.xml10_content()),
            Event::CData(part) => buffers.raw.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => buffers.raw.push(character(&reference)?),
            Event::End(element) if element.local_name().as_ref() == closing => {
                return Ok(&buffers.raw);
            }
            Event::Eof => return Err(WorkbookError::cut_off_in(closing)),
            _ => {}
        }
    }
}

/// The character that `&lt;` or `&#10;` stands for.
fn character(reference: &BytesRef<'_>) -> Result<char, WorkbookError> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character);
    }
    match reference.as_ref() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(WorkbookError::Malformed(format!(
            "the entity &{other}; is not known"
        ))),
    }
}

/// Appends a text, with `_x000D_` as the character of that number.
pub(super) fn push_unescaped(text: &mut String, raw: &str) {
    let mut rest = raw;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        match escaped_character(from) {
            Some(character) => {
                text.push(character);
                rest = &from[ESCAPE_BYTES..];
            }
            None => {
                text.push_str("_x");
                rest = &from[2..];
            }
        }
    }
    text.push_str(rest);
}

/// The length of `_x000D_`.
const ESCAPE_BYTES: usize = 7;

fn escaped_character(text: &str) -> Option<char> {
    let escape = text.get(..ESCAPE_BYTES)?;
    let digits = escape.strip_prefix("_x")?.strip_suffix('_')?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    // Halves of a pair, which are no characters by themselves, are left as they are written.
    let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    (!character.is_control() || matches!(character, '\t' | '\n' | '\r')).then_some(character)
}

#[cfg(test)]
mod tests {
    use super::push_unescaped;

    #[test]
    fn characters_that_xml_cannot_hold_are_unescaped() {
        for (raw, text) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("a_xb", "a_xb"),
            ("_x00", "_x00"),
            ("_x0000_", "_x0000_"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("_xЖЖ", "_xЖЖ"),
            ("", ""),
        ] {
            let mut found = String::new();
            push_unescaped(&mut found, raw);
            assert_eq!(found, text, "{raw:?}");
        }
    }
}
