//! The names of organizations and lenders, folded so that the spellings of one are recognized as
//! one.
//!
//! Letter case, white space, quotes and kinds of dashes do not matter. The legal form, short or in
//! full and wherever it stands, is brought to its short form in front and kept: `ПАО «Банк»`, `Банк
//! (ПАО)` and `Публичное акционерное общество "Банк"` are one; `АО «Юг»` and `ООО «Юг»` are two.

use std::collections::BTreeSet;

use super::folded;

/// Legal forms in full, the longer ones first, and how they are abbreviated.
const FULL_FORMS: [(&str, &str); 19] = [
    ("федеральное государственное унитарное предприятие", "фгуп"),
    ("общество с ограниченной ответственностью", "ооо"),
    ("товарищество с ограниченной ответственностью", "тоо"),
    ("государственное унитарное предприятие", "гуп"),
    ("муниципальное унитарное предприятие", "муп"),
    ("автономная некоммерческая организация", "ано"),
    ("непубличное акционерное общество", "нао"),
    ("публичное акционерное общество", "пао"),
    ("открытое акционерное общество", "оао"),
    ("закрытое акционерное общество", "зао"),
    ("индивидуальный предприниматель", "ип"),
    ("микрофинансовая компания", "мфк"),
    ("микрокредитная компания", "мкк"),
    ("акционерное общество", "ао"),
    ("limited liability company", "llc"),
    ("public joint stock company", "pjsc"),
    ("joint stock company", "jsc"),
    ("joint-stock company", "jsc"),
    ("limited", "ltd"),
];
const SHORT_FORMS: [&str; 24] = [
    "фгуп", "ооо", "тоо", "гуп", "муп", "ано", "нао", "пао", "оао", "зао", "ип", "мкк", "мфк",
    "ао", "llc", "ltd", "jsc", "pjsc", "ojsc", "cjsc", "plc", "inc", "gmbh", "oy",
];
const QUOTES: [char; 13] = [
    '«', '»', '"', '\'', '“', '”', '„', '‟', '‘', '’', '‚', '`', '´',
];
const DASHES: [char; 8] = [
    '-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}',
];

/// A name apart from its legal form, both folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartyName {
    /// The short legal forms in alphabetical order, with spaces between; empty without any.
    pub form: String,
    /// The rest.
    pub core: String,
}

impl PartyName {
    /// Folds a name.
    pub(crate) fn parse(text: &str) -> PartyName {
        let plain = plain(text);
        let words: Vec<&str> = plain.split(' ').collect();
        let (mut forms, mut core, mut rest) = (BTreeSet::new(), Vec::new(), words.as_slice());
        while let [word, tail @ ..] = rest {
            if let Some((form, length)) = form_in_front(rest) {
                forms.insert(form);
                rest = rest.get(length..).unwrap_or_default();
            } else {
                core.push(*word);
                rest = tail;
            }
        }
        // A name that consists of forms only is a name.
        if core.is_empty() {
            return PartyName {
                form: String::new(),
                core: plain,
            };
        }
        PartyName {
            form: forms.into_iter().collect::<Vec<_>>().join(" "),
            core: core.join(" "),
        }
    }

    /// What makes two spellings one party: the short legal form in front, then the rest.
    pub(crate) fn key(&self) -> String {
        if self.form.is_empty() {
            self.core.clone()
        } else {
            format!("{} {}", self.form, self.core)
        }
    }
}

/// Small letters, one kind of dash without spaces around, no quotes and commas, single spaces.
fn plain(text: &str) -> String {
    let unified: String = text
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'ё' => 'е',
            c if QUOTES.contains(&c)
                || matches!(c, ',' | ';' | '\u{200b}' | '\u{feff}' | '\u{ad}') =>
            {
                ' '
            }
            c if DASHES.contains(&c) => '-',
            c => c,
        })
        .collect();
    let single = folded(&unified);
    single
        .replace(" - ", "-")
        .replace(" -", "-")
        .replace("- ", "-")
}

/// The short legal form that some words begin with, and how many words it takes. Brackets around it
/// and a full stop behind it do not matter: `Банк ВТБ (ПАО)`.
fn form_in_front(words: &[&str]) -> Option<(&'static str, usize)> {
    let bare = |word: &str| word.trim_matches(['(', ')', '.']).to_owned();
    for (full, short) in FULL_FORMS {
        let length = full.split(' ').count();
        let found = words
            .get(..length)
            .is_some_and(|words| words.iter().map(|word| bare(word)).eq(full.split(' ')));
        if found {
            return Some((short, length));
        }
    }
    let word = bare(words.first()?);
    SHORT_FORMS
        .into_iter()
        .find(|form| *form == word)
        .map(|form| (form, 1))
}

#[cfg(test)]
mod tests {
    use super::PartyName;

    #[test]
    fn spellings_of_one_party_have_one_key_and_legal_forms_are_kept() {
        let key = |name: &str| PartyName::parse(name).key();
        for (wanted, spellings) in [
            (
                "пао банк",
                [
                    "ПАО «Банк»",
                    "Банк ПАО",
                    "БАНК (ПАО)",
                    "Публичное  акционерное общество \"Банк\"",
                    "„Банк“, ПАО",
                ]
                .as_slice(),
            ),
            (
                "пао банк втб",
                &["Банк ВТБ (публичное акционерное общество)", "Банк ПАО ВТБ"],
            ),
            (
                "ао альфа-банк",
                &["АО «АЛЬФА – БАНК»", "Альфа-Банк Акционерное общество"],
            ),
            (
                "мкк ооо заем", // ё is е
                &[
                    "ООО МКК «Заём»",
                    "МКК «Заем» ООО",
                    "Общество с ограниченной ответственностью Микрокредитная компания Заем",
                ],
            ),
            (
                "ип иванов иван",
                &[
                    "ИП Иванов Иван",
                    "Индивидуальный предприниматель Иванов Иван",
                    "Иванов Иван (ИП)",
                ],
            ),
            ("ltd acme", &["Acme Ltd.", "ACME Limited"]),
            ("ооо", &["ООО"]),
        ] {
            for spelling in spellings {
                assert_eq!(key(spelling), wanted, "{spelling}");
            }
        }
        assert_ne!(key("АО «Юг»"), key("ООО «Юг»"));
        assert_ne!(key("Юг"), key("ООО «Юг»"));
    }
}
