//! What needs attention: findings in the data, and the last imports.

use i18n_embed_fl::fl;

use crate::analytics::DataQuality;
use crate::db::RunRow;
use crate::domain::{Money, PortfolioFilter};
use crate::state::AppState;
use crate::web::frame::{Frame, machine_time};
use crate::web::import_words::run_state;
use crate::web::navigation::{Section, path_of};
use crate::web::quality::in_capital;
use crate::web::surroundings::Surroundings;

/// So many checks are shown, those with most at stake.
const SHOWN: usize = 4;

/// A check that found something.
pub(super) struct Attention {
    pub(super) count: String,
    pub(super) text: String,
    /// What stands at stake.
    pub(super) detail: String,
    pub(super) is_warning: bool,
    pub(super) href: Option<String>,
}

/// An import.
pub(super) struct RunLine {
    pub(super) class: &'static str,
    pub(super) state: String,
    pub(super) name: String,
    pub(super) href: Option<String>,
    pub(super) machine: String,
    pub(super) time: String,
    pub(super) detail: String,
}

/// Returns the checks that found something, those with most at stake first.
pub(super) fn attention(
    quality: &DataQuality,
    filter: &PortfolioFilter,
    p: &Frame,
) -> Vec<Attention> {
    let t = p.texts;
    let mut found: Vec<_> = quality
        .checks
        .iter()
        .filter(|check| check.count > 0)
        .collect();
    found.sort_by_key(|check| std::cmp::Reverse(check.at_stake));
    let quality_page = path_of(Section::DataQuality);
    let shown = found.into_iter().take(SHOWN).map(|check| {
        let has_stake = check.at_stake > Money::ZERO;
        let what = check.description.split(';').next().unwrap_or_default();
        Attention {
            count: p.format.count(check.count),
            text: in_capital(what),
            detail: if has_stake {
                fl!(
                    t,
                    "at-stake",
                    amount = p.format.money(check.at_stake, &filter.currency)
                )
            } else {
                String::new()
            },
            is_warning: has_stake,
            href: quality_page.map(|path| format!("{path}{}#{}", p.query, check.name)),
        }
    });
    shown.collect()
}

/// Returns the last imports.
pub(super) fn runs(surroundings: &Surroundings, state: &AppState, p: &Frame) -> Vec<RunLine> {
    let imports = path_of(Section::Imports);
    let line = |run: &RunRow| {
        let t = p.texts;
        let (class, name) = run_state(t, &run.state);
        RunLine {
            class,
            state: name,
            name: fl!(t, "run-number", id = run.id),
            href: imports.map(|path| format!("{path}/{}", run.id)),
            machine: machine_time(run.started_at),
            time: p.format.time(state.cache.clock().local(run.started_at)),
            detail: if run.files_failed > 0 {
                fl!(
                    t,
                    "run-files-failed",
                    files = run.files_processed,
                    failed = run.files_failed
                )
            } else {
                fl!(t, "run-files", files = run.files_processed)
            },
        }
    };
    surroundings.runs.iter().map(line).collect()
}
