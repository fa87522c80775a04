//! `rollups`: check the sums that analytics read, or make them anew.

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::app::open_database;
use crate::config::Settings;
use crate::db::{self, DbError, FlowRow};
use crate::domain::ChangedData;

#[derive(Args)]
pub struct Rollups {
    #[command(subcommand)]
    command: RollupsCommand,
}

#[derive(Subcommand)]
enum RollupsCommand {
    /// Compute all rollups anew from the rows.
    Rebuild,
    /// Compare the rollups with the rows; changes nothing.
    Verify,
}

/// Why the transaction of a check is undone: always.
enum Checked {
    Compared { stored: [Vec<FlowRow>; 2], anew: [Vec<FlowRow>; 2] },
    Failed(DbError),
}

impl From<DbError> for Checked {
    fn from(err: DbError) -> Checked {
        Checked::Failed(err)
    }
}

impl Rollups {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let database = open_database(settings, true).await?;
        match self.command {
            RollupsCommand::Rebuild => {
                database
                    .write(async |conn| {
                        db::rebuild_rollups(conn).await?;
                        for (department_id, _) in db::data_versions(conn).await? {
                            db::record_change(conn, department_id, ChangedData::everything()).await?;
                        }
                        Ok::<_, DbError>(())
                    })
                    .await?;
                println!("The rollups are computed anew from the rows.");
                Ok(())
            }
            RollupsCommand::Verify => {
                let check = async |conn: &mut db::DbConn| -> Result<(), Checked> {
                    let stored = db::list_rollups(conn).await?;
                    db::rebuild_rollups(conn).await?;
                    Err(Checked::Compared { stored, anew: db::list_rollups(conn).await? })
                };
                match database.write(check).await {
                    Ok(()) => Ok(()),
                    Err(Checked::Failed(err)) => Err(err.into()),
                    Err(Checked::Compared { stored, anew }) => report(&stored, &anew),
                }
            }
        }
    }
}

fn report(stored: &[Vec<FlowRow>; 2], anew: &[Vec<FlowRow>; 2]) -> anyhow::Result<()> {
    let mut differences = 0;
    for (name, (stored, anew)) in ["daily", "monthly"].into_iter().zip(stored.iter().zip(anew)) {
        let gone = stored.iter().filter(|row| anew.binary_search(row).is_err());
        let missing = anew.iter().filter(|row| stored.binary_search(row).is_err());
        for (what, row) in gone.map(|row| ("stored", row)).chain(missing.map(|row| ("from the rows", row))) {
            differences += 1;
            println!("{name}, {what}: {row:?}");
        }
    }
    if differences > 0 {
        bail!("{differences} rollup rows differ from the operations: run `credit-portfolio rollups rebuild`");
    }
    println!("{} daily and {} monthly rollup rows agree with the operations.", stored[0].len(), stored[1].len());
    Ok(())
}
