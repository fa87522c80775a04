//! Lists a source: its files in the order of work, and which of them stand still.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use glob::MatchOptions;

use crate::db::{ImportedFile, utc_now};
use crate::import::load::versions::sort_by_version;
use crate::import::runs::pipeline::Run;
use crate::import::runs::report::{EventSink, ImportEvent};
use crate::import::sources::backoff::Backoff;
use crate::import::sources::{Connection, Listing, OfferedFile, Session, Source, SourceError};

/// Names are compared in any letter case.
const ANY_CASE: MatchOptions = MatchOptions {
    case_sensitive: false,
    require_literal_separator: false,
    require_literal_leading_dot: false,
};

impl Run<'_> {
    /// Opens a source and puts its files in order: by kind, then by version. Files that only say
    /// that another is complete are not among them.
    pub(crate) async fn list(&self, source: &Source) -> Result<(Session, Listing), SourceError> {
        let mut backoff = Backoff::new();
        loop {
            let listed = async {
                let mut session = source.open().await?;
                let listing = session.list().await?;
                Ok((session, listing))
            };
            let err = match listed.await {
                Ok((session, Listing { files, unread })) => {
                    return Ok((
                        session,
                        Listing {
                            files: in_order(source, files),
                            unread,
                        },
                    ));
                }
                Err(err) => err,
            };
            backoff.wait_or_give_up(err).await?;
        }
    }

    /// Looks a second time at files that may still be written to; says of each whether it stood
    /// still. Nothing waits when there is nothing new.
    pub(crate) async fn settled(
        &self,
        source: &Source,
        connection: &mut Connection,
        files: Vec<OfferedFile>,
        known: &HashMap<String, ImportedFile>,
        announce: EventSink<'_>,
    ) -> Result<Vec<(OfferedFile, bool)>, SourceError> {
        let may_change = |file: &OfferedFile| {
            !file.is_complete
                && !known
                    .get(&file.name)
                    .is_some_and(|known| file.matches_version(known))
        };
        let pause = source.policy.settle;
        if pause.is_zero() || !files.iter().any(may_change) {
            return Ok(files.into_iter().map(|file| (file, true)).collect());
        }
        announce(ImportEvent::Settling);
        tokio::time::sleep(pause).await;
        let again = match connection.session.take() {
            Some(mut open) => match open.list().await {
                Ok(listing) => {
                    connection.session = Some(open);
                    Ok(listing.files)
                }
                Err(_) => self.list_again(source, connection).await,
            },
            None => self.list_again(source, connection).await,
        };
        let again = in_order(source, again?);
        let still = |file: &OfferedFile| file.is_complete || again.contains(file);
        Ok(files
            .into_iter()
            .map(|file| (still(&file), file))
            .map(|(still, file)| (file, still))
            .collect())
    }

    async fn list_again(
        &self,
        source: &Source,
        connection: &mut Connection,
    ) -> Result<Vec<OfferedFile>, SourceError> {
        let (open, listing) = self.list(source).await?;
        connection.session = Some(open);
        Ok(listing.files)
    }
}

/// The files that are asked for, by kind and version. A file beside which `name.done` lies is
/// complete, unless it was written to since.
fn in_order(source: &Source, files: Vec<OfferedFile>) -> Vec<OfferedFile> {
    let marker = |file: &OfferedFile| {
        Some((
            file.name.strip_suffix(".done")?.to_owned(),
            file.modified_at?,
        ))
    };
    let markers: HashMap<String, NaiveDateTime> = files.iter().filter_map(marker).collect();
    let is_asked_for = |file: &OfferedFile| {
        let patterns = &source.policy.patterns;
        !file.name.ends_with(".done")
            && (patterns.is_empty()
                || patterns
                    .iter()
                    .any(|pattern| pattern.matches_with(&file.name, ANY_CASE)))
    };
    let mut files: Vec<OfferedFile> = files.into_iter().filter(is_asked_for).collect();
    for file in &mut files {
        let marked_at = markers.get(&file.name);
        file.is_complete = file
            .modified_at
            .is_some_and(|time| marked_at.is_some_and(|marked_at| *marked_at >= time));
    }
    sort_by_version(&mut files, utc_now());
    files
}
