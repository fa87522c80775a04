//! A chart as a picture of its own, for letters and presentations: SVG, and PNG drawn from it.
//!
//! It has a size in pixels, the colours of the light theme and a line that says what it shows: away
//! from its page, a figure must still name its filter, currency and date.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use askama::Template;
use i18n_embed_fl::fl;
use resvg::{tiny_skia, usvg};
use tokio::sync::Semaphore;

use super::{Chart, Series};
use crate::web::error::PageError;
use crate::web::filter_bar::FilterBar;
use crate::web::frame::Frame;
use crate::web::page_query::{PICTURE, PageQuery};
use crate::web::pages::page;

/// The plot's size, in pixels.
const WIDTH: i64 = 1086;
const HEIGHT: i64 = 360;
const PICTURE_WIDTH: u32 = 1200;
const PICTURE_HEIGHT: u32 = 560;
/// A PNG has so many pixels for each of the SVG's.
const SCALE: u16 = 2;
/// Ticks of a higher rank would touch each other.
const HIGHEST_RANK: u8 = 2;
/// About so many pixels are taken by a letter of the legend.
const LETTER: usize = 8;

/// A picture takes 12 MB while it is drawn: so many are drawn at a time.
static DRAWING: Semaphore = Semaphore::const_new(2);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../fonts/DejaVuSans.ttf").to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// A page whose charts can be had as pictures: at its own address, with [`PICTURE`].
pub(crate) trait HasCharts: Template {
    /// The frame, and the charts in it.
    fn charts(&self) -> (&Frame, Vec<&Chart>);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Svg,
    Png,
}

#[derive(Template)]
#[template(path = "chart/picture.svg")]
struct Picture<'a> {
    chart: &'a Chart,
    legend: Vec<LegendEntry<'a>>,
    lines: Vec<DrawnLine>,
    caption: Vec<String>,
    nothing: String,
}

struct LegendEntry<'a> {
    x: usize,
    series: &'a Series,
}

/// A line in pixels of the plot.
struct DrawnLine {
    class: &'static str,
    points: String,
    area: Option<String>,
}

/// Returns what an address asks for: the page, or one of its charts as a picture.
///
/// # Errors
/// [`PageError::Address`] for a picture that the page does not have, [`PageError::RetryLater`] when
/// too many are being drawn.
pub(crate) async fn page_or_picture(
    query: &PageQuery,
    shown: &impl HasCharts,
) -> Result<HttpResponse, PageError> {
    let Some(name) = query.own(PICTURE) else {
        return page(shown);
    };
    let no_such = || PageError::Address(PICTURE.to_owned());
    let (id, ending) = name.split_once('.').ok_or_else(no_such)?;
    let kind = match ending {
        "svg" => Kind::Svg,
        "png" => Kind::Png,
        _ => return Err(no_such()),
    };
    let (p, charts) = shown.charts();
    let chart = charts.iter().find(|chart| chart.id == id);
    let svg = Picture::of(chart.ok_or_else(no_such)?, p).render()?;
    let (content_type, body) = match kind {
        Kind::Svg => ("image/svg+xml; charset=utf-8", svg.into_bytes()),
        Kind::Png => ("image/png", png(svg).await?),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .body(body))
}

async fn png(svg: String) -> Result<Vec<u8>, PageError> {
    let permit = actix_rt::time::timeout(LONGEST_WAIT, DRAWING.acquire()).await;
    let Ok(Ok(_permit)) = permit else {
        return Err(PageError::RetryLater("other pictures are drawn".to_owned()));
    };
    let failed = |cause: String| PageError::Internal(format!("a chart can't be drawn: {cause}"));
    let drawn = web::block(move || drawn(&svg)).await;
    drawn
        .map_err(|err| failed(err.to_string()))?
        .map_err(failed)
}

fn drawn(svg: &str) -> Result<Vec<u8>, String> {
    let options = usvg::Options {
        fontdb: FONTS.clone(),
        font_family: "DejaVu Sans".to_owned(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|err| err.to_string())?;
    let scale = u32::from(SCALE);
    let pixels = tiny_skia::Pixmap::new(PICTURE_WIDTH * scale, PICTURE_HEIGHT * scale);
    let mut pixels = pixels.ok_or("no such size")?;
    let transform = tiny_skia::Transform::from_scale(SCALE.into(), SCALE.into());
    resvg::render(&tree, transform, &mut pixels.as_mut());
    pixels.encode_png().map_err(|err| err.to_string())
}

impl<'a> Picture<'a> {
    fn of(chart: &'a Chart, p: &Frame) -> Picture<'a> {
        let mut x = 0;
        let legend = chart.series.iter().map(|series| {
            let entry = LegendEntry { x, series };
            x += 40 + LETTER * series.name.chars().count();
            entry
        });
        Picture {
            legend: legend.collect(),
            lines: lines(chart),
            caption: caption(p),
            nothing: fl!(p.texts, "nothing-in-range"),
            chart,
        }
    }
}

/// The lines through the points of the columns.
fn lines(chart: &Chart) -> Vec<DrawnLine> {
    let zero = chart.marks.iter().find(|mark| mark.is_zero);
    let zero = zero.map_or(HEIGHT, |mark| mark.y.part_of(HEIGHT));
    let drawn = chart.lines.iter().map(|line| {
        let dots = chart.columns.iter().flat_map(|column| &column.dots);
        let dots = dots.filter(|dot| dot.class == line.class);
        let points: Vec<(i64, i64)> = dots
            .map(|dot| (dot.x.part_of(WIDTH), dot.y.part_of(HEIGHT)))
            .collect();
        let text = |points: &[(i64, i64)]| {
            let texts = points.iter().map(|(x, y)| format!("{x},{y}"));
            texts.collect::<Vec<_>>().join(" ")
        };
        let ends = points.first().zip(points.last());
        let area = ends.filter(|_| line.area.is_some()).map(|(first, last)| {
            let closed = [points.as_slice(), &[(last.0, zero), (first.0, zero)]].concat();
            text(&closed)
        });
        DrawnLine {
            class: line.class,
            points: text(&points),
            area,
        }
    });
    drawn.collect()
}

/// What a picture shows: its page, the range, what is selected, the currency, and as of when.
fn caption(p: &Frame) -> Vec<String> {
    let mut said = vec![p.title.clone()];
    said.extend(p.filters.iter().flat_map(FilterBar::said));
    let currency = p.foot.as_ref().map(|foot| foot.currency.clone());
    said.extend(currency.filter(|currency| !said.contains(currency)));
    let as_of = p.freshness.as_ref().and_then(|line| line.as_of.as_ref());
    said.extend(as_of.map(|(_, text)| format!("{} {text}", fl!(p.texts, "data-as-of"))));
    said
}

/// The colour of a series in the light theme.
fn colour(class: &str) -> &'static str {
    match class {
        "inflow" => "#0b7a6f",
        "outflow" => "#9a3b6c",
        "principal" => "#234f9f",
        "interest" => "#cf7a12",
        _ => "#3c4257",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_of_a_picture_are_those_of_the_light_theme() {
        let style = include_str!("../static/app.css");
        for class in ["inflow", "outflow", "principal", "interest", "debt"] {
            let token = format!("--{class}: light-dark({}, ", colour(class));
            assert!(style.contains(&token), "{token}");
        }
    }
}
