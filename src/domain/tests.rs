//! What holds for every parser.

use proptest::prelude::*;

use super::{ContractRef, Currency, Money, folded, is_invisible, ru_date};

proptest! {
    #[test]
    fn nothing_that_is_typed_makes_a_parser_panic(text in "\\PC*") {
        let _ = Money::parse(&text);
        let _ = ru_date(&text);
        let _ = Currency::parse(&text);
        let _ = ContractRef::parse(&text, None).map(|contract| contract.key());
    }

    #[test]
    fn a_folded_text_is_its_words_with_a_space_between(
        text in "( {0,2}[\ta-zЁА-яё—№\u{a0}\u{2009}\u{200b}\u{feff}\u{ad}\u{483}0-9]{0,2}){0,5}"
    ) {
        let visible = |word: &str| word.chars().filter(|c| !is_invisible(*c)).collect::<String>();
        let words: Vec<String> = text.split_whitespace().map(visible).filter(|word| !word.is_empty()).collect();
        prop_assert_eq!(folded(&text), words.join(" "));
    }
}
