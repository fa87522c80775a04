//! Organizations or lenders that may be one: they have the same INN, or their names differ by no
//! more than a missing legal form or one letter.
//!
//! Recognition keeps such names apart, because it must not guess; a person decides whether to merge
//! them.

use std::collections::{BTreeSet, HashMap};

use crate::domain::{PartyName, look_alike};

/// A shorter name has too many neighbours for a letter's difference to say anything.
const SHORTEST: usize = 5;
/// What one company may have been registered as before and after the reform of 2014.
const JOINT_STOCK_FORMS: [&str; 5] = ["ао", "нао", "пао", "оао", "зао"];

/// An organization or a lender.
#[derive(Clone, Debug)]
pub(super) struct Party {
    pub id: i64,
    pub name: String,
    inn: Option<String>,
    /// The legal form.
    form: String,
    /// The name without its legal form, as it looks.
    core: String,
}

impl Party {
    pub fn new(id: i64, name: String, inn: Option<String>) -> Party {
        let PartyName { form, core } = PartyName::parse(&name);
        Party {
            id,
            name,
            inn: inn.filter(|inn| !inn.is_empty()),
            form,
            core: look_alike(&core),
        }
    }

    /// Whether two names that differ by no more than a letter may be those of one: not with two
    /// INNs, two legal forms, or other digits (`Банк 1`, `Банк 2`).
    fn may_be(&self, other: &Party) -> bool {
        let digits = |name: &str| {
            name.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        let have_two_numbers = self.inn.is_some() && other.inn.is_some() && self.inn != other.inn;
        let is_joint_stock = |party: &Party| JOINT_STOCK_FORMS.contains(&party.form.as_str());
        let forms_agree = self.form == other.form
            || self.form.is_empty()
            || other.form.is_empty()
            || (is_joint_stock(self) && is_joint_stock(other));
        !have_two_numbers && forms_agree && digits(&self.core) == digits(&other.core)
    }
}

/// Returns those that look like another one, in the order of their names.
pub(super) fn look_alikes(mut parties: Vec<Party>) -> Vec<Party> {
    parties.sort_by(|party, other| (&party.core, party.id).cmp(&(&other.core, other.id)));
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let mut of_inn: HashMap<&str, usize> = HashMap::new();
    let mut of_variant: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, party) in parties.iter().enumerate() {
        if let Some(first) = party
            .inn
            .as_deref()
            .map(|inn| *of_inn.entry(inn).or_insert(at))
            && first != at
        {
            found.extend([first, at]);
        }
        for variant in variants(&party.core) {
            let earlier = of_variant.entry(variant).or_default();
            for other in earlier
                .iter()
                .filter(|other| parties[**other].may_be(party))
            {
                found.extend([*other, at]);
            }
            earlier.push(at);
        }
    }
    parties
        .into_iter()
        .enumerate()
        .filter(|(at, _)| found.contains(at))
        .map(|(_, party)| party)
        .collect()
}

/// The name itself, and the name without each of its letters: two names that share a variant differ
/// by a letter that is missing, replaced or exchanged with its neighbour.
fn variants(core: &str) -> BTreeSet<String> {
    let letters: Vec<char> = core.chars().collect();
    let mut variants = BTreeSet::from([core.to_owned()]);
    if letters.len() >= SHORTEST {
        for gap in 0..letters.len() {
            variants.insert(letters[..gap].iter().chain(&letters[gap + 1..]).collect());
        }
    }
    variants
}
