//! An FTP proxy that breaks things: it stands between client and server on both the control and the
//! data connections.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What goes wrong with a connection, each after so many bytes or lines.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    None,
    /// The data connection is reset.
    CutData(usize),
    /// The data connection is closed as if that were all.
    TruncateData(usize),
    /// The data connection is silent from there on.
    StallData(usize),
    /// Data comes in drops.
    SlowData,
    /// The control connection breaks.
    CutControl(usize),
    /// The control connection is silent from there on.
    StallControl(usize),
    /// The listing states other sizes.
    LieAboutSizes,
    /// The listing comes in another order.
    Reorder,
}

/// Chooses the fault of each connection.
#[derive(Clone)]
pub struct Chance(Arc<Mutex<(StdRng, bool)>>);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(Arc::new(Mutex::new((StdRng::seed_from_u64(seed), true))))
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        self.0.lock().unwrap().1 = false;
    }

    pub fn below(&self, end: usize) -> usize {
        self.0.lock().unwrap().0.random_range(0..end)
    }

    fn fault(&self) -> Fault {
        if !self.0.lock().unwrap().1 {
            return Fault::None;
        }
        let (some, lines) = (self.below(6_000), self.below(14));
        match self.below(14) {
            0 | 1 => Fault::CutData(some),
            2 | 3 => Fault::TruncateData(some),
            4 => Fault::StallData(some),
            5 => Fault::SlowData,
            6 => Fault::CutControl(lines),
            7 => Fault::StallControl(lines),
            8 => Fault::LieAboutSizes,
            9 => Fault::Reorder,
            _ => Fault::None,
        }
    }

    fn shuffle(&self, lines: &mut [String]) {
        lines.shuffle(&mut self.0.lock().unwrap().0);
    }
}

/// Starts the proxy; it runs as long as the returned task.
pub async fn start(target: u16, chance: Chance) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let (fault, chance) = (chance.fault(), chance.clone());
            connections.spawn(async move {
                if let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await {
                    control(client, server, fault, chance).await;
                }
            });
        }
    });
    (port, proxy)
}

async fn control(client: TcpStream, server: TcpStream, fault: Fault, chance: Chance) {
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let command = Arc::new(Mutex::new(String::new()));
    let heard = command.clone();
    let mut transfers = JoinSet::new();
    let commands = async move {
        let mut lines = BufReader::new(from_client).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            line.split(' ')
                .next()
                .unwrap()
                .clone_into(&mut heard.lock().unwrap());
            if to_server
                .write_all(format!("{line}\r\n").as_bytes())
                .await
                .is_err()
            {
                return;
            }
        }
    };
    let replies = async move {
        let mut lines = BufReader::new(from_server).lines();
        let mut count = 0;
        while let Ok(Some(mut line)) = lines.next_line().await {
            count += 1;
            match fault {
                Fault::CutControl(after) if count > after => return,
                Fault::StallControl(after) if count > after => std::future::pending().await,
                _ => {}
            }
            if let Some(port) = passive_port(&line) {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                let own = listener.local_addr().unwrap().port();
                line = match line.starts_with("229 ") {
                    true => format!("229 Entering Extended Passive Mode (|||{own}|)"),
                    false => format!(
                        "227 Entering Passive Mode (127,0,0,1,{},{}).",
                        own / 256,
                        own % 256
                    ),
                };
                transfers.spawn(transfer(
                    listener,
                    port,
                    fault,
                    command.clone(),
                    chance.clone(),
                ));
            }
            if to_client
                .write_all(format!("{line}\r\n").as_bytes())
                .await
                .is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        () = commands => {}
        () = replies => {}
    }
}

fn passive_port(line: &str) -> Option<u16> {
    if let Some(extended) = line.strip_prefix("229 ") {
        return extended
            .split_once("(|||")?
            .1
            .split_once('|')?
            .0
            .parse()
            .ok();
    }
    let numbers = line
        .strip_prefix("227 ")?
        .split_once('(')?
        .1
        .split_once(')')?
        .0;
    let numbers: Vec<u16> = numbers
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    Some(numbers.get(4)? * 256 + numbers.get(5)?)
}

async fn transfer(
    listener: TcpListener,
    port: u16,
    fault: Fault,
    command: Arc<Mutex<String>>,
    chance: Chance,
) {
    let Ok((mut client, _)) = listener.accept().await else {
        return;
    };
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let mut buffer = vec![0; 1024];
    let Ok(mut count) = server.read(&mut buffer).await else {
        return;
    };
    let is_listing = command.lock().unwrap().as_str() != "RETR";
    if is_listing && matches!(fault, Fault::LieAboutSizes | Fault::Reorder) {
        let mut listing = buffer[..count].to_vec();
        let _ = server.read_to_end(&mut listing).await;
        let mut lines: Vec<String> = String::from_utf8_lossy(&listing)
            .lines()
            .map(str::to_owned)
            .collect();
        match fault {
            Fault::Reorder => chance.shuffle(&mut lines),
            _ => lines
                .iter_mut()
                .for_each(|line| *line = line.to_lowercase().replace("size=", "size=1")),
        }
        let _ = client
            .write_all((lines.join("\r\n") + "\r\n").as_bytes())
            .await;
        return;
    }
    let mut passed = 0;
    while count > 0 {
        let room = match fault {
            Fault::CutData(after) | Fault::TruncateData(after) | Fault::StallData(after) => {
                after.saturating_sub(passed)
            }
            _ => count,
        };
        if client.write_all(&buffer[..count.min(room)]).await.is_err() {
            return;
        }
        passed += count;
        match fault {
            Fault::CutData(_) if room < count => {
                // Closing with unread input resets the connection.
                let _ = client.set_zero_linger();
                return;
            }
            Fault::TruncateData(_) if room < count => return,
            Fault::StallData(_) if room < count => std::future::pending().await,
            Fault::SlowData => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => {}
        }
        let Ok(more) = server.read(&mut buffer).await else {
            return;
        };
        count = more;
    }
}
