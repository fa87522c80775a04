//! What a run remembers of a source: which files were found unchanged, which fail, when it was
//! looked through.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use chrono::NaiveDateTime;

use crate::db::{self, DbConn, DbError, FailingFile, SourceTimes, utc_now};
use crate::domain::{ChangedData, DepartmentScope, NameEncoding};
use crate::import::runs::doubts::ALL_FILES;
use crate::import::runs::journal::{FileReport, FileStatus, Standing};
use crate::import::runs::request::ImportContext;
use crate::import::sources::{Listing, Source};

/// A source while a run looks through it. What has no ledger is not remembered.
pub(in crate::import) struct SourceCheck<'s> {
    source: &'s Source,
    /// What changes at the source after this moment is not seen.
    begun_at: NaiveDateTime,
    /// The files that failed before.
    failing: HashSet<String>,
    /// The files that the source offers.
    offered: HashSet<String>,
    /// The files that fail now, and what else keeps the source from being complete.
    failing_now: HashSet<String>,
    /// Files that the tables hold as they are.
    unchanged: Vec<String>,
    /// Files fail, or are still being written.
    lacks_files: bool,
    /// Whether the source named files that nobody understands.
    has_unread_lines: bool,
}

impl<'s> SourceCheck<'s> {
    /// Begins before the source is listed.
    pub(crate) async fn begin(
        context: &ImportContext,
        source: &'s Source,
    ) -> Result<SourceCheck<'s>, DbError> {
        let mut failing = HashSet::new();
        if source.has_ledger() {
            let scope = DepartmentScope::One(source.department_id);
            let files = db::list_failing_files(&mut context.db.conn().await?, scope).await?;
            failing.extend(
                files
                    .into_iter()
                    .filter(|file| file.source == source.name)
                    .map(|file| file.path),
            );
        }
        let begun_at = utc_now();
        Ok(SourceCheck {
            source,
            begun_at,
            failing,
            offered: HashSet::new(),
            failing_now: HashSet::new(),
            unchanged: Vec::new(),
            lacks_files: false,
            has_unread_lines: false,
        })
    }

    /// Notes which files there are.
    pub(crate) fn note_offered(&mut self, listing: &Listing) {
        self.offered = listing.files.iter().map(|file| file.name.clone()).collect();
        self.has_unread_lines = !listing.unread.is_empty();
    }

    /// Returns whether a file failed before this run.
    pub(crate) fn failed_before(&self, path: &str) -> bool {
        self.failing.contains(path)
    }

    /// Notes what became of a file.
    pub(crate) fn note_file(&mut self, report: &FileReport) {
        self.lacks_files |= matches!(
            report.standing,
            Standing::Failing | Standing::Pending | Standing::Missing
        );
        if matches!(report.standing, Standing::Failing | Standing::Missing) {
            self.failing_now.insert(report.name.clone());
        }
        if (report.status, report.standing) == (FileStatus::Skipped, Standing::Current) {
            self.unchanged.push(report.name.clone());
        }
    }

    /// Writes down what was found. Returns when the source was looked through, if that went to the
    /// last file.
    pub(crate) async fn end(
        self,
        context: &ImportContext,
        is_whole: bool,
    ) -> Result<Option<SourceTimes>, DbError> {
        let completed_at = Some(self.begun_at).filter(|_| !self.lacks_files);
        let times = SourceTimes {
            checked_at: self.begun_at,
            completed_at,
        };
        if self.source.has_ledger() {
            let (department_id, source) = (self.source.department_id, self.source.name.as_str());
            let is_gone =
                |path: &&String| !self.offered.contains(*path) && !self.failing_now.contains(*path);
            // A folder that is empty unexpectedly, or a line that nobody understands, does not say
            // that files were removed.
            let names_all = !self.failing_now.contains(ALL_FILES) && !self.has_unread_lines;
            let vanished: Vec<String> = self
                .failing
                .iter()
                .filter(|_| names_all)
                .filter(is_gone)
                .cloned()
                .collect();
            let written = async |conn: &mut DbConn| {
                let mut concerned =
                    db::record_checked(conn, department_id, source, &self.unchanged, self.begun_at)
                        .await?;
                concerned += db::forget_failures(conn, department_id, source, &vanished).await?;
                if names_all {
                    for path in
                        db::record_offered_files(conn, department_id, source, &self.offered).await?
                    {
                        concerned +=
                            usize::from(db::was_finding(conn, department_id, &path).await?);
                    }
                }
                if is_whole {
                    db::record_source_check(conn, department_id, source, times).await?;
                }
                match concerned {
                    0 => Ok(None),
                    _ => db::record_change(conn, department_id, ChangedData::default())
                        .await
                        .map(Some),
                }
            };
            if let Some(change) = context.db.write(written).await? {
                context.cache.announce(&change).await;
            }
        }
        Ok(is_whole.then_some(times))
    }
}

/// Forgets failing files of folders that the settings do not name, once they are gone from there:
/// no schedule looks through such a folder again.
///
/// # Errors
/// [`DbError`] when the database can't answer.
pub(crate) async fn forget_lost_files(context: &ImportContext) -> Result<(), DbError> {
    let failing =
        db::list_failing_files(&mut context.db.conn().await?, DepartmentScope::All).await?;
    let is_configured = |file: &FailingFile| {
        context
            .configured_sources
            .iter()
            .any(|(id, name)| *id == file.department_id && *name == file.source)
    };
    for file in failing.into_iter().filter(|file| !is_configured(file)) {
        if is_gone(&file).await {
            let gone = async |conn: &mut DbConn| {
                db::forget_failures(
                    conn,
                    file.department_id,
                    &file.source,
                    std::slice::from_ref(&file.path),
                )
                .await?;
                db::record_change(conn, file.department_id, ChangedData::default()).await
            };
            let change = context.db.write(gone).await?;
            context.cache.announce(&change).await;
        }
    }
    Ok(())
}

/// Whether a file is in its folder under none of the names that may be shown so.
async fn is_gone(file: &FailingFile) -> bool {
    let (folder, mut is_gone) = (Path::new(&file.source), true);
    for name in NameEncoding::Auto.encode(&file.path) {
        is_gone &= tokio::fs::symlink_metadata(folder.join(OsStr::from_bytes(&name)))
            .await
            .is_err_and(|err| err.kind() == ErrorKind::NotFound);
    }
    is_gone
}

/// Returns when all of a department's sources were last looked through, with and without failing
/// files, by what is known of each source. `own` are those of the run that ends: they are
/// everything where no source of the settings was ever looked through.
pub(in crate::import) fn department_times<'n>(
    configured: &[&'n str],
    own: &[&'n str],
    times_of: impl Fn(&'n str) -> Option<SourceTimes>,
) -> (Option<NaiveDateTime>, Option<NaiveDateTime>) {
    let is_used = configured.iter().any(|source| times_of(source).is_some());
    let everything = if is_used { configured } else { own };
    let times: Option<Vec<SourceTimes>> =
        everything.iter().map(|source| times_of(source)).collect();
    let times = times.unwrap_or_default();
    let completed: Option<Vec<NaiveDateTime>> =
        times.iter().map(|times| times.completed_at).collect();
    (
        times.iter().map(|times| times.checked_at).min(),
        completed.and_then(|times| times.into_iter().min()),
    )
}
