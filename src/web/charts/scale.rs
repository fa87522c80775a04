//! An axis of values with round steps, and places on it in percent.

use std::fmt;

/// A place or length in percent of the plot, in thousandths: no floating point reaches the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pct(i64);

impl Pct {
    /// `part` of `whole`; zero when there is no whole.
    pub(crate) fn of(part: i128, whole: i128) -> Pct {
        if whole == 0 {
            return Pct(0);
        }
        Pct(i64::try_from(part * 100_000 / whole).unwrap_or(i64::MAX))
    }
}

impl Pct {
    /// So much of a length, in whole units.
    pub(crate) fn part_of(self, length: i64) -> i64 {
        (self.0.saturating_mul(length) + 50_000).div_euclid(100_000)
    }
}

impl fmt::Display for Pct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let thousandths = self.0.unsigned_abs();
        write!(f, "{sign}{}", thousandths / 1000)?;
        if !thousandths.is_multiple_of(1000) {
            let decimals = format!("{:03}", thousandths % 1000);
            write!(f, ".{}", decimals.trim_end_matches('0'))?;
        }
        f.write_str("%")
    }
}

/// An axis that holds zero, with steps of 1, 2, 2.5 or 5 times a power of ten.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scale {
    low: i128,
    high: i128,
    step: i128,
}

impl Scale {
    /// The axis over some values, with about so many steps.
    pub(super) fn over(values: impl IntoIterator<Item = i64>, steps: i64) -> Scale {
        let (mut low, mut high) = (0_i128, 0_i128);
        for value in values {
            low = low.min(value.into());
            high = high.max(value.into());
        }
        if low == high {
            high = 100;
        }
        let least = ((high - low) / i128::from(steps)).max(1);
        let mut power = 1_i128;
        while power * 10 <= least {
            power *= 10;
        }
        let step = [10, 20, 25, 50]
            .into_iter()
            .map(|tenths| power * tenths / 10)
            .find(|step| *step >= least)
            .unwrap_or(power * 10);
        Scale {
            low: low.div_euclid(step) * step,
            high: -(-high).div_euclid(step) * step,
            step,
        }
    }

    /// How far below the top a value stands.
    pub(super) fn y(&self, value: i64) -> Pct {
        Pct::of(self.high - i128::from(value), self.high - self.low)
    }

    /// The same in units of a square whose side has so many.
    pub(super) fn units(&self, value: i64, side: i128) -> i128 {
        (self.high - i128::from(value)) * side / (self.high - self.low)
    }

    /// How long a bar is.
    pub(super) fn height(&self, value: i64) -> Pct {
        Pct::of(i128::from(value).abs(), self.high - self.low)
    }

    /// The values that are marked, in order.
    pub(super) fn marks(&self) -> Vec<i64> {
        std::iter::successors(Some(self.low), |value| Some(value + self.step))
            .take_while(|value| *value <= self.high)
            .filter_map(|value| i64::try_from(value).ok())
            .collect()
    }
}
