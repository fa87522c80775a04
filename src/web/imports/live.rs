//! A run that is going on: how far it is now; script follows it from there.

use actix_web::web::Data;
use i18n_embed_fl::fl;

use super::{API, PATH};
use crate::db;
use crate::domain::DepartmentScope;
use crate::import::{Phase, Progress};
use crate::state::AppState;
use crate::web::error::PageError;
use crate::web::frame::Frame;
use crate::web::visitor::Visitor;

/// A bar has so many steps.
const STEPS: u64 = 1000;

/// A run that is going on.
pub(super) struct LiveRun {
    pub(super) name: String,
    pub(super) href: String,
    /// Where script finds how far it is.
    pub(super) api: String,
    /// Where to stop it, for those who may.
    pub(super) cancel: Option<String>,
    pub(super) text: String,
    /// Of [`STEPS`]; `None`: not known.
    pub(super) value: Option<u64>,
    /// The phases' names in the interface, and in words.
    pub(super) phases: Vec<(&'static str, String)>,
}

impl LiveRun {
    /// Returns a run that is still going on.
    ///
    /// # Errors
    /// [`PageError`] when the database can't answer.
    pub(super) async fn of(
        state: &Data<AppState>,
        visitor: &Visitor,
        p: &Frame,
        scope: DepartmentScope,
        id: i64,
    ) -> Result<Option<LiveRun>, PageError> {
        let run = db::find_run(&mut state.db.conn().await?, scope, id).await?;
        if run.is_none_or(|run| run.state != "running") {
            return Ok(None);
        }
        let progress = state.import.watch(id).await;
        let progress = progress.map(|progress| progress.borrow().clone());
        let t = p.texts;
        let text = match &progress {
            Some(progress) => progress_text(progress, p),
            None => fl!(t, "run-elsewhere"),
        };
        let phase = |phase| (name_of(phase), phase_text(phase, p));
        Ok(Some(LiveRun {
            name: fl!(t, "run-number", id = id),
            href: format!("{PATH}/{id}"),
            api: format!("{API}/import/runs/{id}"),
            cancel: visitor.may_change().then(|| format!("{PATH}/{id}/cancel")),
            text,
            value: progress.as_ref().and_then(share_done),
            phases: [
                Phase::Listing,
                Phase::Settling,
                Phase::Fetching,
                Phase::Loading,
            ]
            .map(phase)
            .into(),
        }))
    }
}

fn name_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Listing => "listing",
        Phase::Settling => "settling",
        Phase::Fetching => "fetching",
        Phase::Loading => "loading",
    }
}

fn phase_text(phase: Phase, p: &Frame) -> String {
    let t = p.texts;
    match phase {
        Phase::Listing => fl!(t, "phase-listing"),
        Phase::Settling => fl!(t, "phase-settling"),
        Phase::Fetching => fl!(t, "phase-fetching"),
        Phase::Loading => fl!(t, "phase-loading"),
    }
}

/// `Loading · R - spisanie.xlsx · 3 / 12 · 4,000 / 12,000`: as script writes it, too.
fn progress_text(progress: &Progress, p: &Frame) -> String {
    let count = |number: u64| p.format.count(i64::try_from(number).unwrap_or(i64::MAX));
    let mut parts = vec![phase_text(progress.phase, p)];
    parts.extend(progress.file.clone());
    if progress.files_total > 0 {
        let (done, total) = (progress.files_done as u64, progress.files_total as u64);
        parts.push(format!(
            "{}: {} / {}",
            fl!(p.texts, "files"),
            count(done),
            count(total)
        ));
    }
    if progress.phase == Phase::Loading {
        let of = progress.rows_total.map(|of| format!(" / {}", count(of)));
        let rows = fl!(p.texts, "rows");
        let done = count(progress.rows);
        parts.push(format!("{rows}: {done}{}", of.unwrap_or_default()));
    }
    parts.join(" · ")
}

/// How much is done, of [`STEPS`]: whole files, and the rows of the current one.
fn share_done(progress: &Progress) -> Option<u64> {
    let files = progress.files_total as u64;
    if files == 0 {
        return None;
    }
    let rows = progress
        .rows_total
        .filter(|rows| *rows > 0)
        .map_or(0, |rows| STEPS * progress.rows.min(rows) / rows);
    let done = STEPS * progress.files_done as u64 + rows;
    Some((done / files).min(STEPS))
}
