//! What holds for every parser.

use proptest::prelude::*;

use super::{ContractRef, Currency, Money, ru_date};

proptest! {
    #[test]
    fn nothing_that_is_typed_makes_a_parser_panic(text in "\\PC*") {
        let _ = Money::parse(&text);
        let _ = ru_date(&text);
        let _ = Currency::parse(&text);
        let _ = ContractRef::parse(&text, None).map(|contract| contract.key());
    }
}
