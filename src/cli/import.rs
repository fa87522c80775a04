//! `import`: one run now, with a progress bar.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::{import_context, open_database};
use crate::cache::Cache;
use crate::config::Settings;
use crate::import::{DryRun, FileReport, FileStatus, ImportEvent, RunReport, RunState, Source, dry_run, run_once};

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
    /// Say how many rows a second were parsed and written.
    #[arg(long)]
    timings: bool,
}

impl Import {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let source = match (self.dir, &settings.import.ftp) {
            (Some(folder), _) => Source::Folder(folder),
            (None, Some(ftp)) => Source::Ftp(ftp.clone()),
            (None, None) => bail!("nothing to import from: set FTP_HOST, or give --dir PATH"),
        };
        let database = open_database(settings, true).await?;
        let cache = Cache::open(&settings.cache).await?;
        let department = self.department.unwrap_or_else(|| settings.import_department());
        let context = import_context(settings, database, cache, department);
        if self.dry_run {
            return print_dry_run(&dry_run(&context, &source).await?);
        }
        let stop = Arc::new(AtomicBool::new(false));
        stop_on_signal(stop.clone());
        let progress = Progress::new();
        let report = run_once(&context, &source, "command line", &stop, &mut |event| progress.show(&event))
            .await
            .with_context(|| format!("the import into department {department} broke off"))?;
        progress.bar.finish_and_clear();
        if self.timings {
            print_timings(&report);
        }
        println!("Run {}: {}.", report.run_id, report.message);
        match report.state {
            RunState::Completed => Ok(()),
            RunState::Failed => bail!("not every file could be imported; the journal says why"),
            RunState::Interrupted => bail!("the import was stopped"),
        }
    }
}

/// A first signal stops between two files; a second one ends the process, as it does without us.
fn stop_on_signal(stop: Arc<AtomicBool>) {
    actix_rt::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            eprintln!("Stopping after this file; press Ctrl-C again to break off.");
            stop.store(true, Ordering::Release);
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
}

struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Progress {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files  {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress { bar }
    }

    fn show(&self, event: &ImportEvent<'_>) {
        match event {
            ImportEvent::Listed(files) => self.bar.set_length(*files as u64),
            ImportEvent::FileStarted(name) => self.bar.set_message((*name).to_owned()),
            ImportEvent::FileEnded(report) => {
                self.bar.inc(1);
                let line = line(report);
                self.bar.suspend(|| println!("{line}"));
            }
        }
    }
}

fn line(report: &FileReport) -> String {
    let counts = report.counts;
    let told = report.message.as_ref().map(|message| format!("\n          {message}")).unwrap_or_default();
    format!(
        "{:<9} {}: {} inserted, {} updated, {} unchanged, {} rejected{told}",
        report.status.as_str(),
        report.name,
        counts.inserted,
        counts.updated,
        counts.unchanged,
        report.rejects.len()
    )
}

fn print_dry_run(done: &DryRun) -> anyhow::Result<()> {
    done.files.iter().for_each(|file| println!("{}", line(file)));
    for total in &done.totals {
        println!("{:<16} {:>20} → {:>20}  ({})", total.name, total.before, total.after, total.change);
    }
    println!("Nothing was written.");
    let has_failed = done.files.iter().any(|file| file.status == FileStatus::Failed);
    if has_failed { bail!("not every file could be read") } else { Ok(()) }
}

fn print_timings(report: &RunReport) {
    for file in &report.files {
        let counts = file.counts;
        let rows = counts.inserted + counts.updated + counts.unchanged;
        if rows == 0 {
            continue;
        }
        let rate = |rows: usize, time: Duration| rows as f64 / time.as_secs_f64().max(1e-9);
        let parsed = rows + file.rejects.len();
        println!(
            "timing    {}: {parsed} rows parsed in {:.3} s ({:.0} rows/s), {rows} upserted in {:.3} s ({:.0} rows/s), of which rollups {:.3} s",
            file.name,
            file.parse_time.as_secs_f64(),
            rate(parsed, file.parse_time),
            file.load_time.as_secs_f64(),
            rate(rows, file.load_time),
            file.rollup_time.as_secs_f64(),
        );
    }
}
