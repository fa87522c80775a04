//! The FTP client: listing and fetching, every step within its time.

use std::time::Duration;

use suppaftp::list::ListParser;
use suppaftp::tokio::AsyncFtpStream;
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpResult, Status};
use tokio::io::AsyncReadExt;

use super::source::{OfferedFile, SourceError, too_large};
use crate::config::FtpSettings;

const READ_BYTES: usize = 64 * 1024;

/// A connection that is logged in and in the right folder.
pub(super) struct FtpSession {
    stream: AsyncFtpStream,
    timeout: Duration,
}

impl FtpSession {
    /// Connects, logs in and goes to the folder.
    pub async fn open(settings: &FtpSettings) -> Result<FtpSession, SourceError> {
        let timeout = settings.timeout;
        let server = format!("{}:{}", settings.host, settings.port);
        let connecting = AsyncFtpStream::connect((settings.host.as_str(), settings.port));
        let mut stream = within(timeout, connecting).await.map_err(|err| {
            SourceError(format!("no connection to the FTP server {server}: {err}; check FTP_HOST and FTP_PORT"))
        })?;
        // Behind NAT a server announces an address that can't be reached: the data connection
        // goes where the control connection went.
        stream.set_passive_nat_workaround(true);
        let mut session = FtpSession { stream, timeout };
        let login = session.stream.login(settings.user.as_str(), settings.password.expose());
        within(timeout, login).await.map_err(|err| {
            SourceError(match err {
                StepError::Ftp(FtpError::UnexpectedResponse(answer)) if answer.status == Status::NotLoggedIn => format!(
                    "the FTP server {server} does not accept the user {} with this password; check FTP_USER and FTP_PASSWORD",
                    settings.user
                ),
                other => format!("the login to the FTP server {server} failed: {other}"),
            })
        })?;
        within(timeout, session.stream.transfer_type(FileType::Binary))
            .await
            .map_err(|err| SourceError(format!("the FTP server {server} refuses binary transfers: {err}")))?;
        within(timeout, session.stream.cwd(settings.remote_dir.as_str())).await.map_err(|err| {
            SourceError(format!(
                "the FTP server {server} has no folder {} for this user; check FTP_REMOTE_DIR ({err})",
                settings.remote_dir
            ))
        })?;
        Ok(session)
    }

    /// The files of the folder: by MLSD, or LIST where the server does not know it, or NLST where
    /// its listing can't be read.
    pub async fn list(&mut self) -> Result<Vec<OfferedFile>, SourceError> {
        let failed = |err: StepError| SourceError(format!("the FTP folder can't be listed: {err}"));
        match within(self.timeout, self.stream.mlsd(None)).await {
            Ok(lines) => {
                return Ok(lines.iter().filter_map(|line| offered(ListParser::parse_mlsd(line).ok()?)).collect());
            }
            Err(StepError::Ftp(FtpError::UnexpectedResponse(answer))) if is_unknown_command(answer.status) => {}
            Err(err) => return Err(failed(err)),
        }
        let lines = within(self.timeout, self.stream.list(None)).await.map_err(failed)?;
        let mut files = Vec::new();
        for line in lines.iter().filter(|line| !line.trim().is_empty() && !line.starts_with("total ")) {
            match ListParser::parse_posix(line).or_else(|_| ListParser::parse_dos(line)) {
                Ok(file) => files.extend(offered(file)),
                Err(_) => return self.list_names().await,
            }
        }
        Ok(files)
    }

    async fn list_names(&mut self) -> Result<Vec<OfferedFile>, SourceError> {
        let names = within(self.timeout, self.stream.nlst(None))
            .await
            .map_err(|err| SourceError(format!("the FTP folder can't be listed: {err}")))?;
        let mut files = Vec::new();
        for name in names {
            // A folder has no size.
            if let Ok(size) = within(self.timeout, self.stream.size(&name)).await {
                files.push(OfferedFile { name, size: Some(size as u64) });
            }
        }
        Ok(files)
    }

    /// The content of a file, checked against the size that the listing told.
    pub async fn fetch(&mut self, file: &OfferedFile, max_bytes: u64) -> Result<Vec<u8>, SourceError> {
        let broken = |err: StepError| SourceError(format!("the file could not be fetched: {err}"));
        let mut transfer = within(self.timeout, self.stream.retr_as_stream(&file.name)).await.map_err(broken)?;
        let mut content = Vec::new();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = async { transfer.read(&mut buffer).await.map_err(FtpError::ConnectionError) };
            let count = within(self.timeout, read).await.map_err(broken)?;
            if count == 0 {
                break;
            }
            content.extend_from_slice(&buffer[..count]);
            if content.len() as u64 > max_bytes {
                return Err(too_large(content.len() as u64, max_bytes));
            }
        }
        within(self.timeout, transfer.finish()).await.map_err(broken)?;
        match file.size {
            Some(size) if size != content.len() as u64 => Err(SourceError(format!(
                "{} of the {size} bytes announced arrived: the file is being rewritten, or the connection broke",
                content.len()
            ))),
            _ => Ok(content),
        }
    }

    /// Says good-bye; a server that does not answer is left.
    pub async fn close(mut self) {
        let _ = within(self.timeout.min(Duration::from_secs(2)), self.stream.quit()).await;
    }
}

/// What stopped a step.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("{0}")]
    Ftp(FtpError),
    #[error("no answer within {} s", .0.as_secs_f32())]
    Slow(Duration),
}

async fn within<T>(timeout: Duration, step: impl Future<Output = FtpResult<T>>) -> Result<T, StepError> {
    match tokio::time::timeout(timeout, step).await {
        Ok(result) => result.map_err(StepError::Ftp),
        Err(_) => Err(StepError::Slow(timeout)),
    }
}

fn is_unknown_command(status: Status) -> bool {
    matches!(
        status,
        Status::BadCommand | Status::BadArguments | Status::NotImplemented | Status::NotImplementedParameter
    )
}

fn offered(file: suppaftp::list::File) -> Option<OfferedFile> {
    file.is_file().then(|| OfferedFile { name: file.name().to_owned(), size: Some(file.size() as u64) })
}
