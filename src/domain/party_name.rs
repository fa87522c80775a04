//! The names of organizations and lenders, folded so that the spellings of one are recognized as one.
//!
//! Letter case, white space, quotes and kinds of dashes do not matter. The legal form, short or in full
//! and wherever it stands, is brought to its short form in front and kept: `ПАО «Банк»`, `Банк ПАО` and
//! `Публичное акционерное общество "Банк"` are one; `АО «Юг»` and `ООО «Юг»` are two.

use super::folded;

/// Legal forms in full, the longer ones first, and how they are abbreviated.
const FULL_FORMS: [(&str, &str); 15] = [
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
    ("микрокредитная компания", "мкк"),
    ("акционерное общество", "ао"),
    ("limited liability company", "llc"),
    ("joint stock company", "jsc"),
];
const SHORT_FORMS: [&str; 24] = [
    "фгуп", "ооо", "тоо", "гуп", "муп", "ано", "нао", "пао", "оао", "зао", "ип", "мкк", "мфк", "ао", "llc", "ltd",
    "jsc", "pjsc", "ojsc", "cjsc", "plc", "inc", "gmbh", "oy",
];
const QUOTES: [char; 13] = ['«', '»', '"', '\'', '“', '”', '„', '‟', '‘', '’', '‚', '`', '´'];
const DASHES: [char; 8] = ['-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}'];

/// A name apart from its legal form, both folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyName {
    /// The short legal forms in their order, with spaces between; empty without any.
    pub form: String,
    /// The rest.
    pub core: String,
}

impl PartyName {
    /// Folds a name.
    pub fn parse(text: &str) -> PartyName {
        let plain = plain(text);
        let mut rest = plain.as_str();
        let (mut front, mut back) = (Vec::new(), Vec::new());
        loop {
            if let Some((form, tail)) = form_in_front(rest) {
                front.push(form);
                rest = tail;
            } else if let Some((form, head)) = form_behind(rest) {
                back.push(form);
                rest = head;
            } else {
                break;
            }
        }
        front.extend(back.into_iter().rev());
        // A name that consists of forms only is a name.
        if rest.is_empty() {
            return PartyName { form: String::new(), core: plain };
        }
        PartyName { form: front.join(" "), core: rest.to_owned() }
    }

    /// What makes two spellings one party: the short legal form in front, then the rest.
    pub fn key(&self) -> String {
        if self.form.is_empty() { self.core.clone() } else { format!("{} {}", self.form, self.core) }
    }
}

/// Small letters, one kind of dash without spaces around, no quotes and commas, single spaces.
fn plain(text: &str) -> String {
    let unified: String = text
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'ё' => 'е',
            c if QUOTES.contains(&c) || matches!(c, ',' | ';' | '\u{200b}' | '\u{feff}' | '\u{ad}') => ' ',
            c if DASHES.contains(&c) => '-',
            c => c,
        })
        .collect();
    let single = folded(&unified);
    single.replace(" - ", "-").replace(" -", "-").replace("- ", "-")
}

fn form_in_front(text: &str) -> Option<(&'static str, &str)> {
    for (full, short) in FULL_FORMS {
        if let Some(tail) = text.strip_prefix(full)
            && (tail.is_empty() || tail.starts_with(' '))
        {
            return Some((short, tail.trim_start()));
        }
    }
    let (word, tail) = text.split_once(' ')?;
    short_form(word).map(|form| (form, tail))
}

fn form_behind(text: &str) -> Option<(&'static str, &str)> {
    for (full, short) in FULL_FORMS {
        if let Some(head) = text.strip_suffix(full)
            && head.ends_with(' ')
        {
            return Some((short, head.trim_end()));
        }
    }
    let (head, word) = text.rsplit_once(' ')?;
    short_form(word).map(|form| (form, head))
}

fn short_form(word: &str) -> Option<&'static str> {
    let word = word.trim_end_matches('.');
    SHORT_FORMS.into_iter().find(|form| *form == word)
}
