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

/// A page of the navigation: section, path, name.
struct PageLine(Section, &'static str, fn(&Texts) -> String);

/// One line a page.
const PAGES: &[PageLine] = &[
    PageLine(Section::Overview, "/", |t| fl!(t, "overview")),
    PageLine(Section::CashFlow, "/cash-flow", |t| fl!(t, "cash-flow")),
    PageLine(Section::Payments, "/payments", |t| {
        fl!(t, "principal-and-interest")
    }),
    PageLine(Section::Contracts, "/contracts", |t| fl!(t, "contracts")),
    PageLine(Section::Lenders, "/lenders", |t| fl!(t, "lenders")),
    PageLine(Section::RollForward, "/roll-forward", |t| {
        fl!(t, "roll-forward")
    }),
    PageLine(Section::Compare, "/compare", |t| fl!(t, "compare")),
    PageLine(Section::Operations, "/operations", |t| fl!(t, "operations")),
    PageLine(Section::Imports, "/imports", |t| fl!(t, "imports")),
    PageLine(Section::DataQuality, "/quality", |t| fl!(t, "data-quality")),
];

/// What a page is called.
type PageName = fn(&Texts) -> String;

/// The pages that only administrators see, after the others.
const OF_ADMINISTRATORS: [(&str, PageName); 2] = [
    ("/users", |t| fl!(t, "users")),
    ("/audit", |t| fl!(t, "audit-log")),
];

/// A line of the navigation.
pub(crate) struct NavigationLine {
    pub(crate) path: &'static str,
    pub(crate) name: String,
}

/// Returns the lines for a visitor, in order.
pub(crate) fn navigation(texts: &Texts, is_admin: bool) -> Vec<NavigationLine> {
    let of_all = PAGES.iter().map(|PageLine(_, path, name)| (path, name));
    let of_administrators = OF_ADMINISTRATORS.iter().map(|(path, name)| (path, name));
    of_all
        .chain(of_administrators.filter(|_| is_admin))
        .map(|(path, name)| NavigationLine {
            path,
            name: name(texts),
        })
        .collect()
}

/// Returns the path of a section, if its page exists.
pub(crate) fn path_of(section: Section) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|PageLine(known, ..)| *known == section)
        .map(|PageLine(_, path, _)| *path)
}
