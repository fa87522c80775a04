//! Claims the run that is due of a department: one transaction stores the run and moves the marks
//! of its sources.
//!
//! A time is handled exactly when the run that covers it is stored, so no error, crash or other
//! process can lose it or run it twice. A run whose process dies is taken over like any other.

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};

use super::due::{DueRun, ScheduledSource, plan_due_run};
use crate::db::{self, Db, DbConn, DbError, NewRun, utc_now};

/// What a look at a department's schedules gave.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Up to which time each source is handled now, by name.
    pub marks: HashMap<String, DateTime<Utc>>,
    /// The run that this process has to do.
    pub run: Option<ClaimedRun>,
}

/// A run that this process has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedRun {
    /// Its id.
    pub run_id: i64,
    /// The latest time that it covers.
    pub scheduled_for: DateTime<Utc>,
    /// The names of its sources.
    pub sources: Vec<String>,
}

/// Stores the run that is due of a department, if one is and no process has stored it yet.
/// `sources` are those of the department that have a schedule, `holder` is this process.
///
/// # Errors
/// [`DbError`] when the database can't answer: then nothing is handled, or (when the commit's answer was lost) the
/// run is stored and will be taken over.
pub async fn claim_due_run(
    db: &Db,
    department_id: i64,
    sources: &[ScheduledSource],
    holder: &str,
    now: DateTime<Utc>,
) -> Result<Claim, DbError> {
    // PostgreSQL keeps no more.
    let now = now.trunc_subsecs(6);
    db.write(async |conn| {
        // What is read here must hold until the marks are moved.
        db::lock_start_briefly(conn, department_id).await?;
        let mut marks: HashMap<String, DateTime<Utc>> =
            db::list_schedule_marks(conn, department_id)
                .await?
                .into_iter()
                .map(|(source, time)| (source, time.and_utc()))
                .collect();
        let plan = plan_due_run(sources, &marks, now);
        for source in plan.begins {
            db::set_schedule_mark(conn, department_id, &source, now.naive_utc()).await?;
            marks.insert(source, now);
        }
        let Some(due) = plan.run else {
            return Ok(Claim { marks, run: None });
        };
        let run = store_run(conn, department_id, holder, &due).await?;
        for (source, time) in due.sources {
            db::set_schedule_mark(conn, department_id, &source, time.naive_utc()).await?;
            marks.insert(source, time);
        }
        Ok(Claim { marks, run })
    })
    .await
}

/// Stores a run of the due sources that no run for the same time covers: one of an earlier version
/// of this program leaves no marks.
async fn store_run(
    conn: &mut DbConn,
    department_id: i64,
    holder: &str,
    due: &DueRun,
) -> Result<Option<ClaimedRun>, DbError> {
    let scheduled_for = due.scheduled_for;
    let covered = db::list_sources_run_for(conn, department_id, scheduled_for.naive_utc()).await?;
    let names = due
        .sources
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !covered.contains(*name));
    let sources: Vec<String> = names.cloned().collect();
    if sources.is_empty() {
        return Ok(None);
    }
    let run = NewRun {
        department_id,
        state: "running".to_owned(),
        started_by: "schedule".to_owned(),
        started_at: utc_now(),
        scheduled_for: Some(scheduled_for.naive_utc()),
        covers_after: Some(due.covers_after.naive_utc()),
        sources: sources.join(","),
        holder: holder.to_owned(),
    };
    let run_id = db::insert_run(conn, run).await?;
    Ok(Some(ClaimedRun {
        run_id,
        scheduled_for,
        sources,
    }))
}
