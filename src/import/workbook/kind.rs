//! The kinds of workbook, and how a file's name says which it is.

use std::fmt;

/// What a workbook's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Receipts.
    Receipts,
    /// Expenses.
    Expenses,
    /// Expense details (a breakdown of expenses).
    Details,
    /// Adjustments, written by people: what exports do not hold.
    Adjustments,
}

/// The longest word first: a breakdown's name holds the word of the expenses as well.
const WORDS: [(Kind, [&str; 2]); 4] = [
    (Kind::Details, ["rasshifrovka", "расшифровка"]),
    (Kind::Receipts, ["postuplenie", "поступление"]),
    (Kind::Expenses, ["spisanie", "списание"]),
    (Kind::Adjustments, ["korrektirovka", "корректировка"]),
];

impl Kind {
    /// All kinds, in the order in which a header is tried: a breakdown before the expenses whose
    /// first column it shares.
    pub const ALL: [Kind; 4] = [
        Kind::Details,
        Kind::Receipts,
        Kind::Expenses,
        Kind::Adjustments,
    ];

    /// Returns the kind that a file's name states, in any letter case.
    pub fn of_name(name: &str) -> Option<Kind> {
        let name = name.to_lowercase();
        let named = WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|word| name.contains(word)));
        named.map(|(kind, _)| *kind)
    }

    /// The table that the rows go to.
    pub fn table_name(self) -> &'static str {
        match self {
            Kind::Receipts => "receipts",
            Kind::Expenses => "expenses",
            Kind::Details => "expense_details",
            Kind::Adjustments => "adjustments",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Receipts => "receipts",
            Kind::Expenses => "expenses",
            Kind::Details => "expense details",
            Kind::Adjustments => "adjustments",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn the_name_gives_the_kind_and_the_longer_word_wins() {
        for (name, kind) in [
            (
                "Sever - spisanie(rasshifrovka) XLSX.xlsx",
                Some(Kind::Details),
            ),
            (
                "Sever Torg - Spisanie kredity XLSX.xlsx",
                Some(Kind::Expenses),
            ),
            ("Yug - Postuplenie(kredity) XLSX.xlsx", Some(Kind::Receipts)),
            ("СПИСАНИЕ (Расшифровка).XLSX", Some(Kind::Details)),
            ("Запад - Поступление.xlsx", Some(Kind::Receipts)),
            ("budget.xlsx", None),
        ] {
            assert_eq!(Kind::of_name(name), kind, "{name}");
        }
    }
}
