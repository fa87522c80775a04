//! The texts that the cells of a workbook share.
//!
//! They are the one part that is held in memory as a whole: one buffer for all of them, and where
//! each ends.

use quick_xml::events::Event;

use super::WorkbookError;
use super::package::PartXml;
use super::text::{Buffers, read_string};

/// Texts by their numbers.
#[derive(Default)]
pub(super) struct SharedStrings {
    text: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    /// Reads the part that holds them.
    pub(super) fn read(mut xml: PartXml<'_>) -> Result<SharedStrings, WorkbookError> {
        let mut strings = SharedStrings::default();
        let mut event = Vec::new();
        let mut buffers = Buffers::default();
        loop {
            event.clear();
            match xml.read_event_into(&mut event)? {
                Event::Start(element) if element.local_name().as_ref() == "si" => {
                    read_string(&mut xml, "si", &mut strings.text, &mut buffers)?;
                    let end = u32::try_from(strings.text.len()).map_err(|_| {
                        WorkbookError::TooMuch("its shared texts are larger than 4 GB".to_owned())
                    })?;
                    strings.ends.push(end);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        strings.text.shrink_to_fit();
        strings.ends.shrink_to_fit();
        Ok(strings)
    }

    /// The text of that number.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let begin = number
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        self.text.get(begin..end)
    }
}
