//! How new the data is: by department, by organization and kind of file; and the files that fail.

use chrono::NaiveDateTime;

use crate::analytics::Freshness;
use crate::state::AppState;
use crate::web::frame::{Frame, machine_time};
use crate::web::import_words::{Reasons, file_kind};
use crate::web::page_query::PageQuery;

/// A time for people and for machines.
pub(super) struct Time {
    pub(super) machine: String,
    pub(super) text: String,
}

/// How new the data of a department is.
pub(super) struct DepartmentLine {
    pub(super) name: String,
    pub(super) as_of: Option<Time>,
    pub(super) checked_at: Option<Time>,
    pub(super) through: String,
    pub(super) failing: String,
}

/// How new the exports of one kind of an organization are.
pub(super) struct ExportLine {
    pub(super) organization: String,
    /// The overview of that organization.
    pub(super) href: String,
    pub(super) kind: String,
    pub(super) arrived_at: Option<Time>,
    pub(super) checked_at: Time,
    pub(super) newest: String,
    pub(super) failing: String,
}

/// A file that can't be imported now.
pub(super) struct FailingLine {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) since: Time,
    pub(super) tried_at: Time,
    pub(super) reasons: Reasons,
}

impl Time {
    /// A stored time.
    pub(super) fn of(time: NaiveDateTime, state: &AppState, p: &Frame) -> Time {
        Time {
            machine: machine_time(time),
            text: p.format.time(state.cache.clock().local(time)),
        }
    }
}

/// Returns a line for each department.
pub(super) fn departments(found: &Freshness, state: &AppState, p: &Frame) -> Vec<DepartmentLine> {
    let time = |time: Option<NaiveDateTime>| time.map(|time| Time::of(time, state, p));
    let lines = found.departments.iter().map(|department| DepartmentLine {
        name: department.department.clone(),
        as_of: time(department.data_as_of),
        checked_at: time(department.checked_at),
        through: department
            .data_through
            .map(|day| p.format.date(day))
            .unwrap_or_default(),
        failing: p
            .format
            .count(i64::try_from(department.files_failing).unwrap_or(i64::MAX)),
    });
    lines.collect()
}

/// Returns a line for each organization and kind.
pub(super) fn exports(
    found: &Freshness,
    state: &AppState,
    query: &PageQuery,
    p: &Frame,
) -> Vec<ExportLine> {
    let lines = found.exports.iter().map(|export| ExportLine {
        organization: export.organization.clone(),
        href: query
            .link
            .at("/")
            .with("organization_id", export.organization_id)
            .to_string(),
        kind: file_kind(p.texts, &export.kind),
        arrived_at: export.arrived_at.map(|time| Time::of(time, state, p)),
        checked_at: Time::of(export.checked_at, state, p),
        newest: export
            .newest_document
            .map(|day| p.format.date(day))
            .unwrap_or_default(),
        failing: export.failing_files.join(", "),
    });
    lines.collect()
}

/// Returns a line for each file that fails now, those that fail longest first.
pub(super) fn failing(found: &Freshness, state: &AppState, p: &Frame) -> Vec<FailingLine> {
    let lines = found.failing_files.iter().map(|file| FailingLine {
        name: file.path.clone(),
        source: file.source.clone(),
        kind: file
            .kind
            .as_deref()
            .map(|kind| file_kind(p.texts, kind))
            .unwrap_or_default(),
        since: Time::of(file.since, state, p),
        tried_at: Time::of(file.tried_at, state, p),
        reasons: Reasons::of(p.texts, file.code.as_deref().into_iter(), &file.reason),
    });
    lines.collect()
}
