//! The texts of the pages, in English and in Russian (`texts/`). `fl!` checks while compiling that a
//! key exists; a test compares the keys of both languages.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{LazyLock, PoisonError, RwLock};

use i18n_embed::LanguageLoader;
use i18n_embed::fluent::FluentLanguageLoader;
use i18n_embed::unic_langid::LanguageIdentifier;
use rust_embed::RustEmbed;

use crate::domain::Language;

/// The texts of one language.
pub(crate) struct Texts {
    loader: FluentLanguageLoader,
    /// Those without variables that were asked for: a page has a hundred of them, and each would be
    /// put together again.
    known: RwLock<HashMap<&'static str, String>>,
}

impl Texts {
    /// Returns a text without variables. `fl!` calls it.
    pub(crate) fn get(&self, key: &'static str) -> String {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(key) {
            return text.clone();
        }
        drop(known);
        let text = self.loader.get(key);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert(text).clone()
    }
}

impl Deref for Texts {
    type Target = FluentLanguageLoader;

    fn deref(&self) -> &FluentLanguageLoader {
        &self.loader
    }
}

#[derive(RustEmbed)]
#[folder = "src/web/texts"]
struct Files;

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| load(Language::English));
static RUSSIAN: LazyLock<Texts> = LazyLock::new(|| load(Language::Russian));

/// Returns the texts of a language.
pub(crate) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Russian => &RUSSIAN,
    }
}

/// The language's code, as HTML and the table of users have it.
pub(crate) fn code(language: Language) -> &'static str {
    language.of("en", "ru")
}

/// The language of a code.
pub(crate) fn language_of(code: &str) -> Option<Language> {
    match code {
        "en" => Some(Language::English),
        "ru" => Some(Language::Russian),
        _ => None,
    }
}

fn load(language: Language) -> Texts {
    let identifier = |language| -> LanguageIdentifier {
        // Both codes are language tags; a test finds out if not.
        code(language).parse().unwrap_or_default()
    };
    let texts = FluentLanguageLoader::new("credit_portfolio", identifier(Language::English));
    if let Err(err) = texts.load_languages(&Files, &[identifier(language)]) {
        log::error!("The texts of the dashboard can't be read: {err}");
    }
    // The marks around what is put in would be copied with the figures.
    texts.set_use_isolating(false);
    Texts {
        loader: texts,
        known: RwLock::default(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::Files;
    use crate::domain::Language;

    /// Each key with the variables that its text has.
    fn keys(language: &str) -> BTreeMap<String, BTreeSet<String>> {
        let file = Files::get(&format!("{language}/credit_portfolio.ftl")).unwrap();
        let text = std::str::from_utf8(&file.data).unwrap().to_owned();
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let body = match line.split_once(" =") {
                Some((name, body)) if !line.starts_with(' ') => {
                    key = name.to_owned();
                    assert!(
                        keys.insert(key.clone(), BTreeSet::new()).is_none(),
                        "{language}: {key} stands twice"
                    );
                    body
                }
                _ => line,
            };
            let variables = body.split('$').skip(1).map(|rest| {
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect::<String>()
            });
            keys.entry(key.clone()).or_default().extend(variables);
        }
        keys.remove("");
        assert!(keys.len() > 60);
        keys
    }

    #[test]
    fn each_language_has_its_own_texts_and_plurals() {
        let said = |language, count: i64| {
            let texts = super::texts(language);
            let arguments = std::collections::HashMap::from([("files", count.into())]);
            texts.get_args_concrete("run-files", arguments)
        };
        assert_eq!(said(Language::English, 1), "1 file");
        assert_eq!(said(Language::English, 2), "2 files");
        assert_eq!(said(Language::Russian, 21), "21 файл");
        assert_eq!(said(Language::Russian, 3), "3 файла");
        assert_eq!(said(Language::Russian, 11), "11 файлов");
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_variables() {
        let (english, russian) = (keys("en"), keys("ru"));
        let names = |keys: &BTreeMap<String, _>| keys.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&english), names(&russian));
        assert_eq!(english, russian);
    }
}
