//! Charts as pictures: every chart offers its figures as files and itself as SVG and PNG.

use std::collections::HashSet;

use reqwest::StatusCode;
use resvg::{tiny_skia, usvg};

use crate::support::app::Backend;
use crate::support::browser::{Browser, links_to};
use crate::support::dashboard::{download_files, with_portfolio};

/// Pages, and how many charts each has.
const PAGES: [(&str, usize); 7] = [
    ("/?date_from=2025-09-10", 2),
    ("/cash-flow?by=quarter", 2),
    ("/payments?organization_id=1", 1),
    ("/compare", 1),
    ("/contracts/1", 1),
    ("/lenders/1", 1),
    ("/?date_from=2030-01-01", 2),
];

async fn pictures(browser: &mut Browser, path: &str, kind: &str) -> Vec<String> {
    let page = browser.page(path).await;
    let own = path.split('?').next().unwrap();
    let links = links_to(&page, own).into_iter();
    let links = links.filter(|(address, name)| address.contains("picture=") && name == kind);
    links.map(|(address, _)| address).collect()
}

#[actix_rt::test]
async fn every_chart_is_offered_as_svg_and_png() {
    let (app, mut browser) = with_portfolio(Backend::Sqlite).await;
    for (path, charts) in PAGES {
        let (svgs, pngs) = (
            pictures(&mut browser, path, "SVG").await,
            pictures(&mut browser, path, "PNG").await,
        );
        assert_eq!((svgs.len(), pngs.len()), (charts, charts), "{path}");
        for address in svgs {
            let (headers, svg) = browser.file(&address).await;
            assert_eq!(headers["content-type"], "image/svg+xml; charset=utf-8");
            let named = headers["content-disposition"].to_str().unwrap();
            assert!(named.starts_with("attachment; filename=\"") && named.ends_with(".svg\""));
            let svg = String::from_utf8(svg).unwrap();
            usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
            // Away from its page it still says of which range and currency it is.
            let caption = svg.rsplit_once("<text").unwrap().1;
            let range = if address.contains("date_from") {
                "from "
            } else {
                "All"
            };
            assert!(
                caption.contains("RUB") && caption.contains(range),
                "{caption}"
            );
        }
        for address in pngs {
            let (headers, png) = browser.file(&address).await;
            assert_eq!(headers["content-type"], "image/png");
            let drawn = tiny_skia::Pixmap::decode_png(&png).unwrap();
            assert_eq!((drawn.width(), drawn.height()), (2400, 1120), "{address}");
            let colours: HashSet<u32> = drawn
                .pixels()
                .iter()
                .map(|pixel| u32::from_be_bytes([pixel.red(), pixel.green(), pixel.blue(), 0]))
                .collect();
            assert!(colours.len() > 20, "{address}: letters have many shades");
            let folder = std::path::Path::new("target/pictures");
            std::fs::create_dir_all(folder).unwrap();
            let name = address.replace(['/', '?', '=', '&'], "-");
            std::fs::write(folder.join(format!("picture{name}.png")), png).unwrap();
        }
    }
    assert!(
        download_files(&mut browser, "/").await >= 4,
        "of two charts"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_picture_says_in_russian_what_its_page_says_and_an_unknown_one_is_refused() {
    let (app, mut browser) = with_portfolio(Backend::Sqlite).await;
    browser.post_signed("/preferences", &[("lang", "ru")]).await;
    let (_, svg) = browser
        .file("/cash-flow?organization_id=1&picture=cash-flow.svg")
        .await;
    let svg = String::from_utf8(svg).unwrap();
    for said in ["Организация: ", "RUB", "Поступления"] {
        assert!(svg.contains(said), "{said}: {svg}");
    }
    for unknown in ["debt.svg", "cash-flow.gif", "cash-flow", ""] {
        let answer = browser.get(&format!("/cash-flow?picture={unknown}")).await;
        let expected = match unknown {
            "" => StatusCode::OK,
            _ => StatusCode::BAD_REQUEST,
        };
        assert_eq!(answer.status, expected, "{unknown}");
    }
    app.stop().await;
}
