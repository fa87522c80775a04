//! How new a department's data is: what decides whether a cached figure still holds.

use chrono::NaiveDateTime;

use super::DepartmentScope;

/// The version of a scope's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataVersion {
    /// Grows with every commit that changes data. Of all departments together: their sum.
    pub generation: i64,
    /// When the last import ended (UTC); `None` before the first.
    pub as_of: Option<NaiveDateTime>,
}

impl DataVersion {
    /// The version of a scope, out of those of the departments.
    pub fn of(scope: DepartmentScope, versions: impl IntoIterator<Item = (i64, DataVersion)>) -> DataVersion {
        let in_scope = |id: i64| scope.id().is_none_or(|wanted| wanted == id);
        versions.into_iter().filter(|(id, _)| in_scope(*id)).fold(DataVersion::default(), |sum, (_, version)| {
            DataVersion { generation: sum.generation + version.generation, as_of: sum.as_of.max(version.as_of) }
        })
    }
}
