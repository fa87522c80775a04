//! Links to the files of the REST interface: the same figures with the same filter.

use super::frame::Frame;
use super::links::Link;
use super::page_query::{PICTURE, PageQuery};

const ENDINGS: [&str; 2] = ["xlsx", "csv"];
const PICTURES: [&str; 2] = ["svg", "png"];

/// A file: its kind, and its address.
pub(crate) struct FileLink {
    pub(crate) name: String,
    pub(crate) href: String,
}

/// Returns the links to the files of an endpoint of the credit portfolio, with the page's filter and
/// language.
pub(crate) fn file_links(query: &PageQuery, endpoint: &str, p: &Frame) -> Vec<FileLink> {
    let address = query
        .link
        .at(&format!("/api/v1/credit-portfolio/{endpoint}"));
    files_at(&address, p)
}

/// Returns the links to what is at an address of the REST interface as files, in the page's language.
pub(crate) fn files_at(address: &Link, p: &Frame) -> Vec<FileLink> {
    let address = address.clone().with("lang", p.code);
    let link = |ending: &str| FileLink {
        name: ending.to_uppercase(),
        href: address.clone().with("format", ending).to_string(),
    };
    ENDINGS.map(link).into()
}

/// Returns the links to the figures of a chart of this page, and to the chart as pictures.
pub(crate) fn chart_files(query: &PageQuery, id: &str, of_figures: Vec<FileLink>) -> Vec<FileLink> {
    let link = |ending: &str| FileLink {
        name: ending.to_uppercase(),
        href: query
            .address()
            .with(PICTURE, format!("{id}.{ending}"))
            .to_string(),
    };
    of_figures.into_iter().chain(PICTURES.map(link)).collect()
}
