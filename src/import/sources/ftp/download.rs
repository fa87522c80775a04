//! Fetching a file: from where the last try stopped, checked against the size that the listing
//! announced.

use suppaftp::tokio::TransferStream;
use tokio::io::AsyncReadExt;

use super::reply::{StepError, within};
use super::socket::{Socket, TELNET_COMMAND};
use super::{FtpSession, command_line};
use crate::import::sources::download::Download;
use crate::import::sources::{OfferedFile, SourceError};

impl FtpSession {
    /// Fetches what is still missing of a file. `on_bytes` is given how much has arrived.
    pub(crate) async fn fetch(
        &mut self,
        file: &OfferedFile,
        download: &mut Download,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<(), SourceError> {
        let broken = |err: StepError| err.context("the file could not be fetched".to_owned());
        if !self.resumes && download.bytes() > 0 {
            download.restart()?;
        }
        let mut transfer = match self.open_file(&file.bytes, download.bytes()).await {
            // It may be the offset that the server refuses.
            Err(StepError::Refused(_)) if download.bytes() > 0 => {
                self.resumes = false;
                download.restart()?;
                self.open_file(&file.bytes, 0).await.map_err(broken)?
            }
            opened => opened.map_err(broken)?,
        };
        let mut buffer = vec![0; super::READ_BYTES];
        loop {
            let count =
                match within(self.timeout, super::read_some(transfer.read(&mut buffer))).await {
                    // The connection was not closed as it should be.
                    Err(_) if file.size == Some(download.bytes()) => break,
                    read => read.map_err(broken)?,
                };
            if count == 0 {
                break;
            }
            download.take(&buffer[..count])?;
            on_bytes(download.bytes());
        }
        match within(self.timeout, transfer.finish()).await {
            Ok(()) => {}
            Err(err) if file.size == Some(download.bytes()) && is_lost_end(&err) => {
                log::info!(
                    "{}: all bytes arrived, but not the end of the transfer: {err}",
                    file.name
                );
                self.is_usable = false;
            }
            Err(err) => return Err(broken(err)),
        }
        match file.size {
            Some(size) if size != download.bytes() => {
                let arrived = download.bytes();
                download.restart()?;
                Err(SourceError::transient(format!(
                    "{arrived} bytes arrived instead of the {size} announced: the file is being rewritten, or the connection broke"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Begins the transfer of a file.
    async fn open_file(
        &mut self,
        name: &[u8],
        offset: u64,
    ) -> Result<TransferStream<Socket>, StepError> {
        let line = command_line("RETR", name);
        let opened = self.open_data(&line, offset).await;
        if !name.contains(&TELNET_COMMAND) || !matches!(opened, Err(StepError::Refused(_))) {
            return opened;
        }
        self.telnet.toggle();
        match self.open_data(&line, offset).await {
            Err(StepError::Refused(_)) => {
                self.telnet.toggle();
                opened
            }
            again => again,
        }
    }
}

/// Whether only the word that all was sent is missing.
fn is_lost_end(err: &StepError) -> bool {
    match err {
        StepError::Slow(_) | StepError::Ftp(_) => true,
        // The data connection was not closed as the server expects.
        StepError::Refused(reply) => matches!(reply.code(), 425 | 426),
    }
}
