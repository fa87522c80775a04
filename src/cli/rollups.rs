//! `rollups`: check the sums that analytics read, or compute them again.

use std::fmt::Debug;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::app::open_database;
use crate::config::Settings;
use crate::db::{self, DbError};
use crate::domain::ChangedData;

#[derive(Args)]
pub struct Rollups {
    #[command(subcommand)]
    command: RollupsCommand,
}

#[derive(Subcommand)]
enum RollupsCommand {
    /// Compute all rollups again from the rows.
    Rebuild,
    /// Compare the rollups with the rows; changes nothing.
    Verify,
}

/// Why the transaction of a check is undone: always.
enum Checked {
    Compared(Box<(db::Rollups, db::Rollups)>),
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
                println!("The rollups were computed from the rows.");
                Ok(())
            }
            RollupsCommand::Verify => {
                let check = async |conn: &mut db::DbConn| -> Result<(), Checked> {
                    let stored = db::list_rollups(conn).await?;
                    db::rebuild_rollups(conn).await?;
                    Err(Checked::Compared(Box::new((stored, db::list_rollups(conn).await?))))
                };
                match database.write(check).await {
                    Ok(()) => Ok(()),
                    Err(Checked::Failed(err)) => Err(err.into()),
                    Err(Checked::Compared(both)) => report(&both.0, &both.1),
                }
            }
        }
    }
}

fn report(stored: &db::Rollups, computed: &db::Rollups) -> anyhow::Result<()> {
    let differences = differences("daily", &stored.days, &computed.days)
        + differences("monthly", &stored.months, &computed.months)
        + differences("yearly", &stored.years, &computed.years)
        + differences("findings", &stored.findings, &computed.findings)
        + differences("details without expense", &stored.orphaned, &computed.orphaned);
    if differences > 0 {
        bail!("{differences} rollup rows differ from the operations: run `credit-portfolio rollups rebuild`");
    }
    let (days, months) = (stored.days.len(), stored.months.len());
    println!("{days} daily and {months} monthly rollup rows agree with the operations.");
    Ok(())
}

/// Prints the rows that only one of two sorted lists has; returns their number.
fn differences<R: Ord + Debug>(name: &str, stored: &[R], computed: &[R]) -> usize {
    let gone = stored.iter().filter(|row| computed.binary_search(row).is_err()).map(|row| ("stored", row));
    let missing = computed.iter().filter(|row| stored.binary_search(row).is_err()).map(|row| ("from the rows", row));
    gone.chain(missing).map(|(what, row)| println!("{name}, {what}: {row:?}")).count()
}
