//! The pages of the navigation, in order. A page that is added here is also linked from wherever
//! [`path_of`] asks for it.

use i18n_embed_fl::fl;

use super::texts::Texts;

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "links to pages that are still to be made")]
pub(crate) enum Section {
    Overview,
    Lenders,
    Contracts,
    Operations,
    Imports,
    DataQuality,
}

/// One line a page: section, path, name.
const PAGES: [(Section, &str, fn(&Texts) -> String); 2] = [
    (Section::Overview, "/", |t| fl!(t, "overview")),
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
