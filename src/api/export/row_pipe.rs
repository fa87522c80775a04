//! Rows on their way from the database into a file: they are written by a thread of their own while
//! the next ones are read.

use std::fs::File;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::failed;
use super::writer::Writer;
use crate::api::error::ApiError;
use crate::api::types::answers;

/// How many parts may lie between reading and writing.
const PARTS_AHEAD: usize = 1;

/// The way of rows that were read as `R`s. When it is dropped, the file is given up.
pub(super) struct RowPipe<R> {
    parts: mpsc::Sender<Part<R>>,
    written: JoinHandle<Result<Option<File>, ApiError>>,
}

enum Part<R> {
    Rows(Vec<R>),
    /// There are no further rows.
    End,
}

impl<R: Send + 'static> RowPipe<R> {
    /// Begins to write: each row becomes a `T`. Without rows the file has the headings of `fields`.
    pub fn start<T: Serialize + From<R>>(mut writer: Writer, fields: Vec<String>) -> RowPipe<R> {
        let (parts, mut received) = mpsc::channel(PARTS_AHEAD);
        let written = spawn_blocking(move || {
            while let Some(part) = received.blocking_recv() {
                match part {
                    Part::Rows(rows) if writer.has_columns() => rows
                        .into_iter()
                        .try_for_each(|row| writer.push(&T::from(row)))?,
                    Part::Rows(rows) => writer.push_first(&answers::<_, T>(rows), &fields)?,
                    Part::End => return writer.finish(fields).map(Some),
                }
            }
            Ok(None)
        });
        RowPipe { parts, written }
    }

    /// Gives rows to the writer when it has room for them. `false`: it has failed, for the reason
    /// that [`RowPipe::finish`] returns.
    pub async fn push(&self, rows: Vec<R>) -> bool {
        self.parts.send(Part::Rows(rows)).await.is_ok()
    }

    /// Completes the file, to be read from its beginning.
    ///
    /// # Errors
    /// [`ApiError`] when it could not be written.
    pub async fn finish(self) -> Result<File, ApiError> {
        // A writer that has failed receives nothing, and says why below.
        let _ = self.parts.send(Part::End).await;
        let file = self.written.await.map_err(failed)??;
        file.ok_or_else(|| failed("it was given up"))
    }
}
