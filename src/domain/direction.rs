//! Which way a loan goes, and whether its other party is one of the holding's own organizations.

/// Which way the money of a contract goes; one of which nothing says it counts as borrowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Owed by us: credits and loans received.
    #[default]
    Borrowed,
    /// Owed to us: loans given.
    Lent,
}

impl Direction {
    /// As it is stored and answered.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::Borrowed => "borrowed",
            Direction::Lent => "lent",
        }
    }

    /// The direction of that name.
    pub fn of_name(name: &str) -> Option<Direction> {
        [Direction::Borrowed, Direction::Lent]
            .into_iter()
            .find(|direction| direction.as_str() == name)
    }
}

/// Whether contracts with the holding's own organizations count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IntraGroup {
    /// They count like all others.
    #[default]
    Include,
    /// They are left out.
    Exclude,
    /// Nothing else counts.
    Only,
}

impl IntraGroup {
    /// As the parameter `intra_group` and the cache key have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            IntraGroup::Include => "include",
            IntraGroup::Exclude => "exclude",
            IntraGroup::Only => "only",
        }
    }

    /// The choice of that name.
    pub fn of_name(name: &str) -> Option<IntraGroup> {
        [IntraGroup::Include, IntraGroup::Exclude, IntraGroup::Only]
            .into_iter()
            .find(|choice| choice.as_str() == name)
    }
}
