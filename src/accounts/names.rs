//! Login names and e-mail addresses: what a new one may look like, and when two look alike.

use unicode_security::confusable_detection::skeleton;

/// A login name has so many characters at most.
pub const LONGEST_NAME: usize = 100;
/// An e-mail address has so many characters at most (RFC 5321, 4.5.3.1.3).
pub const LONGEST_EMAIL: usize = 254;
/// What a login name looks like, as a regular expression; what [`check_username`] accepts.
pub const NAME_PATTERN: &str = "^[A-Za-z0-9À-ÖØ-öø-ɏЀ-ҁҊ-ӿ ._@+'-]*[A-Za-z0-9À-ÖØ-öø-ɏЀ-ҁҊ-ӿ._@+'-][A-Za-z0-9À-ÖØ-öø-ɏЀ-ҁҊ-ӿ ._@+'-]*$";
/// What an e-mail address looks like, as a regular expression; what [`check_email`] accepts.
pub const EMAIL_PATTERN: &str = "^[A-Za-z0-9Ѐ-ҁ.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9Ѐ-ҁ]([A-Za-z0-9Ѐ-ҁ-]*[A-Za-z0-9Ѐ-ҁ])?([.][A-Za-z0-9Ѐ-ҁ]([A-Za-z0-9Ѐ-ҁ-]*[A-Za-z0-9Ѐ-ҁ])?)*$";

/// Checks a new login name: Latin and Cyrillic letters, digits, spaces and a few signs.
///
/// # Errors
/// What is wrong, in words that follow the field's name.
pub fn check_username(name: &str) -> Result<(), String> {
    if name.trim_matches(' ').is_empty() {
        return Err("is empty".to_owned());
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("has more than {LONGEST_NAME} characters"));
    }
    let is_allowed = |c: char| {
        is_plain(c)
            || matches!(c, 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ɏ' | 'Ҋ'..='ӿ')
            || " ._@+'-".contains(c)
    };
    match name.chars().find(|c| !is_allowed(*c)) {
        Some(other) => Err(format!(
            "can't have the character {other:?}: Latin and Cyrillic letters, digits, spaces and . _ @ + ' - may stand in it"
        )),
        None => Ok(()),
    }
}

/// Checks a new e-mail address.
///
/// # Errors
/// What is wrong, in words that follow the field's name.
pub fn check_email(email: &str) -> Result<(), String> {
    if email.chars().count() > LONGEST_EMAIL {
        return Err(format!("has more than {LONGEST_EMAIL} characters"));
    }
    let is_local = |c: char| is_plain(c) || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let is_label = |label: &str| {
        label.chars().all(|c| is_plain(c) || c == '-')
            && label.starts_with(is_plain)
            && label.ends_with(is_plain)
    };
    let is_right = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && local.chars().all(is_local) && domain.split('.').all(is_label)
    });
    is_right
        .then_some(())
        .ok_or_else(|| "is no e-mail address such as name@example.org".to_owned())
}

/// Whether a character is a Latin or Cyrillic letter without an accent, or a digit.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, 'Ѐ'..='ҁ')
}

/// Returns whether a person could take one name for the other: letter case, and letters of other
/// alphabets that look the same (Unicode Technical Standard 39), do not count.
pub fn look_alike(one: &str, other: &str) -> bool {
    let keys = |name: &str| {
        let upper_folded: String = skeleton(name).collect();
        let lower_folded: String = skeleton(&name.to_lowercase()).collect();
        [upper_folded.to_lowercase(), lower_folded.to_lowercase()]
    };
    let (one, other) = (keys(one), keys(other));
    one.iter().zip(&other).any(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::{check_email, check_username, look_alike};

    #[test]
    fn names_that_look_alike_are_recognized() {
        for (one, other) in [
            ("admin", "ADMIN"),
            ("admin", "аdmin"), // Cyrillic а
            ("Admin8", "АDMIN8"),
            ("ivanov", "ivаnоv"),
            ("sales", "ѕаlеѕ"),
            ("ВАСЯ", "BACЯ"), // Cyrillic, then Latin B, A and C
            ("root", "ｒｏｏｔ"),
        ] {
            assert!(look_alike(one, other), "{one} {other}");
        }
        for (one, other) in [("admin", "admin2"), ("ivan", "olga"), ("a.b", "ab")] {
            assert!(!look_alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn names_and_addresses_are_checked() {
        for name in ["ivanov", "Иван Петров", "o'neil", "a.b-c_d+e@f", "Müller"] {
            assert_eq!(check_username(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "a\0b",
            "a\u{200b}b",
            "a\nb",
            "<b>",
            "a\u{202e}b",
            "a/b",
            "  ",
        ] {
            assert!(check_username(name).is_err(), "{name:?}");
        }
        assert!(check_username(&"x".repeat(101)).is_err());
        for email in [
            "a@localhost",
            "ivan.petrov+1c@finance.example.org",
            "иван@пример.рф",
        ] {
            assert_eq!(check_email(email), Ok(()), "{email}");
        }
        for email in [
            "", "a", "@b", "a@", "a@b..c", "a b@c.de", "a@-b.de", "a@b@c.de", "a\0@b.de",
            "<a@b.de>",
        ] {
            assert!(check_email(email).is_err(), "{email:?}");
        }
    }
}
