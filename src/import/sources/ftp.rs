//! The FTP client: listing and fetching, plain or over TLS, every step within its time.
//!
//! Names go over the wire as bytes (`connect`), so that a file is fetched by the very name that its
//! server listed. A listing loses nothing (`listing`); a file comes whole (`download`).

mod connect;
mod download;
mod lines;
mod listing;
mod reply;
mod socket;
mod tls;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connect::RawBytes;
use reply::{Reply, StepError, within};
use socket::{Client, Socket, TELNET_COMMAND, TelnetMode};
use suppaftp::tokio::TransferStream;
use suppaftp::{Encoding, FtpError, FtpResult, Mode, Status};

use crate::config::FtpSettings;
use crate::domain::NameEncoding;

const READ_BYTES: usize = 64 * 1024;

/// A connection that is logged in and in the right folder.
pub(in crate::import) struct FtpSession {
    client: Client,
    settings: FtpSettings,
    timeout: Duration,
    /// How names are shown.
    encoding: NameEncoding,
    /// How the byte 0xFF is sent.
    telnet: TelnetMode,
    /// Whether the last data connection was opened.
    is_reached: Arc<AtomicBool>,
    /// How data connections are opened: by EPSV or by PASV.
    mode: Mode,
    /// The folder, as the server calls it.
    home: Option<Vec<u8>>,
    /// Whether the server knows when a file was written.
    tells_times: bool,
    /// Whether the server has refused to begin a file anywhere but at its beginning.
    resumes: bool,
    /// Whether the control connection is where the next command expects it.
    is_usable: bool,
}

impl FtpSession {
    /// Whether another command can be sent.
    pub(crate) fn is_usable(&self) -> bool {
        self.is_usable
    }

    /// Says good-bye; a server that does not answer is left.
    pub(crate) async fn close(mut self) {
        if self.is_usable {
            let _ = within(self.timeout.min(Duration::from_secs(2)), self.client.quit()).await;
        }
    }

    /// Sends a command and returns its reply, whatever its code.
    async fn command(&mut self, line: &[u8]) -> Result<Reply, StepError> {
        // No code is expected, so every reply comes back as an unexpected one, with its text.
        let step = self.client.custom_command(RawBytes.decode(line), &[]);
        match within(self.timeout, step).await {
            Ok(response) => Ok(Reply::of(response.body)),
            Err(StepError::Refused(reply)) => Ok(reply),
            Err(err) => Err(err),
        }
    }

    /// Sends a command that must be carried out.
    async fn accepted(&mut self, line: &[u8]) -> Result<(), StepError> {
        let reply = self.command(line).await?;
        if reply.is_done() {
            Ok(())
        } else {
            Err(StepError::Refused(reply))
        }
    }

    /// Sends a command about a file or folder and returns its reply.
    async fn command_on(&mut self, verb: &str, name: &[u8]) -> Result<Reply, StepError> {
        let line = command_line(verb, name);
        let reply = self.command(&line).await?;
        if !name.contains(&TELNET_COMMAND) || reply.code() < 500 {
            return Ok(reply);
        }
        self.telnet.toggle();
        let again = self.command(&line).await?;
        if again.code() < 500 {
            return Ok(again);
        }
        self.telnet.toggle();
        Ok(reply)
    }

    /// Opens a data connection for a command, which may begin at an offset in bytes: by EPSV, or by
    /// PASV where the server refuses EPSV, a firewall swallows it, or its port is not reached.
    async fn open_data(
        &mut self,
        line: &[u8],
        offset: u64,
    ) -> Result<TransferStream<Socket>, StepError> {
        let opened = self.try_data(line, offset).await;
        let has_other_mode = self.mode == Mode::ExtendedPassive && !self.is_reached();
        match opened {
            Err(StepError::Refused(_)) if has_other_mode => {
                self.mode = Mode::Passive;
                self.client.set_mode(Mode::Passive);
            }
            Err(err) if has_other_mode => self.reopen(err, Mode::Passive).await?,
            opened => return opened,
        }
        self.try_data(line, offset).await
    }

    /// Whether the last data connection was opened, so that a refusal is one of its command.
    fn is_reached(&self) -> bool {
        self.is_reached.load(Ordering::Relaxed)
    }

    /// Connects again after a step that leaves the connection of no use; if that fails, the step's
    /// error counts.
    async fn reopen(&mut self, err: StepError, mode: Mode) -> Result<(), StepError> {
        let opened = FtpSession::open_by(&self.settings, self.encoding, mode).await;
        *self = opened.map_err(|_| err)?;
        Ok(())
    }

    async fn try_data(
        &mut self,
        line: &[u8],
        offset: u64,
    ) -> Result<TransferStream<Socket>, StepError> {
        self.is_reached.store(false, Ordering::Relaxed);
        let offset = usize::try_from(offset).unwrap_or_default();
        within(self.timeout, self.client.resume_transfer(offset)).await?;
        let expected = [Status::AboutToSend, Status::AlreadyOpen];
        let opened = self
            .client
            .custom_data_command(RawBytes.decode(line), &expected);
        Ok(within(self.timeout, opened).await?.1)
    }
}

fn command_line(verb: &str, name: &[u8]) -> Vec<u8> {
    [verb.as_bytes(), b" ", name].concat()
}

/// Reads from a data connection. Some servers end a TLS connection without saying so: whether all
/// has come is known by the reply that ends the transfer, and by the size of a file.
async fn read_some(read: impl Future<Output = io::Result<usize>>) -> FtpResult<usize> {
    match read.await {
        Err(err) if err.kind() == ErrorKind::UnexpectedEof => Ok(0),
        read => read.map_err(FtpError::ConnectionError),
    }
}
