//! Currency codes, from the many spellings of 1C and people.

use std::fmt;

use serde::Serialize;

use super::is_invisible;

/// A currency by its ISO 4217 code. Amounts of two currencies are never added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Currency(String);

/// Russian and English names: the words of each, as they begin in all their cases and numbers; a
/// word with a point has no ending. A name fits when its words are all that stand there but
/// [`FILLERS`], in order.
const NAMES: &[(&str, &str)] = &[
    ("белорусск руб.", "BYN"),
    ("белорусск рубл", "BYN"),
    ("беларусск рубл", "BYN"),
    ("бел. руб.", "BYN"),
    ("бел. рубл", "BYN"),
    ("российск рубл", "RUB"),
    ("российск руб.", "RUB"),
    ("росс. руб.", "RUB"),
    ("росс. рубл", "RUB"),
    ("рос. руб.", "RUB"),
    ("рубл росси", "RUB"),
    ("руб. росси", "RUB"),
    ("рубл рф.", "RUB"),
    ("руб. рф.", "RUB"),
    ("russian ruble", "RUB"),
    ("russian rouble", "RUB"),
    ("belarusian ruble", "BYN"),
    ("belarusian rouble", "BYN"),
    ("рубл", "RUB"),
    ("руб.", "RUB"),
    ("р.", "RUB"),
    ("ruble", "RUB"),
    ("rouble", "RUB"),
    ("долл. сша.", "USD"),
    ("доллар сша.", "USD"),
    ("американск доллар", "USD"),
    ("us. dollar", "USD"),
    ("доллар", "USD"),
    ("долл.", "USD"),
    ("dollar", "USD"),
    ("доллар канады.", "CAD"),
    ("канадск доллар", "CAD"),
    ("австралийск доллар", "AUD"),
    ("гонконгск доллар", "HKD"),
    ("сингапурск доллар", "SGD"),
    ("новозеландск доллар", "NZD"),
    ("евро.", "EUR"),
    ("euro", "EUR"),
    ("китайск юан", "CNY"),
    ("юан", "CNY"),
    ("yuan", "CNY"),
    ("renminbi.", "CNY"),
    ("казахск тенге.", "KZT"),
    ("казахстанск тенге.", "KZT"),
    ("тенге.", "KZT"),
    ("tenge.", "KZT"),
    ("украинск гривн", "UAH"),
    ("украинск гривен.", "UAH"),
    ("гривн", "UAH"),
    ("гривен.", "UAH"),
    ("фунт стерлинг", "GBP"),
    ("pound sterling.", "GBP"),
    ("английск фунт", "GBP"),
    ("египетск фунт", "EGP"),
    ("японск иен", "JPY"),
    ("японск йен", "JPY"),
    ("иен", "JPY"),
    ("йен", "JPY"),
    ("yen.", "JPY"),
    ("швейцарск франк", "CHF"),
    ("swiss franc", "CHF"),
    ("турецк лир", "TRY"),
    ("turkish lira", "TRY"),
    ("дирхам оаэ.", "AED"),
    ("узбекск сум", "UZS"),
    ("киргизск сом", "KGS"),
    ("кыргызск сом", "KGS"),
    ("армянск драм", "AMD"),
    ("драм", "AMD"),
    ("грузинск лари.", "GEL"),
    ("лари.", "GEL"),
    ("азербайджанск манат", "AZN"),
    ("туркменск манат", "TMT"),
    ("молдавск ле", "MDL"),
    ("румынск ле", "RON"),
    ("таджикск сомони.", "TJS"),
    ("сомони.", "TJS"),
    ("индийск рупи", "INR"),
    ("польск злот", "PLN"),
    ("злот", "PLN"),
    ("южнокорейск вон", "KRW"),
    ("шведск крон", "SEK"),
    ("норвежск крон", "NOK"),
    ("датск крон", "DKK"),
    ("чешск крон", "CZK"),
    ("исландск крон", "ISK"),
    ("swedish kron", "SEK"),
    ("norwegian kron", "NOK"),
    ("danish kron", "DKK"),
    ("czech korun", "CZK"),
    ("израильск шекел", "ILS"),
    ("шекел", "ILS"),
    ("shekel", "ILS"),
    ("тайск бат", "THB"),
    ("таиландск бат", "THB"),
    ("baht", "THB"),
    ("венгерск форинт", "HUF"),
    ("форинт", "HUF"),
    ("вьетнамск донг", "VND"),
    ("донг", "VND"),
    ("монгольск тугрик", "MNT"),
    ("тугрик", "MNT"),
    ("сербск динар", "RSD"),
    ("болгарск лев", "BGN"),
    ("бразильск реал", "BRL"),
    ("южноафриканск рэнд", "ZAR"),
    ("саудовск риял", "SAR"),
    ("катарск риал", "QAR"),
    ("иранск риал", "IRR"),
    ("мексиканск песо.", "MXN"),
];

/// So many letters more has a word of a name at most: `рубл` is `рублями`, and `рубильник` is none.
const LONGEST_ENDING: usize = 3;

/// Words beside a name that do not change the currency.
const FILLERS: [&str; 8] = [
    "безнал",
    "безналичн",
    "нал",
    "наличн",
    "рф",
    "россии",
    "федерации",
    "российской",
];

/// Signs that stand for one currency. `¥` stands for two and is left out.
const SIGNS: [(char, &str); 9] = [
    ('₽', "RUB"),
    ('$', "USD"),
    ('€', "EUR"),
    ('£', "GBP"),
    ('₸', "KZT"),
    ('₴', "UAH"),
    ('₺', "TRY"),
    ('₹', "INR"),
    ('₾', "GEL"),
];

/// Cyrillic letters and the Latin ones that look the same.
const LOOK_ALIKES: [(char, char); 12] = [
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('У', 'Y'),
    ('Х', 'X'),
];

/// Codes that were replaced without a change of amounts.
const FORMER: [(&str, &str); 2] = [("RUR", "RUB"), ("810", "RUB")];

impl Currency {
    /// The currency that a text names: by its ISO code or number, a sign, or a Russian or English
    /// name in any case (`Российский рубль`, `доллары США`, `EUR (безнал.)`). Letters that look the
    /// same and invisible characters do not matter. `None`: it names none that ISO 4217 knows.
    pub fn parse(text: &str) -> Option<Currency> {
        let plain: String = text
            .to_uppercase()
            .replace('Ё', "Е")
            .chars()
            .filter(|c| !is_invisible(*c))
            .collect();
        let plain = plain.trim();
        let signs: Vec<char> = plain.chars().filter(|c| Currency::is_sign(*c)).collect();
        if let [sign] = signs[..] {
            let (_, code) = SIGNS.iter().find(|(known, _)| *known == sign)?;
            let meant = Currency((*code).to_owned());
            let rest = plain.replace(sign, "");
            let agrees = match rest.trim() {
                "" => true,
                "US" => *code == "USD",
                rest => Currency::parse(rest).as_ref() == Some(&meant),
            };
            return agrees.then_some(meant);
        }
        let words = plain
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        // Code and name may stand beside each other, `руб. (RUB)`; they must agree.
        let (codes, names): (Vec<&str>, Vec<&str>) =
            words.partition(|word| iso_code(word).is_some());
        let mut found: Vec<Currency> = codes
            .into_iter()
            .filter_map(iso_code)
            .map(Currency)
            .collect();
        if !names.iter().all(|word| is_filler(word)) || found.is_empty() {
            found.push(of_name(&names)?);
        }
        let first = found.pop()?;
        found.iter().all(|other| *other == first).then_some(first)
    }

    /// The currency of a stored row, whose code may be older than this program's list; the same
    /// spelling as [`Currency::parse`] where that knows it. `None` for a text without letters or
    /// digits.
    pub fn of_stored(text: &str) -> Option<Currency> {
        let stored = || {
            let name = text.trim().trim_end_matches('.').to_uppercase();
            name.chars()
                .any(char::is_alphanumeric)
                .then_some(Currency(name))
        };
        Currency::parse(text).or_else(stored)
    }

    /// Returns the codes of ISO 4217, by their numbers.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        (0..1_000)
            .filter_map(iso_currency::Currency::from_numeric)
            .map(|known| known.code())
    }

    /// Returns whether a character stands for a currency.
    pub fn is_sign(character: char) -> bool {
        SIGNS.iter().any(|(sign, _)| *sign == character) || character == '¥'
    }

    /// The sign that stands for it, if it has one of its own.
    pub fn sign(&self) -> Option<char> {
        let known = SIGNS.iter().find(|(_, code)| *code == self.0);
        known.map(|(sign, _)| *sign)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The code that a word is, as letters or as a number.
fn iso_code(word: &str) -> Option<String> {
    let latin: String = word
        .chars()
        .map(|c| {
            LOOK_ALIKES
                .iter()
                .find(|(other, _)| *other == c)
                .map_or(c, |(_, c)| *c)
        })
        .collect();
    if let Some((_, code)) = FORMER.iter().find(|(former, _)| *former == latin) {
        return Some((*code).to_owned());
    }
    let is_number = latin.len() <= 3 && latin.bytes().all(|byte| byte.is_ascii_digit());
    let known = match latin.parse::<u16>() {
        Ok(number) if is_number => iso_currency::Currency::from_numeric(number),
        _ => iso_currency::Currency::from_code(&latin),
    };
    known.map(|known| known.code().to_owned())
}

/// The code of the currency that some words name.
fn of_name(words: &[&str]) -> Option<Currency> {
    let cyrillic = |word: &str| -> String {
        let has_cyrillic = word.chars().any(|c| ('А'..='Я').contains(&c));
        let look_alike = |c: char| {
            LOOK_ALIKES
                .iter()
                .find(|(_, latin)| *latin == c)
                .map_or(c, |(other, _)| *other)
        };
        let spelled: String = if has_cyrillic {
            word.chars().map(look_alike).collect()
        } else {
            word.to_owned()
        };
        spelled.to_lowercase()
    };
    let words: Vec<String> = words.iter().map(|word| cyrillic(word)).collect();
    let fits = |word: &str, known: &str| match known.strip_suffix('.') {
        Some(whole) => word == whole,
        None => word
            .strip_prefix(known)
            .is_some_and(|ending| ending.chars().count() <= LONGEST_ENDING),
    };
    let names = |name: &str| {
        let mut rest = words
            .iter()
            .filter(|word| !is_filler(word) || name.split(' ').any(|known| fits(word, known)));
        let all_fit = name
            .split(' ')
            .all(|known| rest.next().is_some_and(|word| fits(word, known)));
        all_fit && rest.next().is_none()
    };
    NAMES
        .iter()
        .find(|(name, _)| names(name))
        .map(|(_, code)| Currency((*code).to_owned()))
}

fn is_filler(word: &str) -> bool {
    let word = word.to_lowercase();
    FILLERS.iter().any(|filler| word.starts_with(filler))
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
