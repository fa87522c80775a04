//! Charts as geometry: figures in, places in percent of the plot out. No HTML is made here: templates
//! print the geometry, and it has no pixels, so that a chart fits any width.
//!
//! A chart is a row of columns. Each column leads to the operations behind it, and is a row of the
//! chart's table, which is the source of the tooltip and of what a screen reader says.

mod periods;
mod picture;
mod scale;
mod spark;

use chrono::NaiveDate;

pub(crate) use periods::{Period, month_of, periods, quarters};
pub(crate) use picture::{HasCharts, page_or_picture};
pub(crate) use scale::Pct;
use scale::Scale;
pub(crate) use spark::{Spark, spark};

use super::files::FileLink;
use super::format::Format;
use crate::domain::Money;

/// About so many steps has the axis of values.
const STEPS: i64 = 5;
/// Lines are drawn in a square of so many units.
const SIDE: i128 = 1000;

/// A series: how it is coloured (a class of the style sheet) and what it is called.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// `debt`, `principal`, `interest`, `inflow` or `outflow`.
    pub(crate) class: &'static str,
    /// The heading of its column in the table.
    pub(crate) name: String,
    /// What it is drawn as.
    pub(crate) mark: Mark,
}

/// What a series is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    dead_code,
    reason = "the cumulative line and net, in the table only, of the cash flow"
)]
pub(crate) enum Mark {
    /// Stacked upon the bars of the series before it; values below zero go down.
    Bar,
    /// The same, downwards: what goes out.
    BarBelow,
    /// A line.
    Line,
    /// A line with the area below it.
    Area,
    /// In the table only.
    None,
}

/// A column of a chart: a period, and the value of each series in it.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The period.
    pub(crate) period: Period,
    /// In the order of the series.
    pub(crate) values: Vec<Money>,
    /// Where each value leads.
    pub(crate) hrefs: Vec<String>,
    /// Where the column leads.
    pub(crate) href: String,
}

/// What a chart is made of.
pub(crate) struct ChartInput {
    /// Its id on the page.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) title: String,
    /// What it says in a sentence.
    pub(crate) summary: String,
    /// Its series.
    pub(crate) series: Vec<Series>,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// The sums below the table, with where they lead; none for balances.
    pub(crate) totals: Option<Vec<(Money, String)>>,
    /// Its files.
    pub(crate) files: Vec<FileLink>,
}

/// A chart, ready to be printed.
pub(crate) struct Chart {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) series: Vec<Series>,
    pub(crate) marks: Vec<AxisMark>,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) columns: Vec<PlacedColumn>,
    pub(crate) lines: Vec<Line>,
    /// Sums as text, with where they lead.
    pub(crate) totals: Option<Vec<(String, String)>>,
    pub(crate) files: Vec<FileLink>,
}

/// A mark of the axis of values.
pub(crate) struct AxisMark {
    pub(crate) y: Pct,
    pub(crate) text: String,
    pub(crate) is_zero: bool,
}

/// A tick of the axis of time.
pub(crate) struct Tick {
    pub(crate) x: Pct,
    pub(crate) text: String,
    /// Which widths show it: 0 all, 1 middle ones and above, 2 wide ones, 3 the widest.
    pub(crate) rank: u8,
}

/// A column in its place.
pub(crate) struct PlacedColumn {
    pub(crate) x: Pct,
    pub(crate) width: Pct,
    pub(crate) href: String,
    /// The period's name.
    pub(crate) head: String,
    /// What a screen reader says.
    pub(crate) label: String,
    /// Texts of the values, with where they lead.
    pub(crate) cells: Vec<(String, String)>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) dots: Vec<Dot>,
    /// Whether the period is still running.
    pub(crate) is_partial: bool,
}

/// A bar of a column.
pub(crate) struct Bar {
    pub(crate) x: Pct,
    pub(crate) y: Pct,
    pub(crate) width: Pct,
    pub(crate) height: Pct,
    pub(crate) class: &'static str,
}

/// The point of a line in a column.
pub(crate) struct Dot {
    pub(crate) x: Pct,
    pub(crate) y: Pct,
    pub(crate) class: &'static str,
}

/// A line over all columns.
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) path: String,
    /// The area below it.
    pub(crate) area: Option<String>,
}

impl Chart {
    /// Whether there is nothing to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Places everything; the period that holds `today` is marked as still running.
    pub(crate) fn new(input: ChartInput, format: Format, today: NaiveDate) -> Chart {
        let ChartInput {
            id,
            title,
            summary,
            series,
            columns,
            totals,
            files,
        } = input;
        let scale = Scale::over(extremes(&series, &columns), STEPS);
        let count = columns.len().max(1) as i128;
        let marks = scale.marks().into_iter().map(|value| AxisMark {
            y: scale.y(value),
            text: format.axis(Money::from_kopecks(value)),
            is_zero: value == 0,
        });
        let ticks = ticks(&columns, format);
        let lines = lines(&series, &columns, &scale);
        let placed = columns
            .iter()
            .zip(0_i128..)
            .map(|(column, at)| placed(column, at, count, &series, &scale, format, today));
        Chart {
            id,
            title,
            summary,
            marks: marks.collect(),
            ticks,
            columns: placed.collect(),
            lines,
            totals: totals.map(|totals| {
                let text = |(sum, href)| (format.amount(sum), href);
                totals.into_iter().map(text).collect()
            }),
            files,
            series,
        }
    }
}

/// Few columns have a tick each; of many, the calendar's round months. Some tick names the year.
const FEW: usize = 6;

fn ticks(columns: &[Column], format: Format) -> Vec<Tick> {
    let count = columns.len() as i128;
    let has_few = columns.len() <= FEW;
    let names_year = columns.iter().any(|column| column.period.rank() == 0);
    let tick = |(column, at): (&Column, i128)| {
        let period = column.period;
        let is_first_without = at == 0 && !names_year;
        Tick {
            x: Pct::of(2 * at + 1, 2 * count),
            text: if is_first_without {
                format.short_month(period.first)
            } else {
                format.tick(period.first)
            },
            rank: if has_few || is_first_without {
                0
            } else {
                period.rank()
            },
        }
    };
    columns.iter().zip(0_i128..).map(tick).collect()
}

/// The tops and bottoms of the stacks, and the points of the lines.
fn extremes(series: &[Series], columns: &[Column]) -> Vec<i64> {
    let mut values = Vec::new();
    for column in columns {
        let (mut up, mut down) = (0_i64, 0_i64);
        for (series, value) in series.iter().zip(&column.values) {
            let value = value.kopecks();
            match series.mark {
                Mark::BarBelow => down = down.saturating_sub(value),
                Mark::Bar if value > 0 => up = up.saturating_add(value),
                Mark::Bar => down = down.saturating_add(value),
                Mark::Line | Mark::Area => values.push(value),
                Mark::None => {}
            }
        }
        values.extend([up, down]);
    }
    values
}

fn placed(
    column: &Column,
    at: i128,
    count: i128,
    series: &[Series],
    scale: &Scale,
    format: Format,
    today: NaiveDate,
) -> PlacedColumn {
    let (mut up, mut down) = (0_i64, 0_i64);
    let (mut bars, mut dots) = (Vec::new(), Vec::new());
    for (series, value) in series.iter().zip(&column.values) {
        let (class, value) = (series.class, value.kopecks());
        let value = match series.mark {
            Mark::BarBelow => value.saturating_neg(),
            _ => value,
        };
        match series.mark {
            Mark::Bar | Mark::BarBelow if value != 0 => {
                let y = if value > 0 {
                    up = up.saturating_add(value);
                    scale.y(up)
                } else {
                    let y = scale.y(down);
                    down = down.saturating_add(value);
                    y
                };
                bars.push(Bar {
                    x: Pct::of(100 * at + 16, 100 * count),
                    width: Pct::of(68, 100 * count),
                    y,
                    height: scale.height(value),
                    class,
                });
            }
            Mark::Line | Mark::Area => dots.push(Dot {
                x: Pct::of(2 * at + 1, 2 * count),
                y: scale.y(value),
                class,
            }),
            Mark::Bar | Mark::BarBelow | Mark::None => {}
        }
    }
    let head = column.period.name(format);
    let texts: Vec<String> = column
        .values
        .iter()
        .map(|value| format.amount(*value))
        .collect();
    let said: Vec<String> = series
        .iter()
        .zip(&texts)
        .map(|(series, text)| format!("{} {text}", series.name))
        .collect();
    PlacedColumn {
        x: Pct::of(at, count),
        width: Pct::of(1, count),
        href: column.href.clone(),
        label: format!("{head}: {}", said.join(", ")),
        head,
        cells: texts.into_iter().zip(column.hrefs.clone()).collect(),
        bars,
        dots,
        is_partial: column.period.holds(today),
    }
}

fn lines(series: &[Series], columns: &[Column], scale: &Scale) -> Vec<Line> {
    let count = columns.len() as i128;
    let x = |at: i128| (2 * at + 1) * SIDE / (2 * count);
    let drawn = series.iter().enumerate().filter(|(_, series)| {
        matches!(series.mark, Mark::Line | Mark::Area) && !columns.is_empty()
    });
    drawn
        .map(|(index, series)| {
            let mut path = String::new();
            for (column, at) in columns.iter().zip(0_i128..) {
                let value = column.values.get(index).copied().unwrap_or_default();
                let command = if at == 0 { 'M' } else { 'L' };
                path.push_str(&format!(
                    "{command}{} {}",
                    x(at),
                    scale.units(value.kopecks(), SIDE)
                ));
            }
            let zero = scale.units(0, SIDE);
            let area = (series.mark == Mark::Area)
                .then(|| format!("{path}L{} {zero}L{} {zero}Z", x(count - 1), x(0)));
            Line {
                class: series.class,
                path,
                area,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
