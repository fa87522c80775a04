//! Fetches a file into a temporary one, with a backoff between tries.

use crate::import::runs::pipeline::Run;
use crate::import::runs::report::{EventSink, ImportEvent};
use crate::import::sources::backoff::Backoff;
use crate::import::sources::download::{Download, Fetched};
use crate::import::sources::{Connection, OfferedFile, Source, SourceError};

impl Run<'_> {
    /// Fetches a file, trying again what may pass. A connection that failed is not used again; what
    /// has arrived is not fetched twice where the server can begin in the middle.
    pub(crate) async fn fetch(
        &self,
        source: &Source,
        connection: &mut Connection,
        file: &OfferedFile,
        announce: EventSink<'_>,
    ) -> Result<Fetched, SourceError> {
        if let Some(why) = &connection.lost {
            return Err(SourceError::permanent(format!(
                "not fetched, because the source no longer answers: {why}"
            )));
        }
        let mut download = Download::new(self.context.max_file_bytes)?;
        download.check_announced(file.size)?;
        let mut backoff = Backoff::new();
        loop {
            let arrived = download.bytes();
            let fetched = async {
                let mut open = connection.open(source).await?;
                let mut on_progress = |bytes| {
                    announce(ImportEvent::Fetched {
                        bytes,
                        of: file.size,
                    })
                };
                open.fetch(file, &mut download, &mut on_progress).await?;
                connection.session = Some(open);
                Ok(())
            };
            let err = match fetched.await {
                Ok(()) => return download.finish(),
                Err(err) => err,
            };
            if download.bytes() > arrived {
                backoff.reset();
            }
            if let Err(err) = backoff.wait_or_give_up(err).await {
                connection.lost = err.is_of_source.then(|| err.to_string());
                return Err(err);
            }
        }
    }
}
