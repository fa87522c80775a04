//! What a file is that is no XLSX workbook, by its first bytes and the parts of its archive.

use super::WorkbookError;
use super::package::Package;

/// How an OLE compound file begins: a workbook of before 2007, or one with a password.
const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
const AS_XLSX: &str = "export it as XLSX (Excel 2007 and later)";

/// So many bytes of a file are looked at.
pub(super) const MAGIC_BYTES: u64 = 4_096;

/// Judges a file by how it begins. `Ok`: it is an archive.
pub(super) fn check_magic(begin: &[u8]) -> Result<(), WorkbookError> {
    let is = |what, advice| Err(WorkbookError::OtherFormat { what, advice });
    let text = String::from_utf8_lossy(begin);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_lowercase();
    match begin {
        [] => Err(WorkbookError::Empty),
        [b'P', b'K', ..] => Ok(()),
        _ if begin.starts_with(OLE) => {
            // The directory of a compound file names its streams in UTF-16.
            let name: Vec<u8> = "EncryptedPackage"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            match memchr::memmem::find(begin, &name) {
                Some(_) => Err(WorkbookError::Protected),
                None => is(
                    "in the old .xls format, or protected by a password",
                    AS_XLSX,
                ),
            }
        }
        _ if begin.starts_with(b"MOXCEL") => {
            is("a table of 1C (MXL)", "save it as XLSX in 1C, not as MXL")
        }
        _ if begin.starts_with(b"%PDF") => is("a PDF", AS_XLSX),
        _ if begin.starts_with(b"{\\rtf") => is("an RTF document", AS_XLSX),
        _ if begin.starts_with(b"\x1f\x8b")
            || begin.starts_with(b"Rar!")
            || begin.starts_with(b"7z\xbc\xaf") =>
        {
            is(
                "a compressed archive",
                "put the workbooks themselves into the folder",
            )
        }
        _ if lower.starts_with("<!doctype html") || lower.starts_with("<html") => {
            is("an HTML page", AS_XLSX)
        }
        _ if lower.contains("urn:schemas-microsoft-com:office:spreadsheet") => {
            is("an XML table of Excel 2003", AS_XLSX)
        }
        _ if lower.starts_with("<?xml") && lower.contains("<html") => is("an HTML page", AS_XLSX),
        _ if lower.starts_with('<') => is("XML of some other kind", AS_XLSX),
        _ if is_text(begin) => is("plain text (CSV)", "export it as XLSX, not as CSV or text"),
        _ => is("of a format that is not known", AS_XLSX),
    }
}

/// Says what an archive is that has no main part of a workbook.
pub(super) fn of_archive(package: &Package) -> WorkbookError {
    let has = |ending: &str| package.names().any(|name| name.ends_with(ending));
    let (what, advice) = if package.has("xl/workbook.bin") {
        ("a binary workbook (.xlsb)", AS_XLSX)
    } else if package.has("mimetype") && package.has("content.xml") {
        ("an OpenDocument file (.ods)", AS_XLSX)
    } else if package.names().any(|name| name.starts_with("word/")) {
        ("a Word document (.docx)", AS_XLSX)
    } else if [".xlsx", ".xls", ".csv"].into_iter().any(has) {
        (
            "a ZIP archive of other files",
            "put the workbooks themselves into the folder",
        )
    } else {
        ("a ZIP archive without a workbook", AS_XLSX)
    };
    WorkbookError::OtherFormat { what, advice }
}

/// Whether nothing but characters stands there, in UTF-8, UTF-16 or one of the Cyrillic code pages.
fn is_text(begin: &[u8]) -> bool {
    let is_wide = begin.starts_with(&[0xFF, 0xFE]) || begin.starts_with(&[0xFE, 0xFF]);
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    is_wide || !begin.iter().any(is_control)
}
