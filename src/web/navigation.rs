//! The pages of the navigation, in order. A page that is added here is also linked from wherever
//! [`path_of`] asks for it.

use i18n_embed_fl::fl;

use super::texts::Texts;

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    CashFlow,
    Payments,
    Compare,
    Lenders,
    Contracts,
    RollForward,
    Operations,
    Imports,
    DataQuality,
}

/// One line a page: section, path, name.
const PAGES: [(Section, &str, fn(&Texts) -> String); 8] = [
    (Section::Overview, "/", |t| fl!(t, "overview")),
    (Section::CashFlow, "/cash-flow", |t| fl!(t, "cash-flow")),
    (Section::Payments, "/payments", |t| {
        fl!(t, "principal-and-interest")
    }),
    (Section::Contracts, "/contracts", |t| fl!(t, "contracts")),
    (Section::Lenders, "/lenders", |t| fl!(t, "lenders")),
    (Section::RollForward, "/roll-forward", |t| {
        fl!(t, "roll-forward")
    }),
    (Section::Compare, "/compare", |t| fl!(t, "compare")),
    (Section::Operations, "/operations", |t| fl!(t, "operations")),
];

/// A line of the navigation.
pub(crate) struct NavigationLine {
    pub(crate) path: &'static str,
    pub(crate) name: String,
}

/// Returns the lines, in order.
pub(crate) fn navigation(texts: &Texts) -> Vec<NavigationLine> {
    PAGES
        .iter()
        .map(|(_, path, name)| NavigationLine {
            path,
            name: name(texts),
        })
        .collect()
}

/// Returns the path of a section, if its page exists.
pub(crate) fn path_of(section: Section) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(known, ..)| *known == section)
        .map(|(_, path, _)| *path)
}
