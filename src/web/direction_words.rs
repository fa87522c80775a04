//! What a contract's figures are called: what is drawn and repaid on a loan that was taken is lent and
//! returned on one that was given.

use i18n_embed_fl::fl;

use super::texts::Texts;
use crate::domain::Direction;

/// The words of a direction.
pub(crate) struct DirectionWords {
    /// What increased the balance.
    pub(crate) drawn: String,
    /// What decreased it.
    pub(crate) repaid: String,
    /// What is owed.
    pub(crate) debt: String,
    /// The other party.
    pub(crate) party: String,
    /// Heading of the other parties and what each owes or is owed.
    pub(crate) parties: String,
}

impl DirectionWords {
    /// Those of loans taken or given.
    pub(crate) fn of(direction: Direction, t: &Texts) -> DirectionWords {
        match direction {
            Direction::Borrowed => DirectionWords {
                drawn: fl!(t, "drawn"),
                repaid: fl!(t, "repaid"),
                debt: fl!(t, "debt"),
                party: fl!(t, "lender"),
                parties: fl!(t, "owed-to"),
            },
            Direction::Lent => DirectionWords {
                drawn: fl!(t, "lent-drawn"),
                repaid: fl!(t, "lent-repaid"),
                debt: fl!(t, "owed-to-us"),
                party: fl!(t, "borrower"),
                parties: fl!(t, "owed-by"),
            },
        }
    }
}
