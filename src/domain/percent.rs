//! A percentage with two decimals, rounded half-up (a half goes away from zero).

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::Money;

/// Hundredths of a percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = f64, example = 78.13, description = "A percentage, rounded half-up to two decimals.")]
pub struct Percent(i64);

impl Percent {
    /// `part / whole · 100`; zero when there is no whole to take a part of.
    pub fn of(part: Money, whole: Money) -> Percent {
        if whole == Money::ZERO {
            return Percent(0);
        }
        let scaled = i128::from(part.kopecks()) * 10_000;
        let whole = i128::from(whole.kopecks());
        let magnitude = (scaled.abs() * 2 + whole.abs()) / (whole.abs() * 2);
        let signed = if (scaled < 0) == (whole < 0) { magnitude } else { -magnitude };
        Percent(i64::try_from(signed).unwrap_or(if signed < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Money::from_kopecks(self.0).fmt(f)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Money::from_kopecks(self.0).serialize(serializer)
    }
}
