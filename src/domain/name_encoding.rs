//! The encoding of file names that a source gives as bytes.
//!
//! File names on FTP servers and in Unix folders are bytes without a declared encoding. They are
//! kept as they are to address the file, and decoded only to be shown, journaled and compared with
//! settings.

use encoding_rs::{Encoding, IBM866, WINDOWS_1251};

/// How the names of a source are decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameEncoding {
    /// UTF-8 where the bytes are valid UTF-8, else CP1251.
    #[default]
    Auto,
    /// UTF-8.
    Utf8,
    /// Windows-1251.
    Cp1251,
    /// CP866, of DOS.
    Cp866,
}

impl NameEncoding {
    /// The names of the encodings in settings, the default first.
    pub const NAMES: [&str; 4] = ["auto", "utf-8", "cp1251", "cp866"];

    /// Returns the encoding of that name.
    pub fn named(name: &str) -> Option<NameEncoding> {
        match name.to_lowercase().as_str() {
            "auto" => Some(NameEncoding::Auto),
            "utf-8" => Some(NameEncoding::Utf8),
            "cp1251" => Some(NameEncoding::Cp1251),
            "cp866" => Some(NameEncoding::Cp866),
            _ => None,
        }
    }

    /// Returns the text to show for a name. Control characters, and bytes that are not valid,
    /// become U+FFFD, so that the text can be stored and logged.
    pub fn decode(self, bytes: &[u8]) -> String {
        let text = match (self, std::str::from_utf8(bytes)) {
            (NameEncoding::Auto | NameEncoding::Utf8, Ok(text)) => text.to_owned(),
            (NameEncoding::Utf8, Err(_)) => String::from_utf8_lossy(bytes).into_owned(),
            (NameEncoding::Auto | NameEncoding::Cp1251, _) => single_byte(WINDOWS_1251, bytes),
            (NameEncoding::Cp866, _) => single_byte(IBM866, bytes),
        };
        text.replace(char::is_control, "\u{FFFD}")
    }

    /// Returns the bytes that may stand for a text, the likeliest first. Empty when the encoding
    /// has no such character.
    pub fn encode(self, text: &str) -> Vec<Vec<u8>> {
        let utf_8 = Some(text.as_bytes().to_vec());
        let candidates = match self {
            NameEncoding::Auto if text.is_ascii() => vec![utf_8],
            NameEncoding::Auto => vec![utf_8, in_single_bytes(WINDOWS_1251, text)],
            NameEncoding::Utf8 => vec![utf_8],
            NameEncoding::Cp1251 => vec![in_single_bytes(WINDOWS_1251, text)],
            NameEncoding::Cp866 => vec![in_single_bytes(IBM866, text)],
        };
        candidates.into_iter().flatten().collect()
    }

    /// Whether names may be UTF-8.
    pub fn allows_utf8(self) -> bool {
        matches!(self, NameEncoding::Auto | NameEncoding::Utf8)
    }
}

fn single_byte(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn in_single_bytes(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let (bytes, _, has_unmappable) = encoding.encode(text);
    (!has_unmappable).then(|| bytes.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::NameEncoding;

    proptest! {
        /// What is shown of a name leads back to its bytes: in a single-byte encoding of any bytes but
        /// control characters.
        #[test]
        fn shown_names_lead_back_to_their_bytes(bytes in prop::collection::vec(0x20u8..=0xFF, 0..40)) {
            let is_control = |byte: &u8| matches!(byte, 0x7F | 0x98);
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| !is_control(byte)).collect();
            for encoding in [NameEncoding::Auto, NameEncoding::Cp1251, NameEncoding::Cp866] {
                let shown = encoding.decode(&bytes);
                // UTF-8 has control characters of two bytes.
                let is_exact = !shown.contains('\u{FFFD}');
                prop_assert!(!is_exact || encoding.encode(&shown).contains(&bytes), "{encoding:?}: {shown:?}");
            }
        }
    }
}
