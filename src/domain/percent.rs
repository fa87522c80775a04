//! A percentage with two decimals, rounded half-up (a half goes away from zero).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Money;

/// Hundredths of a percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Percent(i64);

impl Percent {
    /// The percentage in hundredths.
    pub(crate) fn hundredths(self) -> i64 {
        self.0
    }

    /// `part / whole · 100`; zero when there is no whole to take a part of.
    pub(crate) fn of(part: Money, whole: Money) -> Percent {
        if whole == Money::ZERO {
            return Percent(0);
        }
        let scaled = i128::from(part.kopecks()) * 10_000;
        let whole = i128::from(whole.kopecks());
        let magnitude = (scaled.abs() * 2 + whole.abs()) / (whole.abs() * 2);
        let signed = if (scaled < 0) == (whole < 0) {
            magnitude
        } else {
            -magnitude
        };
        Percent(i64::try_from(signed).unwrap_or(if signed < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// Shares of a whole in percent that add up to 100.00 (largest remainder; ties go to the earlier
/// part). All zero when there is no whole. Parts are not negative.
pub(crate) fn shares(parts: &[Money]) -> Vec<Percent> {
    let whole: i128 = parts.iter().map(|part| i128::from(part.kopecks())).sum();
    if whole <= 0 {
        return vec![Percent(0); parts.len()];
    }
    let scaled = |part: &Money| i128::from(part.kopecks()) * 10_000;
    let mut shares: Vec<i64> = parts
        .iter()
        .map(|part| i64::try_from(scaled(part) / whole).unwrap_or(0))
        .collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|at| std::cmp::Reverse(scaled(&parts[*at]) % whole));
    let missing = usize::try_from(10_000 - shares.iter().sum::<i64>()).unwrap_or(0);
    for at in by_remainder.into_iter().take(missing) {
        shares[at] += 1;
    }
    shares.into_iter().map(Percent).collect()
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Money::from_kopecks(self.0).fmt(f)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        Money::deserialize(deserializer).map(|hundredths| Percent(hundredths.kopecks()))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Money::from_kopecks(self.0).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_half_up() {
        let of = |part, whole| {
            Percent::of(Money::from_kopecks(part), Money::from_kopecks(whole)).to_string()
        };
        assert_eq!(of(1, 3), "33.33");
        assert_eq!(of(2, 3), "66.67");
        assert_eq!(of(1, 20_000), "0.01");
        assert_eq!(of(-1, 20_000), "-0.01");
        assert_eq!(of(5, 0), "0.00");
    }
}
