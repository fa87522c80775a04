//! Texts that people enter in one line: names, and what something is for.

use super::folded;

/// Such a text has so many characters at most.
pub const LONGEST_TEXT: usize = 500;

/// Returns the text without outer space, each space within it one.
///
/// # Errors
/// What is wrong, in words that follow the field's name.
pub fn short_text(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("has a control character".to_owned());
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("has more than {LONGEST_TEXT} characters"));
    }
    let text = folded(text);
    if text.is_empty() {
        Err("is empty".to_owned())
    } else {
        Ok(text)
    }
}
