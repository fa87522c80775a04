//! The amount of a payment in the currency of its contract, where that is another than the
//! payment's.
//!
//! Source: 1C's columns `Курс расчетов` and `Сумма расчетов`; `Сумма расчетов` = `Сумма платежа` /
//! `Курс расчетов`.

use super::Money;
use super::money::without_groups;

/// A rate has so many significant digits at most,
const MOST_DIGITS: usize = 18;
/// and so many behind its decimal mark.
const MOST_DECIMALS: usize = 24;

/// A rate as an exact fraction: `digits` / 10^`decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    digits: i128,
    decimals: u32,
}

/// Returns whether a text is a rate: digits, together or in threes, with one decimal mark, comma or
/// point. 0 is one that was not filled in.
pub(crate) fn is_rate(text: &str) -> bool {
    Rate::parse(text).is_some()
}

/// Returns what a row repays or draws in its contract's currency: what it states, else amount /
/// rate, rounded half away from zero to the kopeck. `None` when it states neither; a stated 0
/// beside an amount is a cell that was not filled in.
pub(crate) fn settled_amount(
    amount: Money,
    stated: Option<Money>,
    rate: Option<&str>,
) -> Option<Money> {
    let stated = stated.filter(|stated| *stated != Money::ZERO || amount == Money::ZERO);
    stated.or_else(|| divided_by(amount, rate?))
}

impl Rate {
    fn parse(text: &str) -> Option<Rate> {
        let text = text.trim();
        let (whole, decimals) = text.split_once([',', '.']).unwrap_or((text, ""));
        let digits = format!("{}{decimals}", without_groups(whole)?);
        let significant = digits.trim_start_matches('0');
        let is_fit = significant.len() <= MOST_DIGITS && decimals.len() <= MOST_DECIMALS;
        if !is_fit || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = if significant.is_empty() {
            0
        } else {
            significant.parse().ok()?
        };
        Some(Rate {
            digits,
            decimals: u32::try_from(decimals.len()).ok()?,
        })
    }
}

fn divided_by(amount: Money, rate: &str) -> Option<Money> {
    let Rate { digits, decimals } = Rate::parse(rate).filter(|rate| rate.digits > 0)?;
    let scaled = i128::from(amount.kopecks()).checked_mul(10_i128.checked_pow(decimals)?)?;
    let magnitude = scaled.abs().checked_mul(2)?.checked_add(digits)? / (digits * 2);
    i64::try_from(if scaled < 0 { -magnitude } else { magnitude })
        .ok()
        .map(Money::from_kopecks)
}

#[cfg(test)]
mod tests {
    use super::{Money, is_rate, settled_amount};

    #[test]
    fn an_amount_is_divided_by_the_rate_and_rounded_half_away_from_zero() {
        for (kopecks, rate, settled) in [
            (921_314, "92,1314", Some(10_000)),
            (-921_314, "92.1314", Some(-10_000)),
            (100, "8", Some(13)),
            (-100, "8", Some(-13)),
            (10_000, "0.01085399200000001", Some(921_320)),
            (10_000, "1 000,5", Some(10)),
            (10_000, "0", None),
            (i64::MAX, "0.000000000000000000000001", None),
        ] {
            let found = settled_amount(Money::from_kopecks(kopecks), None, Some(rate));
            assert_eq!(
                found,
                settled.map(Money::from_kopecks),
                "{kopecks} / {rate}"
            );
        }
    }

    #[test]
    fn what_is_no_rate_is_noticed() {
        for text in [
            "92.1314",
            "92,1314",
            "0",
            "000000000000000000000001",
            "0.000000123456789012345678",
        ] {
            assert!(is_rate(text), "{text}");
        }
        for text in [
            "",
            ".",
            "по курсу ЦБ",
            "-1",
            "1,2,3",
            "92.13.14",
            "1234567890123456789",
            "1e5",
            "100 61,23",
            "92,13 1",
        ] {
            assert!(!is_rate(text), "{text}");
        }
    }
}
