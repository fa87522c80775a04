//! Listing a folder without losing a file: MLSD, else LIST, else NLST, until one is understood line
//! by line.
//!
//! What a listing leaves open is asked for: SIZE and MDTM, and whether a link leads to a folder.
//! Lines that nothing explains are given back with the files.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use suppaftp::FtpError;
use tokio::io::AsyncReadExt;

use super::FtpSession;
use super::lines::{self, Entry, EntryKind, Line};
use super::reply::{Reply, StepError, within};
use crate::import::sources::{Listing, OfferedFile, SourceError};

/// A longer listing is refused.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// So much of a line that is not understood is shown, in characters.
const SHOWN: usize = 300;

/// What the server answers to a command that lists.
enum Answer {
    Lines(Vec<Vec<u8>>),
    Refused(Reply),
}

/// What was understood of a listing.
#[derive(Default)]
struct Understood {
    entries: Vec<Entry>,
    unread: Vec<Vec<u8>>,
}

/// Reads one line of a listing.
type LineParser = fn(&[u8]) -> Line;

impl Understood {
    fn of(lines: Vec<Vec<u8>>, parse: fn(&[u8]) -> Line) -> Understood {
        let mut understood = Understood::default();
        for line in lines {
            match parse(&line) {
                Line::Entry(entry) => understood.entries.push(entry),
                Line::Nothing => {}
                Line::Unread => understood.unread.push(line),
            }
        }
        understood
    }

    /// Adds entries that only another listing of the folder has.
    fn add_missing(&mut self, other: Understood) {
        let names: HashSet<Vec<u8>> = self
            .entries
            .iter()
            .map(|entry| entry.name.clone())
            .collect();
        self.entries.extend(
            other
                .entries
                .into_iter()
                .filter(|entry| !names.contains(&entry.name)),
        );
    }
}

impl FtpSession {
    /// Lists the files of the folder.
    pub(crate) async fn list(&mut self) -> Result<Listing, SourceError> {
        let listed = async {
            let Understood { entries, unread } = self.entries().await?;
            let mut files = Vec::new();
            for entry in entries {
                files.extend(self.file_of(entry).await?);
            }
            let shown = |line: &Vec<u8>| self.encoding.decode(line).chars().take(SHOWN).collect();
            let unread = unread.iter().map(shown).collect();
            Ok(Listing { files, unread })
        };
        listed
            .await
            .map_err(|err: StepError| err.context("the FTP folder can't be listed".to_owned()))
    }

    /// Returns the entries of the folder by the first command whose answer is understood whole; if
    /// none is, by the one that is understood best.
    async fn entries(&mut self) -> Result<Understood, StepError> {
        let forms: [(&str, LineParser); 3] = [
            ("MLSD", lines::mlsd),
            ("LIST", lines::list),
            ("NLST", lines::name),
        ];
        let (mut partial, mut refusals): (Vec<Understood>, Vec<Reply>) = (Vec::new(), Vec::new());
        for (command, parse) in forms {
            let lines = match self.lines(command).await? {
                Answer::Lines(lines) => lines,
                Answer::Refused(reply) => {
                    refusals.push(reply);
                    continue;
                }
            };
            let mut understood = Understood::of(lines, parse);
            if understood.unread.is_empty() {
                partial
                    .into_iter()
                    .for_each(|other| understood.add_missing(other));
                return Ok(understood);
            }
            partial.push(understood);
        }
        match partial
            .into_iter()
            .min_by_key(|understood| understood.unread.len())
        {
            Some(best) => Ok(best),
            None => match refusals
                .iter()
                .rposition(|reply| !is_unknown_command(reply) && !is_without_files(reply))
            {
                Some(at) => Err(StepError::Refused(refusals.swap_remove(at))),
                // Some servers refuse to list a folder without files.
                None if refusals.iter().any(is_without_files) => Ok(Understood::default()),
                None => Err(refusals
                    .pop()
                    .map_or(StepError::Ftp(FtpError::BadResponse), StepError::Refused)),
            },
        }
    }

    /// Returns the lines that a command lists, each without its end.
    async fn lines(&mut self, command: &str) -> Result<Answer, StepError> {
        let opened = self.open_data(command.as_bytes(), 0).await;
        let mut transfer = match opened {
            Ok(transfer) => transfer,
            // It is the data connection that was refused.
            Err(err) if !self.is_reached() => return Err(err),
            // Nothing to transfer.
            Err(StepError::Refused(reply)) if reply.is_done() => {
                return Ok(Answer::Lines(Vec::new()));
            }
            Err(StepError::Refused(reply)) if is_refusal(&reply) => {
                return Ok(Answer::Refused(reply));
            }
            Err(err) => return Err(err),
        };
        let mut text = Vec::new();
        let mut buffer = vec![0; super::READ_BYTES];
        loop {
            let count = within(self.timeout, super::read_some(transfer.read(&mut buffer))).await?;
            if count == 0 {
                break;
            }
            text.extend_from_slice(&buffer[..count]);
            if text.len() as u64 > MAX_BYTES {
                return Err(StepError::Ftp(FtpError::BadResponse));
            }
        }
        match within(self.timeout, transfer.finish()).await {
            Ok(()) => {}
            Err(StepError::Refused(reply)) if text.is_empty() && is_refusal(&reply) => {
                return Ok(Answer::Refused(reply));
            }
            Err(err) => return Err(err),
        }
        let lines = text
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        Ok(Answer::Lines(
            lines
                .filter(|line| !line.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
        ))
    }

    /// Returns the file of an entry with what the listing left open; `None` for a folder. What is
    /// neither file nor folder, such as a link that leads nowhere, is taken for a file: fetching it
    /// gives the reason.
    async fn file_of(&mut self, entry: Entry) -> Result<Option<OfferedFile>, StepError> {
        let Entry {
            name,
            kind,
            mut size,
            mut modified_at,
        } = entry;
        if kind == EntryKind::Folder {
            return Ok(None);
        }
        if kind == EntryKind::Unknown {
            // A listing has size and time of the link itself.
            (size, modified_at) = (None, None);
        }
        if size.is_none() {
            let reply = self.command_on("SIZE", &name).await?;
            size = fact(&reply).and_then(lines::number);
        }
        if kind == EntryKind::Unknown && size.is_none() && self.is_folder(&name).await? {
            return Ok(None);
        }
        if modified_at.is_none() {
            modified_at = self.time_of(&name).await?;
        }
        Ok(Some(OfferedFile::new(
            name,
            self.encoding,
            size,
            modified_at,
        )))
    }

    /// Asks when a file was written. A server that does not answer is not asked again.
    async fn time_of(&mut self, name: &[u8]) -> Result<Option<NaiveDateTime>, StepError> {
        if !self.tells_times {
            return Ok(None);
        }
        match self.command_on("MDTM", name).await {
            Ok(reply) => Ok(fact(&reply).and_then(lines::time)),
            Err(StepError::Ftp(FtpError::BadResponse)) => Ok(None),
            Err(err) => {
                self.reopen(err, self.mode).await?;
                self.tells_times = false;
                Ok(None)
            }
        }
    }

    /// Returns whether a name is that of a folder: whether it can be entered.
    async fn is_folder(&mut self, name: &[u8]) -> Result<bool, StepError> {
        let Some(home) = self.home.clone() else {
            return Ok(false);
        };
        if !self.command_on("CWD", name).await?.is_done() {
            return Ok(false);
        }
        let back = self.command_on("CWD", &home).await?;
        if back.is_done() {
            Ok(true)
        } else {
            Err(StepError::Refused(back))
        }
    }
}

/// What a reply 213 to SIZE or MDTM says.
fn fact(reply: &Reply) -> Option<&[u8]> {
    let text = reply.bytes().get(4..).filter(|_| reply.code() == 213)?;
    Some(text.trim_ascii())
}

/// Whether the server does not list that way; anything else is a fault of the moment.
fn is_refusal(reply: &Reply) -> bool {
    !reply.is_transient() || reply.code() == 450
}

/// Whether the server does not know the command, or not in this form.
fn is_unknown_command(reply: &Reply) -> bool {
    (500..=504).contains(&reply.code())
}

/// Whether a refusal to list says that there is no file.
fn is_without_files(reply: &Reply) -> bool {
    let text = reply.text().to_lowercase();
    let is_denied = ["denied", "permi", "access", "доступ", "прав"]
        .iter()
        .any(|word| text.contains(word));
    matches!(reply.code(), 450 | 550) && !is_denied
}
