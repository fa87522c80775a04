//! A line without axes, for a tile.

/// A line in a square of 1,000 units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spark {
    pub(crate) path: String,
    pub(crate) area: String,
}

/// Returns the line over some values; `None` for fewer than two.
pub(crate) fn spark(values: &[i64]) -> Option<Spark> {
    let low = i128::from(*values.iter().min()?);
    let high = i128::from(*values.iter().max()?);
    let last = values.len().checked_sub(1).filter(|last| *last > 0)? as i128;
    let span = (high - low).max(1);
    let mut path = String::new();
    for (value, at) in values.iter().zip(0_i128..) {
        let (x, y) = (
            at * 1000 / last,
            940 - (i128::from(*value) - low) * 880 / span,
        );
        let command = if at == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{command}{x} {y}"));
    }
    let area = format!("{path}L1000 1000L0 1000Z");
    Some(Spark { path, area })
}
