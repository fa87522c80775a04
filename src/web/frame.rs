//! The frame around every page: header, navigation, filter bar, foot.

use actix_web::web::Data;
use chrono::{NaiveDateTime, TimeDelta};
use i18n_embed_fl::fl;

use super::assets::{Assets, assets};
use super::error::PageError;
use super::filter_bar::{Currencies, FilterBar, Offers};
use super::format::Format;
use super::navigation::{NavigationLine, Section, navigation, path_of};
use super::page_query::PageQuery;
use super::surroundings::Surroundings;
use super::texts::{Texts, code, texts};
use super::visitor::Visitor;
use crate::domain::{Currency, DepartmentScope};
use crate::state::AppState;

/// What the frame shows, in the words of the visitor. Templates call it `p`.
pub(crate) struct Frame {
    pub(crate) texts: &'static Texts,
    pub(crate) format: Format,
    pub(crate) code: &'static str,
    pub(crate) theme: Option<String>,
    pub(crate) title: String,
    pub(crate) assets: &'static Assets,
    pub(crate) user: String,
    /// What every form carries.
    pub(crate) csrf: String,
    pub(crate) navigation: Vec<NavigationLine>,
    /// The path of the page, and its address, to come back to.
    pub(crate) path: String,
    pub(crate) address: String,
    /// The filter as a query string, to keep it from page to page.
    pub(crate) query: String,
    pub(crate) freshness: Option<FreshnessLine>,
    pub(crate) filters: Option<FilterBar>,
    pub(crate) foot: Option<Foot>,
}

/// How new the data is.
pub(crate) struct FreshnessLine {
    /// `fresh-ok`, `fresh-old` after a day, `fresh-late` after two or when it was never complete.
    pub(crate) class: &'static str,
    /// As machines and as people read it; absent when the data was never complete.
    pub(crate) as_of: Option<(String, String)>,
    pub(crate) last_run: Option<(String, Option<String>)>,
}

/// What is said of the figures below them.
pub(crate) struct Foot {
    pub(crate) currency: String,
    /// Currencies that are not in the sums.
    pub(crate) other_currencies: String,
    pub(crate) computed_at: String,
    pub(crate) is_stale: bool,
}

/// What the figures of a page say of themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct FiguresNote {
    /// The earliest, in Unix milliseconds.
    pub(crate) computed_at_ms: i64,
    pub(crate) other_currencies: Vec<String>,
    pub(crate) is_stale: bool,
}

impl Frame {
    /// A frame without filter bar and foot.
    pub(crate) fn plain(
        visitor: &Visitor,
        path: &str,
        title: impl FnOnce(&Texts) -> String,
    ) -> Frame {
        let texts = texts(visitor.language);
        Frame {
            texts,
            format: Format(visitor.language),
            code: code(visitor.language),
            theme: visitor.session.theme.clone(),
            title: title(texts),
            assets: assets(),
            user: visitor.session.full_name.clone(),
            csrf: visitor.session.form_token.clone(),
            navigation: navigation(texts, visitor.is_admin()),
            path: path.to_owned(),
            address: path.to_owned(),
            query: String::new(),
            freshness: None,
            filters: None,
            foot: None,
        }
    }

    /// The frame of a page without figures: it keeps the filter of those that have some, and shows
    /// how new the data is.
    pub(crate) fn of_list(
        state: &AppState,
        visitor: &Visitor,
        query: &PageQuery,
        surroundings: &Surroundings,
        title: impl FnOnce(&Texts) -> String,
    ) -> Frame {
        let section = query.link.path().split('/').nth(1).unwrap_or_default();
        let mut frame = Frame::plain(visitor, &format!("/{section}"), title);
        frame.query = query.kept().to_string();
        frame.address = query.address().to_string();
        frame.freshness = FreshnessLine::new(
            state,
            query.filter.department,
            surroundings,
            frame.texts,
            frame.format,
        );
        frame
    }

    /// The frame of a page of figures.
    ///
    /// # Errors
    /// [`PageError::Address`] when the filter names a row that is not there.
    pub(crate) fn of_figures(
        state: &Data<AppState>,
        visitor: &Visitor,
        query: &PageQuery,
        surroundings: &Surroundings,
        offers: Offers,
        note: &FiguresNote,
        title: impl FnOnce(&Texts) -> String,
    ) -> Result<Frame, PageError> {
        surroundings.check(&query.filter)?;
        let address = query.address();
        let mut frame = Frame::plain(visitor, "", title);
        let (t, format) = (frame.texts, frame.format);
        let currencies = Currencies {
            base: &state.base_currency,
            others: &note.other_currencies,
        };
        frame.filters = Some(FilterBar::new(
            query,
            surroundings,
            offers,
            &currencies,
            range_text(query, t, format),
            state.cache.today(),
            t,
        ));
        frame.query = query.kept().to_string();
        frame.path = frame
            .filters
            .as_ref()
            .map(|bar| bar.path.clone())
            .unwrap_or_default();
        frame.address = address.to_string();
        frame.freshness =
            FreshnessLine::new(state, query.filter.department, surroundings, t, format);
        frame.foot = Some(Foot::new(state, &query.filter.currency, note, format));
        Ok(frame)
    }
}

impl FreshnessLine {
    fn new(
        state: &AppState,
        scope: DepartmentScope,
        surroundings: &Surroundings,
        t: &Texts,
        format: Format,
    ) -> Option<FreshnessLine> {
        let as_of = state.cache.known_version(scope)?.as_of;
        let clock = state.cache.clock();
        let class = match as_of.map(|as_of| clock.now().naive_utc() - as_of) {
            Some(age) if age <= TimeDelta::days(1) => "fresh-ok",
            Some(age) if age <= TimeDelta::days(2) => "fresh-old",
            _ => "fresh-late",
        };
        let imports = path_of(Section::Imports);
        let last_run = surroundings.runs.first().map(|run| {
            let name = fl!(t, "import-number", id = run.id);
            (name, imports.map(|path| format!("{path}/{}", run.id)))
        });
        Some(FreshnessLine {
            class,
            as_of: as_of.map(|as_of| (machine_time(as_of), format.time(clock.local(as_of)))),
            last_run,
        })
    }
}

impl Foot {
    fn new(state: &AppState, currency: &Currency, note: &FiguresNote, format: Format) -> Foot {
        let computed = chrono::DateTime::from_timestamp_millis(note.computed_at_ms);
        let local = computed.map(|time| state.cache.clock().local(time.naive_utc()));
        Foot {
            currency: currency.to_string(),
            other_currencies: note.other_currencies.join(", "),
            computed_at: local.map(|time| format.time(time)).unwrap_or_default(),
            is_stale: note.is_stale,
        }
    }
}

/// A stored time as HTML's `datetime` has it.
pub(crate) fn machine_time(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The range in words.
fn range_text(query: &PageQuery, t: &Texts, format: Format) -> String {
    let dates = &query.filter.dates;
    match (dates.from(), dates.to()) {
        (None, None) => fl!(t, "preset-all"),
        (Some(from), None) => fl!(t, "range-from", from = format.date(from)),
        (None, Some(to)) => fl!(t, "range-to", to = format.date(to)),
        (Some(from), Some(to)) => fl!(
            t,
            "range-from-to",
            from = format.date(from),
            to = format.date(to)
        ),
    }
}

impl FiguresNote {
    /// The note of a page with further figures: the earliest time, all currencies.
    pub(crate) fn and(mut self, other: FiguresNote) -> FiguresNote {
        self.computed_at_ms = self.computed_at_ms.min(other.computed_at_ms);
        self.is_stale |= other.is_stale;
        for currency in other.other_currencies {
            if !self.other_currencies.contains(&currency) {
                self.other_currencies.push(currency);
            }
        }
        self
    }
}
