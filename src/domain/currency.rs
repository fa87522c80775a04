//! Currency codes, from 1C's many spellings.

use std::fmt;

use serde::Serialize;

/// A currency: its ISO 4217 code where the spelling is known (`руб.` is `RUB`), otherwise the
/// spelling in capitals. Amounts of two currencies are never added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Currency(String);

impl Currency {
    /// The currency that a text names; `None` for a text without letters or digits.
    pub fn parse(text: &str) -> Option<Currency> {
        let name = text.trim().trim_end_matches('.').to_uppercase();
        let code = match name.as_str() {
            "РУБ" | "РУБЛЬ" | "РУБЛИ" | "RUR" | "643" | "810" | "₽" => "RUB",
            "ДОЛЛ" | "ДОЛЛАР США" | "ДОЛЛ. США" | "840" | "$" => "USD",
            "ЕВРО" | "978" | "€" => "EUR",
            "ЮАНЬ" | "156" | "¥" => "CNY",
            "ТЕНГЕ" | "398" | "₸" => "KZT",
            other => other,
        };
        let meaningful = code.chars().any(char::is_alphanumeric);
        meaningful.then(|| Currency(code.to_owned()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Currency {
    /// The rouble.
    fn default() -> Currency {
        Currency("RUB".to_owned())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
