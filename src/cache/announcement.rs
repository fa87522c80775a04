//! A change as processes announce it to each other.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::DataChange;

/// A change of the database with that id.
#[derive(Serialize, Deserialize)]
pub(super) struct Announcement<'a> {
    /// Nothing in messages of versions before this field.
    #[serde(default)]
    pub database: Cow<'a, str>,
    #[serde(flatten)]
    pub change: Cow<'a, DataChange>,
}
