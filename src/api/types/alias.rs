//! A spelling that exports recognize a row by.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::Spelling;

/// A name that exports recognize a row by.
#[derive(Serialize, ToSchema)]
pub struct Alias {
    /// The alias's id.
    pub id: i64,
    /// As it was first written.
    pub spelling: String,
}

impl From<Spelling> for Alias {
    fn from(row: Spelling) -> Alias {
        Alias {
            id: row.id,
            spelling: row.spelling,
        }
    }
}
