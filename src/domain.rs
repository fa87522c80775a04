//! The vocabulary of a loan portfolio: pure types, no I/O.
//!
//! Every other part may use these; they know nobody. A value that exists here is valid: parsing
//! happens once, at the boundary, and says what was wrong.

mod adjustment_kind;
mod balance;
mod bank_account_ref;
mod clock;
mod contract_ref;
mod contract_type;
mod currency;
mod data_change;
mod data_version;
mod date_range;
mod date_text;
mod direction;
mod flow_sums;
mod inn;
mod language;
mod list_cursor;
mod money;
mod month;
mod name_encoding;
mod party_name;
mod payment_type;
mod percent;
mod portfolio_filter;
mod quarter;
mod role;
mod settlement;
mod short_text;
mod touched_months;

pub use adjustment_kind::AdjustmentKind;
pub use balance::ContractStatus;
pub(crate) use balance::{BalanceFlows, BalanceMoves, Debt};
pub(crate) use bank_account_ref::number_and_bank;
pub use clock::{Clock, system_now, utc_now};
pub use contract_ref::{ContractRef, ru_date};
pub(crate) use contract_ref::{WITHOUT_CONTRACT, look_alike};
pub use contract_type::ContractType;
pub use currency::Currency;
pub(crate) use data_change::{ChangedData, ChangedDays, DataChange, Dependency};
pub(crate) use data_version::DataVersion;
pub use date_range::DateRange;
pub use date_text::DateText;
pub use direction::{Direction, IntraGroup};
pub(crate) use flow_sums::FlowSums;
pub(crate) use inn::valid_inn;
pub use language::Language;
pub(crate) use list_cursor::{InvalidCursor, ListCursor};
pub use money::Money;
pub(crate) use money::{MoneyError, RAW_NUMBER};
pub use month::Month;
pub(crate) use name_encoding::NameEncoding;
pub(crate) use party_name::PartyName;
pub(crate) use payment_type::{PaymentType, canonical_payment_type};
pub(crate) use percent::{Percent, shares};
pub use portfolio_filter::{DepartmentScope, PortfolioFilter, WITHOUT_LENDER};
pub use quarter::Quarter;
pub use role::Role;
pub(crate) use settlement::{is_rate, settled_amount};
pub use short_text::{LONGEST_TEXT, short_text};
pub(crate) use touched_months::TouchedMonths;

/// Folds runs of white space (no-break spaces too) into one space and trims the ends. Characters
/// that nobody sees are dropped: they make two names of one.
pub(crate) fn folded(text: &str) -> String {
    if is_folded(text.as_bytes()) {
        return text.to_owned();
    }
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let begin = folded.len();
        folded.extend(word.chars().filter(|c| !is_invisible(*c)));
        // A space is put in front where both sides have a word.
        if begin > 0 && folded.len() > begin {
            folded.insert(begin, ' ');
        }
    }
    folded
}

/// Whether nothing has to be folded, as far as that is seen at a glance: of visible ASCII and Russian
/// letters with single spaces between them.
fn is_folded(text: &[u8]) -> bool {
    const RUSSIAN: std::ops::RangeInclusive<u8> = 0xD0..=0xD1;
    const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xBF;
    let mut before = b' ';
    for byte in text {
        match byte {
            b' ' if before == b' ' => return false,
            b' ' | b'!'..=b'~' => {}
            byte if RUSSIAN.contains(byte) || CONTINUATION.contains(byte) => {}
            _ => return false,
        }
        before = *byte;
    }
    before != b' ' || text.is_empty()
}

/// Whether a character shows nothing and separates nothing: zero-width spaces and joiners, a byte
/// order mark, a soft hyphen.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
