//! Variables that are no settings, but whose names are near one: most likely misspelt, which would
//! silently leave the default in force.

use super::dotenv::variables;
use super::reader::{SECRETS, SETTINGS};

/// Variables of the program that are no settings.
const OTHERS: [&str; 2] = ["CONFIG_FILE", "RUST_LOG"];

/// Returns a warning for each variable of the environment that is most likely misspelt.
pub fn misspelt_variables() -> Vec<String> {
    warnings(variables())
}

pub(super) fn warnings(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let files = SECRETS.map(|secret| format!("{secret}_FILE"));
    let known: Vec<&str> = SETTINGS
        .iter()
        .map(|setting| setting.env)
        .chain(files.iter().map(String::as_str))
        .chain(OTHERS)
        .collect();
    let mut warnings: Vec<String> = names
        .into_iter()
        .filter(|name| !known.contains(&name.as_str()))
        .filter_map(|name| {
            let meant = nearest(&name, &known)?;
            Some(format!(
                "{name} is no setting and has no effect: was {meant} meant?"
            ))
        })
        .collect();
    warnings.sort();
    warnings
}

/// The known name that differs by a letter in six at most, or in its end alone, if there is one. Names
/// of a few letters are near too many others.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let upper = name.to_uppercase();
    let near = known.iter().filter_map(|known| {
        let distance = strsim::damerau_levenshtein(&upper, known);
        let is_near = distance <= known.len() / 6 || has_other_end(&upper, known);
        is_near.then_some((distance, *known))
    });
    near.min().map(|(_, known)| known)
}

/// Whether all but two letters of a name, eight at least, are how a known one begins: `REDIS_PASS`.
fn has_other_end(name: &str, known: &str) -> bool {
    let same = name
        .chars()
        .zip(known.chars())
        .take_while(|(one, other)| one == other)
        .count();
    same >= 8 && same + 2 >= name.chars().count()
}
