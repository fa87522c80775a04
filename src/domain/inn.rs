//! The taxpayer's number (ИНН) of a party, which distinguishes parties of one name.
//!
//! Source: order of the Federal Tax Service ММВ-7-6/435: 10 digits of a legal entity, 12 of a
//! person, the last one or two of which are check digits.

const LEGAL_ENTITY: [u32; 9] = [2, 4, 10, 3, 5, 9, 4, 6, 8];
const PERSON: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];

/// Returns a number as it is written in full; one that stood as a number has lost its leading zero.
/// `None` when the check digits do not agree: what is damaged decides nothing.
pub(crate) fn valid_inn(text: &str) -> Option<String> {
    let text = text.trim();
    [text.to_owned(), format!("0{text}")]
        .into_iter()
        .find(|number| is_valid(number))
}

fn is_valid(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| digits.iter().any(|digit| *digit > 0)) else {
        return false;
    };
    let check = |weights: &[u32]| {
        weights
            .iter()
            .zip(&digits)
            .map(|(weight, digit)| weight * digit)
            .sum::<u32>()
            % 11
            % 10
    };
    match digits[..] {
        [.., last] if digits.len() == 10 => check(&LEGAL_ENTITY) == last,
        [.., one, other] if digits.len() == 12 => {
            check(&PERSON[1..]) == one && check(&PERSON) == other
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::valid_inn;

    #[test]
    fn check_digits_decide() {
        for (text, number) in [
            (" 9912345672 ", Some("9912345672")),
            ("9912345673", None),
            ("991234567818", Some("991234567818")),
            ("991234567828", None),
            ("123456788", Some("0123456788")),
            ("123456789", None),
            ("0000000000", None),
            ("ИНН", None),
            ("", None),
        ] {
            assert_eq!(valid_inn(text).as_deref(), number, "{text:?}");
        }
    }
}
