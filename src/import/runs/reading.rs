//! Reads a workbook on a thread of its own, a few batches ahead of whoever loads them.

use std::fs::File;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::import::workbook::{
    self, Batch, Header, Kind, Part, ReadingRules, WorkbookError, WorkbookTotals,
};

/// So many batches may wait: enough that neither side waits for long, and few enough to be small.
const AHEAD: usize = 2;

/// A workbook that is being read.
pub(in crate::import) struct Reading {
    parts: mpsc::Receiver<Part>,
    reader: JoinHandle<Result<(WorkbookTotals, Duration), WorkbookError>>,
}

impl Reading {
    /// Begins to read a workbook and returns what its header says. A reader whose parts nobody
    /// takes any more ends by itself.
    pub(crate) async fn open(
        file: File,
        kind: Option<Kind>,
        rules: ReadingRules,
    ) -> Result<(Reading, Header), WorkbookError> {
        let mut reading = Reading::start(file, kind, rules);
        match reading.parts.recv().await {
            Some(Part::Header(header)) => Ok((reading, header)),
            _ => Err(reading.end().await.err().unwrap_or(WorkbookError::Unknown)),
        }
    }

    fn start(file: File, kind: Option<Kind>, rules: ReadingRules) -> Reading {
        let (sender, parts) = mpsc::channel(AHEAD);
        let reader = tokio::task::spawn_blocking(move || {
            let (started, mut waited) = (Instant::now(), Duration::ZERO);
            let totals = workbook::read(file, kind, &rules, &mut |part| {
                let sent = Instant::now();
                let is_wanted = sender.blocking_send(part).is_ok();
                waited += sent.elapsed();
                if is_wanted {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
            Ok((totals, started.elapsed().saturating_sub(waited)))
        });
        Reading { parts, reader }
    }

    /// Returns the next rows; `None` at the end, also at a bad one.
    pub(crate) async fn next_batch(&mut self) -> Option<Batch> {
        loop {
            if let Part::Rows(batch) = self.parts.recv().await? {
                return Some(batch);
            }
        }
    }

    /// Returns what the sheets add up to, and how long reading it took.
    pub(crate) async fn end(self) -> Result<(WorkbookTotals, Duration), WorkbookError> {
        drop(self.parts);
        self.reader.await.unwrap_or(Err(WorkbookError::Unknown))
    }
}
