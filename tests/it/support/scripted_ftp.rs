//! An FTP server that follows a script: it answers as servers out there do, whatever the standard
//! says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::app::{Backend, TestApp};

/// When all of its files were written, as MDTM gives it.
pub const WRITTEN_AT: &str = "20240305120000";

/// What the server has, and where it answers otherwise than a good one.
#[derive(Clone, Default)]
pub struct Script {
    files: Vec<(Vec<u8>, Vec<u8>)>,
    folders: Vec<Vec<u8>>,
    replies: Vec<(Vec<u8>, String)>,
    listings: Vec<(&'static str, Vec<u8>)>,
    end: End,
    first_transfer_ends_at: Option<usize>,
    speaks_telnet: bool,
    is_iis: bool,
    is_ipv6: bool,
}

/// How a transfer of a file ends.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum End {
    /// With that reply.
    #[default]
    Complete,
    /// With no reply.
    Silent,
    /// With the end of the control connection.
    Closed,
    /// With the complaint that the data connection was aborted.
    Aborted,
    /// With the word that the file could not be read.
    Failed,
}

impl Script {
    pub fn new() -> Script {
        Script::default()
    }

    /// It has a file.
    pub fn file(mut self, name: impl AsRef<[u8]>, content: impl Into<Vec<u8>>) -> Script {
        self.files.push((name.as_ref().to_owned(), content.into()));
        self
    }

    /// It has a folder.
    pub fn folder(mut self, name: impl AsRef<[u8]>) -> Script {
        self.folders.push(name.as_ref().to_owned());
        self
    }

    /// It lists these lines by that command; others are unknown to it.
    pub fn listing(mut self, command: &'static str, lines: &[impl AsRef<[u8]>]) -> Script {
        let lines: Vec<Vec<u8>> = lines
            .iter()
            .map(|line| [line.as_ref(), b"\r\n"].concat())
            .collect();
        self.listings.push((command, lines.concat()));
        self
    }

    /// Commands that begin so get that reply.
    pub fn replying(mut self, command: impl AsRef<[u8]>, reply: &str) -> Script {
        self.replies
            .push((command.as_ref().to_owned(), reply.to_owned()));
        self
    }

    pub fn ending(mut self, end: End) -> Script {
        self.end = end;
        self
    }

    /// The first transfer of a file breaks after so many bytes.
    pub fn breaking_first_at(mut self, bytes: usize) -> Script {
        self.first_transfer_ends_at = Some(bytes);
        self
    }

    /// It takes a doubled 0xFF for one, and any other for a command of the Telnet protocol, as the
    /// standard says.
    pub fn speaking_telnet(mut self) -> Script {
        self.speaks_telnet = true;
        self
    }

    /// It lists as Windows does, in CP1251 until UTF-8 is requested. Names of files are given
    /// in UTF-8.
    pub fn like_iis(mut self) -> Script {
        self.is_iis = true;
        self
    }

    pub fn on_ipv6(mut self) -> Script {
        self.is_ipv6 = true;
        self
    }

    /// Starts it.
    pub async fn start(self) -> ScriptedFtp {
        let address = if self.is_ipv6 {
            IpAddr::from(Ipv6Addr::LOCALHOST)
        } else {
            Ipv4Addr::LOCALHOST.into()
        };
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let commands = Arc::new(Mutex::new(Vec::new()));
        let (heard, is_broken) = (commands.clone(), Arc::new(AtomicBool::new(false)));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let session = Session {
                    script: self.clone(),
                    heard: heard.clone(),
                    is_broken: is_broken.clone(),
                    stream: BufReader::new(stream),
                    data: None,
                    offset: 0,
                    is_utf8: !self.is_iis,
                    address,
                };
                tokio::spawn(session.serve());
            }
        });
        ScriptedFtp {
            address,
            port,
            commands,
            task,
        }
    }
}

/// A running server.
pub struct ScriptedFtp {
    address: IpAddr,
    port: u16,
    commands: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl ScriptedFtp {
    /// The commands that it was sent.
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    /// How many commands began so.
    pub fn count(&self, command: &str) -> usize {
        self.commands()
            .iter()
            .filter(|line| line.starts_with(command))
            .count()
    }

    /// The program, which imports from it.
    pub async fn app(&self, settings: &[(&str, &str)]) -> TestApp {
        let (host, port) = (self.address.to_string(), self.port.to_string());
        let mut all = vec![
            ("USE_REDIS", "false"),
            ("FTP_HOST", &host),
            ("FTP_PORT", &port),
            ("FTP_USER", "anonymous"),
        ];
        all.extend(settings);
        TestApp::start_with(Backend::Sqlite, &all).await
    }
}

impl Drop for ScriptedFtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Letters of Russian names in CP1251.
pub fn cp1251(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '\0'..='\x7f' => c as u8,
        'А'..='я' => (c as u32 - 'А' as u32) as u8 + 0xC0,
        'ё' => 0xB8,
        'Ё' => 0xA8,
        other => panic!("{other} is not expected in a name"),
    };
    text.chars().map(byte).collect()
}

struct Session {
    script: Script,
    heard: Arc<Mutex<Vec<String>>>,
    /// Whether a transfer was broken off already.
    is_broken: Arc<AtomicBool>,
    stream: BufReader<TcpStream>,
    data: Option<TcpListener>,
    offset: usize,
    is_utf8: bool,
    address: IpAddr,
}

impl Session {
    async fn serve(mut self) {
        let mut next = Some("220 ready".to_owned());
        loop {
            if let Some(reply) = next.take()
                && self
                    .stream
                    .get_mut()
                    .write_all(format!("{reply}\r\n").as_bytes())
                    .await
                    .is_err()
            {
                return;
            }
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.strip_suffix(b"\r\n").unwrap_or(&line).to_vec();
            self.heard
                .lock()
                .unwrap()
                .push(String::from_utf8_lossy(&line).into_owned());
            let line = if self.script.speaks_telnet {
                without_telnet(&line)
            } else {
                line
            };
            match self.reply(&line).await {
                Some(reply) if reply.is_empty() => {}
                Some(reply) => next = Some(reply),
                None => return,
            }
        }
    }

    /// The reply to a command; empty: none; `None`: the connection ends.
    async fn reply(&mut self, line: &[u8]) -> Option<String> {
        if let Some((_, reply)) = self
            .script
            .replies
            .iter()
            .find(|(command, _)| line.starts_with(command))
        {
            return Some(reply.clone());
        }
        let at = line
            .iter()
            .position(|byte| *byte == b' ')
            .unwrap_or(line.len());
        let (verb, name) = (
            String::from_utf8_lossy(&line[..at]).into_owned(),
            line.get(at + 1..).unwrap_or_default(),
        );
        let content = self
            .script
            .files
            .iter()
            .find(|(file, _)| self.on_wire(file) == name)
            .map(|(_, content)| content);
        let fine = |text: &str| Some(text.to_owned());
        match (verb.as_str(), content.cloned()) {
            ("USER", _) => fine("331 password please"),
            ("PASS", _) => fine("230 logged in"),
            ("FEAT", _) if self.script.is_iis => {
                fine("211-Extended features supported:\r\n UTF8\r\n SIZE\r\n211 END")
            }
            ("OPTS", _) if name == b"UTF8 ON" => {
                self.is_utf8 = true;
                fine("200 OPTS UTF8 command successful - UTF8 encoding now ON.")
            }
            ("TYPE", _) => fine("200 binary"),
            ("PWD", _) => fine("257 \"/\" is here"),
            ("CWD", _)
                if name == b"/"
                    || self
                        .script
                        .folders
                        .iter()
                        .any(|folder| self.on_wire(folder) == name) =>
            {
                fine("250 entered")
            }
            ("EPSV", _) => {
                let port = self.listen().await;
                Some(format!("229 Entering Extended Passive Mode (|||{port}|)"))
            }
            ("PASV", _) if self.address.is_ipv4() => {
                let port = self.listen().await;
                Some(format!(
                    "227 Entering Passive Mode (127,0,0,1,{},{})",
                    port / 256,
                    port % 256
                ))
            }
            ("REST", _) => {
                self.offset = String::from_utf8_lossy(name).parse().unwrap();
                fine("350 from there")
            }
            ("SIZE", Some(content)) => Some(format!("213 {}", content.len())),
            ("MDTM", Some(_)) => Some(format!("213 {WRITTEN_AT}")),
            ("RETR", Some(content)) => self.send(&content).await,
            ("CWD" | "SIZE" | "MDTM" | "RETR", _) => fine("550 there is no such file"),
            ("QUIT", _) => None,
            (command, _) => match self.listed(command) {
                Some(listing) => {
                    self.transfer(&listing).await;
                    fine("226 listed")
                }
                None => fine("500 unknown command"),
            },
        }
    }

    /// A name as it is written now.
    fn on_wire(&self, name: &[u8]) -> Vec<u8> {
        if self.is_utf8 {
            name.to_owned()
        } else {
            cp1251(std::str::from_utf8(name).unwrap())
        }
    }

    fn listed(&self, command: &str) -> Option<Vec<u8>> {
        if self.script.is_iis && command == "LIST" {
            let files = self.script.files.iter().map(|(name, content)| {
                let facts = format!("03-05-24  12:00PM {:>20} ", content.len());
                [facts.as_bytes(), &self.on_wire(name), b"\r\n"].concat()
            });
            return Some(files.collect::<Vec<_>>().concat());
        }
        self.script
            .listings
            .iter()
            .find(|(name, _)| *name == command)
            .map(|(_, listing)| listing.clone())
    }

    async fn listen(&mut self) -> u16 {
        let listener = TcpListener::bind((self.address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        self.data = Some(listener);
        port
    }

    async fn send(&mut self, content: &[u8]) -> Option<String> {
        let offset = std::mem::take(&mut self.offset);
        let breaks_at = self
            .script
            .first_transfer_ends_at
            .filter(|_| !self.is_broken.swap(true, Ordering::Relaxed));
        if let Some(end) = breaks_at {
            self.transfer(&content[..end]).await;
            return None;
        }
        self.transfer(&content[offset..]).await;
        match self.script.end {
            End::Complete => Some("226 sent".to_owned()),
            End::Silent => Some(String::new()),
            End::Closed => None,
            End::Aborted => Some("426 Connection closed; transfer aborted.".to_owned()),
            End::Failed => Some("551 Read error".to_owned()),
        }
    }

    async fn transfer(&mut self, bytes: &[u8]) {
        let Some(listener) = self.data.take() else {
            return;
        };
        let (mut connection, _) = listener.accept().await.unwrap();
        self.stream
            .get_mut()
            .write_all(b"150 here it comes\r\n")
            .await
            .unwrap();
        connection.write_all(bytes).await.unwrap();
        connection.shutdown().await.unwrap();
    }
}

/// A line as the Telnet protocol reads it.
fn without_telnet(line: &[u8]) -> Vec<u8> {
    let mut bytes = line.iter().copied();
    let mut read = Vec::new();
    while let Some(byte) = bytes.next() {
        // The byte behind it is a command, unless it is the same.
        if byte != 0xFF || bytes.next() == Some(0xFF) {
            read.push(byte);
        }
    }
    read
}
