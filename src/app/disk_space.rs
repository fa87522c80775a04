//! What is free on the disks that the program writes to: a full one fails imports, and an SQLite
//! database fails with it.

use std::path::{Path, PathBuf};

use actix_web::rt::task::spawn_blocking;

use crate::config::{DatabaseSettings, DatabaseUrl};
use crate::metrics;

/// The folders that grow, each with its label.
#[derive(Clone)]
pub(super) struct WatchedFolders(Vec<(&'static str, PathBuf)>);

impl WatchedFolders {
    /// The folder of temporary files, and that of an SQLite database.
    pub fn new(database: &DatabaseSettings) -> WatchedFolders {
        let mut folders = vec![("temporary", std::env::temp_dir())];
        if let DatabaseUrl::Sqlite(path) = &database.url {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            folders.push(("database", folder.to_owned()));
        }
        WatchedFolders(folders)
    }

    /// Measures each folder's disk. A network's disk may take its time.
    pub async fn measure(&self) {
        let folders = self.0.clone();
        let measured = spawn_blocking(move || {
            for (label, folder) in folders {
                match rustix::fs::statvfs(&folder) {
                    Ok(disk) => {
                        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                        metrics::DISK_FREE
                            .with_label_values(&[label])
                            .set(i64::try_from(free).unwrap_or(i64::MAX));
                    }
                    Err(err) => log::debug!("{} can't be measured: {err}", folder.display()),
                }
            }
        });
        if let Err(err) = measured.await {
            log::debug!("The disks can't be measured: {err}");
        }
    }
}
