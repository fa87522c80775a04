//! How a workbook shows its numbers, as far as that changes what a number is: a date, or digits
//! with zeros in front.
//!
//! Source: ECMA-376 part 1, 18.8.30 and 18.8.31.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::WorkbookError;
use super::package::{PartXml, attribute};

/// How a cell shows a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum NumberFormat {
    /// As the number it is.
    #[default]
    Plain,
    /// As a date or a time.
    Date,
    /// With at least so many digits, and exactly so many decimals: `00000`, `0.00`.
    Zeros {
        /// Digits before the decimal mark.
        whole: u8,
        /// Digits behind it.
        decimals: u8,
    },
}

impl NumberFormat {
    /// Returns whether the number is shown as a date or a time.
    pub(super) fn is_date(self) -> bool {
        self == NumberFormat::Date
    }
}

/// Reads the formats of cells, by the numbers that cells refer to.
pub(super) fn read(mut xml: PartXml<'_>) -> Result<Vec<NumberFormat>, WorkbookError> {
    let mut codes: HashMap<u32, NumberFormat> = HashMap::new();
    let mut formats = Vec::new();
    let mut is_cell_format = false;
    let mut event = Vec::new();
    loop {
        event.clear();
        match xml.read_event_into(&mut event)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    let number =
                        attribute(&element, "numFmtId")?.and_then(|number| number.parse().ok());
                    let code = attribute(&element, "formatCode")?.unwrap_or_default();
                    codes.extend(number.map(|number: u32| (number, of_code(&code))));
                }
                "cellXfs" => is_cell_format = true,
                "xf" if is_cell_format => {
                    let number =
                        attribute(&element, "numFmtId")?.and_then(|number| number.parse().ok());
                    let number = number.unwrap_or_default();
                    formats.push(
                        codes
                            .get(&number)
                            .copied()
                            .unwrap_or_else(|| built_in(number)),
                    );
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => {
                is_cell_format = false
            }
            Event::Eof => return Ok(formats),
            _ => {}
        }
    }
}

/// The formats that need no code.
fn built_in(number: u32) -> NumberFormat {
    match number {
        1 => NumberFormat::Zeros {
            whole: 1,
            decimals: 0,
        },
        2 => NumberFormat::Zeros {
            whole: 1,
            decimals: 2,
        },
        14..=22 | 27..=36 | 45..=47 | 50..=58 => NumberFormat::Date,
        _ => NumberFormat::Plain,
    }
}

/// What a format's code makes of a number that is not negative.
fn of_code(code: &str) -> NumberFormat {
    if let Some(zeros) = zeros(code) {
        return zeros;
    }
    if is_date(code) {
        NumberFormat::Date
    } else {
        NumberFormat::Plain
    }
}

fn zeros(code: &str) -> Option<NumberFormat> {
    let (whole, decimals) = code.split_once('.').unwrap_or((code, ""));
    let is_zeros = |part: &str| part.bytes().all(|byte| byte == b'0');
    if whole.is_empty() || !is_zeros(whole) || !is_zeros(decimals) {
        return None;
    }
    Some(NumberFormat::Zeros {
        whole: u8::try_from(whole.len()).ok()?,
        decimals: u8::try_from(decimals.len()).ok()?,
    })
}

/// Whether a code holds letters of a date or time, English or Russian, outside of quotes, escapes
/// and brackets.
fn is_date(code: &str) -> bool {
    let mut characters = code.chars();
    let (mut is_quoted, mut in_brackets) = (false, false);
    let mut bracketed = String::new();
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\\' | '_' | '*' => drop(characters.next()),
            '[' => (in_brackets, bracketed) = (true, String::new()),
            ']' => {
                in_brackets = false;
                // `[h]` is a duration; `[Red]`, `[$-419]` and `[>1]` say nothing.
                if !bracketed.is_empty()
                    && bracketed
                        .chars()
                        .all(|c| matches!(c, 'h' | 'm' | 's' | 'ч' | 'м' | 'с'))
                {
                    return true;
                }
            }
            _ if in_brackets => bracketed.extend(character.to_lowercase()),
            ';' => return false,
            _ => {
                let letter = character.to_lowercase().next().unwrap_or(character);
                if matches!(letter, 'd' | 'm' | 'y' | 'h' | 's' | 'д' | 'м' | 'г' | 'ч') {
                    return true;
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{NumberFormat, of_code};

    #[test]
    fn codes_of_dates_are_recognized() {
        for code in [
            "dd.mm.yyyy",
            "ДД.ММ.ГГГГ",
            "dd\\.mm\\.yyyy",
            "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
            "[$-FC19]dd\\ mmmm\\ yyyy\\ \\г\\.;@",
            "mm:ss",
            "[h]:mm:ss",
            "[ss]",
            "m\"M\"d\"D\";@",
            "[$-404]e\"x\"m\"x\"",
        ] {
            assert_eq!(of_code(code), NumberFormat::Date, "{code}");
        }
        for code in [
            "General",
            "Основной",
            "@",
            "#,##0.00",
            "#,##0\\ [$\u{20bd}-46D]",
            "\"Y: \"0.00\"m\";\"Y: \"-0.00\"m\"",
            "0_ ;[Red]\\-0\\ ",
            "#,##0*y",
            "#,##0.00\\ _M\"H\"_)",
            "[Red]0",
            "# ##0\"р.\"",
        ] {
            assert_eq!(of_code(code), NumberFormat::Plain, "{code}");
        }
        assert_eq!(
            of_code("0000000000"),
            NumberFormat::Zeros {
                whole: 10,
                decimals: 0
            }
        );
        assert_eq!(
            of_code("0.00"),
            NumberFormat::Zeros {
                whole: 1,
                decimals: 2
            }
        );
    }
}
