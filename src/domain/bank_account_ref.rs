//! The reference to a bank account, as 1C writes it in a cell.

/// Splits `40702810900000012345, АО «Банк»` into the twenty digits of a Russian account number and
/// the bank's name. A text without such a number is the number itself.
pub(crate) fn number_and_bank(text: &str) -> (&str, Option<&str>) {
    const DIGITS: usize = 20;
    let number = text
        .split(|c: char| !c.is_ascii_digit())
        .find(|run| run.len() == DIGITS);
    let Some(number) = number else {
        return (text, None);
    };
    let (before, after) = text.split_once(number).unwrap_or_default();
    let [before, after] =
        [before, after].map(|part| part.trim_matches([' ', ',', ';', '(', ')', '-', '/']));
    let bank = if before.len() > after.len() {
        before
    } else {
        after
    };
    (number, Some(bank).filter(|bank| !bank.is_empty()))
}
