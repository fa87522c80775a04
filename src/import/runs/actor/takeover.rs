//! Runs whose process is gone: scheduled ones are taken over, others are closed as interrupted.

use super::running::end_run;
use super::work::Actor;
use crate::db::{self, AbandonedRun, DbError};
use crate::import::runs::lease::TAKEOVER_AFTER;
use crate::import::runs::report::RunState;
use crate::import::runs::request::ImportRequest;

impl Actor {
    /// Takes over scheduled runs whose process is gone, and closes the others, unless a run is
    /// going on here.
    pub(super) async fn take_over_abandoned_runs(&mut self) {
        if self.busy_with().is_some() {
            return;
        }
        match self.abandoned_runs().await {
            Ok(runs) => {
                for run in runs {
                    if let Err(err) = self.take_over(run).await {
                        log::warn!("A run whose process is gone can't be taken over: {err}");
                    }
                }
            }
            Err(err) => log::debug!("Runs whose process is gone can't be looked for: {err}"),
        }
    }

    async fn abandoned_runs(&self) -> Result<Vec<AbandonedRun>, DbError> {
        let look = async |conn: &mut db::DbConn| {
            let runs = db::list_abandoned_runs(conn, TAKEOVER_AFTER).await?;
            Ok::<_, DbError>((runs, db::has_future_heartbeats(conn).await?))
        };
        let (runs, is_ahead) = self.context.leases.snapshot(look).await?;
        if is_ahead {
            self.context
                .leases
                .write(async |conn| db::correct_heartbeats(conn).await)
                .await?;
        }
        Ok(runs)
    }

    async fn take_over(&mut self, run: AbandonedRun) -> Result<(), DbError> {
        let names: Vec<String> = run.sources.split(',').map(str::to_owned).collect();
        let sources = self.sources_named(run.department_id, &names);
        let resumes = run.scheduled_for.is_some() && !sources.is_empty();
        if resumes && self.busy_with().is_some() {
            return Ok(());
        }
        let holder = self.context.cache.replica_id().to_owned();
        let taken = async |conn: &mut db::DbConn| {
            db::take_over_run(conn, &run, TAKEOVER_AFTER, &holder).await
        };
        if !self.context.leases.write(taken).await? {
            return Ok(());
        }
        if resumes {
            log::warn!(
                "Import run {} lost its process: this one goes on with it",
                run.id
            );
            let scheduled_for = run.scheduled_for.map(|time| time.and_utc());
            self.spawn(
                run.id,
                ImportRequest {
                    scheduled_for,
                    ..ImportRequest::now(sources, &run.started_by)
                },
            );
        } else {
            log::warn!(
                "Import run {} was broken off: its process ended or could not reach the database",
                run.id
            );
            let why = "the program stopped, or could not reach the database, during this run; files it had finished are kept whole";
            end_run(&self.context, run.id, RunState::Interrupted, why).await?;
        }
        Ok(())
    }
}
