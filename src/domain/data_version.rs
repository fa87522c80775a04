//! How new a department's data is: what decides whether a cached figure still holds.

use chrono::{NaiveDate, NaiveDateTime};

use super::DepartmentScope;

/// The version of a scope's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataVersion {
    /// Grows with every commit that changes data. Of all departments together: their sum.
    pub generation: i64,
    /// When the data was last known to be complete (UTC). Of all departments together: when all
    /// that have data were.
    pub as_of: Option<NaiveDateTime>,
    /// The newest document that is not dated after today; of all departments together, of any.
    pub through: Option<NaiveDate>,
}

impl DataVersion {
    /// The version of a scope, out of those of the departments.
    pub fn of(
        scope: DepartmentScope,
        versions: impl IntoIterator<Item = (i64, DataVersion)>,
    ) -> DataVersion {
        let in_scope = |id: i64| scope.id().is_none_or(|wanted| wanted == id);
        let versions = versions
            .into_iter()
            .filter(|(id, _)| in_scope(*id))
            .map(|(_, version)| version);
        let versions: Vec<DataVersion> = versions.collect();
        // All are complete as long as the first that is not; a department without data lacks none.
        let with_data = versions
            .iter()
            .filter(|version| version.as_of.is_some() || version.through.is_some());
        DataVersion {
            generation: versions.iter().map(|version| version.generation).sum(),
            as_of: with_data.map(|version| version.as_of).min().flatten(),
            through: versions.iter().filter_map(|version| version.through).max(),
        }
    }
}
