//! The FTP client: listing and fetching, plain or over TLS, every step within its time.

mod tls;

use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDateTime, Utc};
use suppaftp::list::ListParser;
use suppaftp::tokio::AsyncRustlsFtpStream;
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpResult, Status};
use tokio::io::AsyncReadExt;

use super::landing::Landing;
use super::source::{OfferedFile, SourceError};
use crate::config::{FtpSettings, FtpTls};

const READ_BYTES: usize = 64 * 1024;

/// A connection that is logged in and in the right folder.
pub(super) struct FtpSession {
    stream: AsyncRustlsFtpStream,
    timeout: Duration,
    /// Whether the server has refused to begin a file anywhere but at its beginning.
    resumes: bool,
}

impl FtpSession {
    /// Connects, logs in and goes to the folder.
    pub async fn open(settings: &FtpSettings) -> Result<FtpSession, SourceError> {
        let timeout = settings.timeout;
        let server = format!("{}:{}", settings.host, settings.port);
        let mut stream = connect(settings, &server).await?;
        // Behind NAT a server announces an address that can't be reached: the data connection
        // goes where the control connection went.
        stream.set_passive_nat_workaround(true);
        let mut session = FtpSession { stream, timeout, resumes: true };
        if settings.tls == FtpTls::Implicit {
            let protect = async |session: &mut FtpSession| {
                within(timeout, session.stream.custom_command("PBSZ 0", &[Status::CommandOk])).await?;
                within(timeout, session.stream.custom_command("PROT P", &[Status::CommandOk])).await
            };
            protect(&mut session)
                .await
                .map_err(|err| err.told(format!("the FTP server {server} does not encrypt transfers")))?;
        }
        let login = session.stream.login(settings.user.as_str(), settings.password.expose());
        within(timeout, login).await.map_err(|err| match err {
            StepError::Ftp(FtpError::UnexpectedResponse(answer)) if answer.status == Status::NotLoggedIn => {
                SourceError::lasting(format!(
                    "the FTP server {server} does not accept the user {} with this password; check FTP_USER and FTP_PASSWORD",
                    settings.user
                ))
            }
            other => other.told(format!("the login to the FTP server {server} failed")),
        })?;
        within(timeout, session.stream.transfer_type(FileType::Binary))
            .await
            .map_err(|err| err.told(format!("the FTP server {server} refuses binary transfers")))?;
        within(timeout, session.stream.cwd(settings.remote_dir.as_str())).await.map_err(|err| {
            err.told(format!(
                "the FTP server {server} has no folder {} for this user; check FTP_REMOTE_DIR",
                settings.remote_dir
            ))
        })?;
        Ok(session)
    }

    /// The files of the folder: by MLSD, or LIST where the server does not know it, or NLST where
    /// its listing can't be read. Where the listing does not tell exactly, SIZE and MDTM do.
    pub async fn list(&mut self) -> Result<Vec<OfferedFile>, SourceError> {
        let failed = |err: StepError| err.told("the FTP folder can't be listed".to_owned());
        match within(self.timeout, self.stream.mlsd(None)).await {
            Ok(lines) => {
                let files = lines.iter().filter_map(|line| ListParser::parse_mlsd(line).ok());
                return Ok(files.filter(suppaftp::list::File::is_file).map(|file| offered(&file)).collect());
            }
            Err(err) if err.is_unknown_command() => {}
            Err(err) => return Err(failed(err)),
        }
        let lines = within(self.timeout, self.stream.list(None)).await.map_err(failed)?;
        let mut files = Vec::new();
        for line in lines.iter().filter(|line| !line.trim().is_empty() && !line.starts_with("total ")) {
            match ListParser::parse_posix(line).or_else(|_| ListParser::parse_dos(line)) {
                Ok(file) if file.is_file() => {
                    let mut file = offered(&file);
                    // A line of LIST is to the minute, and in the server's time zone.
                    file.modified_at = self.modified_at(&file.name).await?;
                    files.push(file);
                }
                Ok(_) => {}
                Err(_) => return self.list_names().await,
            }
        }
        Ok(files)
    }

    async fn list_names(&mut self) -> Result<Vec<OfferedFile>, SourceError> {
        let names = within(self.timeout, self.stream.nlst(None))
            .await
            .map_err(|err| err.told("the FTP folder can't be listed".to_owned()))?;
        let mut files = Vec::new();
        for name in names {
            // A folder has no size.
            match within(self.timeout, self.stream.size(&name)).await {
                Ok(size) => {
                    let modified_at = self.modified_at(&name).await?;
                    files.push(OfferedFile { name, size: Some(size as u64), modified_at, is_complete: false });
                }
                Err(err) if err.is_refusal() => {}
                Err(err) => return Err(err.told("the FTP folder can't be listed".to_owned())),
            }
        }
        Ok(files)
    }

    /// When a file was written last, if the server tells.
    async fn modified_at(&mut self, name: &str) -> Result<Option<NaiveDateTime>, SourceError> {
        match within(self.timeout, self.stream.mdtm(name)).await {
            Ok(time) => Ok(Some(time)),
            Err(err) if err.is_refusal() => Ok(None),
            Err(err) => Err(err.told(format!("the time of {name:?} can't be asked"))),
        }
    }

    /// Fetches what is still missing of a file, checked against the size that the listing told.
    pub async fn fetch(
        &mut self,
        file: &OfferedFile,
        landing: &mut Landing,
        told: &mut dyn FnMut(u64),
    ) -> Result<(), SourceError> {
        let broken = |err: StepError| err.told("the file could not be fetched".to_owned());
        if landing.bytes() > 0 {
            let offset = usize::try_from(landing.bytes()).unwrap_or_default();
            if self.resumes {
                within(self.timeout, self.stream.resume_transfer(offset)).await.map_err(broken)?;
            } else {
                landing.restart()?;
            }
        }
        let begun = within(self.timeout, self.stream.retr_as_stream(&file.name)).await;
        let mut transfer = match begun {
            Err(err) if landing.bytes() > 0 && err.is_refusal() => {
                self.resumes = false;
                landing.restart()?;
                within(self.timeout, self.stream.retr_as_stream(&file.name)).await.map_err(broken)?
            }
            other => other.map_err(broken)?,
        };
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = async {
                match transfer.read(&mut buffer).await {
                    // Some servers end a TLS connection without saying so; the size tells whether
                    // all has come.
                    Err(err) if err.kind() == ErrorKind::UnexpectedEof => Ok(0),
                    other => other.map_err(FtpError::ConnectionError),
                }
            };
            let count = within(self.timeout, read).await.map_err(broken)?;
            if count == 0 {
                break;
            }
            landing.take(&buffer[..count])?;
            told(landing.bytes());
        }
        within(self.timeout, transfer.finish()).await.map_err(broken)?;
        match file.size {
            Some(size) if size != landing.bytes() => {
                let arrived = landing.bytes();
                landing.restart()?;
                Err(SourceError::passing(format!(
                    "{arrived} bytes arrived instead of the {size} announced: the file is being rewritten, or the connection broke"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Says good-bye; a server that does not answer is left.
    pub async fn close(mut self) {
        let _ = within(self.timeout.min(Duration::from_secs(2)), self.stream.quit()).await;
    }
}

async fn connect(settings: &FtpSettings, server: &str) -> Result<AsyncRustlsFtpStream, SourceError> {
    let address = (settings.host.as_str(), settings.port);
    let unreachable =
        |err: StepError| err.told(format!("no connection to the FTP server {server}; check FTP_HOST and FTP_PORT"));
    let untrusted = |err: StepError| {
        err.told(format!(
            "no TLS connection to the FTP server {server}; check FTP_TLS, and FTP_CA_FILE for a certificate of your own"
        ))
    };
    match settings.tls {
        FtpTls::None => within(settings.timeout, AsyncRustlsFtpStream::connect(address)).await.map_err(unreachable),
        FtpTls::Explicit => {
            let plain = AsyncRustlsFtpStream::connect(address);
            let plain = within(settings.timeout, plain).await.map_err(unreachable)?;
            let secured = plain.into_secure(tls::connector(settings)?, &settings.host);
            within(settings.timeout, secured).await.map_err(untrusted)
        }
        FtpTls::Implicit => {
            let connector = tls::connector(settings)?;
            let secured = AsyncRustlsFtpStream::connect_secure_implicit(address, connector, &settings.host);
            within(settings.timeout, secured).await.map_err(untrusted)
        }
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

impl StepError {
    /// The server does not know the command.
    fn is_unknown_command(&self) -> bool {
        matches!(self, StepError::Ftp(FtpError::UnexpectedResponse(answer)) if matches!(
            answer.status,
            Status::BadCommand | Status::BadArguments | Status::NotImplemented | Status::NotImplementedParameter
        ))
    }

    /// The server said no, for good.
    fn is_refusal(&self) -> bool {
        matches!(self, StepError::Ftp(FtpError::UnexpectedResponse(answer)) if answer.status.code() >= 500)
    }

    /// With what was tried.
    fn told(self, what: String) -> SourceError {
        let is_passing = match &self {
            StepError::Slow(_) | StepError::Ftp(FtpError::ConnectionError(_)) => true,
            StepError::Ftp(FtpError::UnexpectedResponse(answer)) => answer.status.code() < 500,
            StepError::Ftp(FtpError::SecureError(_)) => false,
            StepError::Ftp(_) => true,
        };
        let message = format!("{what}: {self}");
        if is_passing { SourceError::passing(message) } else { SourceError::lasting(message) }
    }
}

async fn within<T>(timeout: Duration, step: impl Future<Output = FtpResult<T>>) -> Result<T, StepError> {
    match tokio::time::timeout(timeout, step).await {
        Ok(result) => result.map_err(StepError::Ftp),
        Err(_) => Err(StepError::Slow(timeout)),
    }
}

fn offered(file: &suppaftp::list::File) -> OfferedFile {
    // A listing without a time is parsed to the epoch.
    let modified = Some(file.modified()).filter(|time| *time != SystemTime::UNIX_EPOCH);
    let modified_at = modified.map(|time| DateTime::<Utc>::from(time).naive_utc());
    let (name, size) = (file.name().to_owned(), Some(file.size() as u64));
    OfferedFile { name, size, modified_at, is_complete: false }
}
