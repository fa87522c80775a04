//! `import`: one run now, with a progress bar.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{import_context, open_database};
use crate::cache::Cache;
use crate::config::Settings;
use crate::db::{self, Db, PoolPurpose};
use crate::import::{
    DryRun, FileReport, FileStatus, ImportContext, ImportEvent, ImportRequest, Phase, Progress,
    ProgressMeter, RunReport, RunState, Source, StopReason, StopSignal, dry_run, run_once,
};

#[derive(Args)]
pub struct Import {
    /// Import the workbooks of a folder of this machine instead of the FTP server's.
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,
    /// The department that they belong to, instead of the first finance department.
    #[arg(long, value_name = "ID")]
    department: Option<i64>,
    /// Tell what the run would do, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Import files again that are unchanged or were left alone after failures.
    #[arg(long)]
    force: bool,
    /// Say how many rows a second were parsed and written.
    #[arg(long)]
    timings: bool,
}

impl Import {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let department = self
            .department
            .unwrap_or_else(|| settings.import_department());
        let policy = settings.import.policy.clone();
        let sources = match self.dir {
            Some(folder) => vec![Source::folder(folder, department, policy)],
            None => {
                let configured = settings.import.sources.iter().map(Source::configured);
                configured
                    .filter(|source| source.department_id == department)
                    .collect()
            }
        };
        if sources.is_empty() {
            bail!(
                "nothing to import from into department {department}: set FTP_HOST, or give --dir PATH"
            );
        }
        let order = ImportRequest {
            is_forced: self.force,
            ..ImportRequest::now(sources, "command line")
        };
        let database = open_database(settings, true).await?;
        let cache = Cache::open(&settings.cache).await?;
        cache.enter_database(&db::find_identity(&mut database.conn().await?).await?.id);
        let context = ImportContext {
            leases: Db::pool(&settings.database, PoolPurpose::Leases)?,
            ..import_context(settings, database, cache)
        };
        let stop = StopSignal::default();
        stop_on_signal(stop.clone());
        if self.dry_run {
            return print_dry_run(&dry_run(&context, &order, &stop).await?);
        }
        let mut shown = ShownProgress::new();
        let report = run_once(&context, &order, &stop, &mut |event| shown.show(&event))
            .await
            .with_context(|| format!("the import into department {department} broke off"))?;
        shown.bar.finish_and_clear();
        if self.timings {
            print_timings(&report);
        }
        println!("Run {}: {}.", report.run_id, report.message);
        match report.state {
            RunState::Completed => Ok(()),
            RunState::Partial | RunState::Failed => {
                bail!("not every file could be imported; the journal says why")
            }
            RunState::Interrupted | RunState::Cancelled => bail!("the import was stopped"),
        }
    }
}

/// A first signal undoes the file that is not finished and stops; a second one ends the process, as
/// it does without us.
fn stop_on_signal(stop: StopSignal) {
    actix_rt::spawn(async move {
        let mut terminated = signal(SignalKind::terminate()).ok();
        let terminated = async {
            match &mut terminated {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => if pressed.is_err() { return },
            () = terminated => {}
        }
        eprintln!("Stopping; press Ctrl-C again to break off.");
        stop.stop(StopReason::Shutdown);
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}

/// A bar on a terminal; elsewhere a line for each file.
struct ShownProgress {
    bar: ProgressBar,
    meter: ProgressMeter,
}

impl ShownProgress {
    fn new() -> ShownProgress {
        let bar = ProgressBar::new(0);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {pos}/{len} files  {elapsed}  {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        ShownProgress {
            bar,
            meter: ProgressMeter::default(),
        }
    }

    fn show(&mut self, event: &ImportEvent<'_>) {
        let progress = self.meter.on_event(event);
        self.bar.set_length(progress.files_total as u64);
        self.bar.set_position(progress.files_done as u64);
        self.bar.set_message(progress_text(progress));
        if let ImportEvent::FileEnded(report) = event {
            let line = line(report);
            self.bar.suspend(|| println!("{line}"));
        }
    }
}

fn progress_text(progress: &Progress) -> String {
    let file = progress.file.as_deref().unwrap_or_default();
    match (progress.phase, progress.rows_total) {
        (Phase::Listing, _) => "asking for files".to_owned(),
        (Phase::Settling, _) => "waiting whether new files stand still".to_owned(),
        (Phase::Fetching, _) => format!("{file}: {} KB fetched", progress.bytes / 1024),
        (Phase::Loading, Some(rows)) => format!(
            "{file}: {} of {rows} rows, {:.0} rows/s, {:.0} s left",
            progress.rows,
            progress.rows_per_second,
            progress.seconds_left.unwrap_or_default()
        ),
        (Phase::Loading, None) => format!(
            "{file}: {} rows, {:.0} rows/s",
            progress.rows, progress.rows_per_second
        ),
    }
}

fn line(report: &FileReport) -> String {
    let message = report
        .message
        .as_ref()
        .map(|message| format!("\n          {message}"))
        .unwrap_or_default();
    format!(
        "{:<9} {}: {}{message}",
        report.status.as_str(),
        report.name,
        report.counts_line()
    )
}

fn print_dry_run(done: &DryRun) -> anyhow::Result<()> {
    done.files
        .iter()
        .for_each(|file| println!("{}", line(file)));
    for figures in &done.figures {
        println!("{}:", figures.currency);
        for total in std::iter::once(&figures.debt).chain(&figures.totals) {
            println!(
                "{:<16} {:>20} → {:>20}  ({})",
                total.name, total.before, total.after, total.change
            );
        }
    }
    println!("Nothing was written.");
    let has_failed = done
        .files
        .iter()
        .any(|file| file.status == FileStatus::Failed);
    if has_failed {
        bail!("not every file could be read")
    } else {
        Ok(())
    }
}

fn print_timings(report: &RunReport) {
    for file in &report.files {
        let counts = file.counts;
        let rows = counts.inserted + counts.updated + counts.unchanged;
        if rows == 0 {
            continue;
        }
        let rate = |rows: usize, time: Duration| rows as f64 / time.as_secs_f64().max(1e-9);
        let parsed = rows + file.rejected;
        println!(
            "timing    {}: {:.3} s in all, {parsed} rows parsed in {:.3} s ({:.0} rows/s), {rows} upserted in {:.3} s ({:.0} rows/s), of which rollups {:.3} s",
            file.name,
            file.time.as_secs_f64(),
            file.parse_time.as_secs_f64(),
            rate(parsed, file.parse_time),
            file.load_time.as_secs_f64(),
            rate(rows, file.load_time),
            file.rollup_time.as_secs_f64(),
        );
    }
}
