//! The language of texts for people: files, and what checks of the data say.

/// What headings are in, and how numbers and days are written in CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// `lang=en`.
    #[default]
    English,
    /// `lang=ru`.
    Russian,
}

impl Language {
    /// Chooses by language.
    pub fn of<T>(self, english: T, russian: T) -> T {
        match self {
            Language::English => english,
            Language::Russian => russian,
        }
    }

    /// Yes or no.
    pub fn mark(self, mark: bool) -> &'static str {
        if mark {
            self.of("true", "да")
        } else {
            self.of("false", "нет")
        }
    }
}
