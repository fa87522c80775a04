//! The amount of a payment in the currency of its contract, where that is another than the payment's.
//!
//! Source: 1C's columns `Курс расчетов` and `Сумма расчетов`; `Сумма расчетов` = `Сумма платежа` /
//! `Курс расчетов`.

use super::Money;

/// A rate has so many digits at most, on both sides of its decimal mark together.
const MOST_DIGITS: usize = 18;

/// Returns what a row repays or draws in its contract's currency: what it states, else amount / rate,
/// rounded half away from zero to the kopeck. `None` when it states neither; a stated 0 beside an amount is a cell
/// that was not filled in.
pub fn settled_amount(amount: Money, stated: Option<Money>, rate: Option<&str>) -> Option<Money> {
    let stated = stated.filter(|stated| *stated != Money::ZERO || amount == Money::ZERO);
    stated.or_else(|| divided_by(amount, rate?))
}

fn divided_by(amount: Money, rate: &str) -> Option<Money> {
    let compact: String = rate.chars().filter(|c| !c.is_whitespace()).collect();
    let (whole, decimals) = compact.split_once([',', '.']).unwrap_or((&compact, ""));
    let digits = format!("{whole}{decimals}");
    if digits.is_empty() || digits.len() > MOST_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rate: i128 = digits.parse().ok().filter(|rate| *rate > 0)?;
    let scale = 10_i128.pow(u32::try_from(decimals.len()).ok()?);
    let scaled = i128::from(amount.kopecks()) * scale;
    let magnitude = (scaled.abs() * 2 + rate) / (rate * 2);
    i64::try_from(if scaled < 0 { -magnitude } else { magnitude }).ok().map(Money::from_kopecks)
}
