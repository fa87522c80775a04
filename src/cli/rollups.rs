//! `rollups`: check the sums that analytics read, or compute them again.

use std::fmt::Debug;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::app::open_existing_database;
use crate::config::Settings;
use crate::db::{self, Db, DbConn, DbError, PoolPurpose};
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
    /// Compare the rollups with the rows; only reads.
    Verify,
}

impl Rollups {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self.command {
            RollupsCommand::Rebuild => rebuild(settings).await,
            RollupsCommand::Verify => verify(settings).await,
        }
    }
}

async fn rebuild(settings: &Settings) -> anyhow::Result<()> {
    let rebuilt = async |conn: &mut DbConn| {
        let departments = db::list_departments(conn).await?;
        for department in &departments {
            // What an import commits meanwhile would be missing, or counted twice.
            db::lock_import(conn, department.id).await?;
        }
        db::rebuild_rollups(conn).await?;
        for department in &departments {
            db::record_change(conn, department.id, ChangedData::everything()).await?;
        }
        Ok::<_, DbError>(())
    };
    let database = open_existing_database(settings).await?;
    database.write(rebuilt).await?;
    println!("The rollups were computed from the rows.");
    Ok(())
}

/// Reads what is stored and what the rows make in one snapshot; migrates nothing.
async fn verify(settings: &Settings) -> anyhow::Result<()> {
    Db::open(&settings.database, false).await?;
    let database = Db::pool(&settings.database, PoolPurpose::Imports)?;
    let both = async |conn: &mut DbConn| {
        Ok::<_, DbError>((
            db::list_rollups(conn).await?,
            db::compute_rollups(conn).await?,
        ))
    };
    let (stored, computed) = database.snapshot(both).await?;
    report(&stored, &computed)
}

fn report(stored: &db::Rollups, computed: &db::Rollups) -> anyhow::Result<()> {
    let of_totals: usize = ["daily total", "monthly total", "yearly total"]
        .into_iter()
        .zip(stored.totals.iter().zip(&computed.totals))
        .map(|(name, (stored, computed))| differences(name, stored, computed))
        .sum();
    let differences = differences("daily", &stored.days, &computed.days)
        + differences("monthly", &stored.months, &computed.months)
        + differences("yearly", &stored.years, &computed.years)
        + of_totals
        + differences("monthly debt", &stored.debts, &computed.debts)
        + differences("findings", &stored.findings, &computed.findings)
        + differences(
            "details without expense",
            &stored.orphaned,
            &computed.orphaned,
        );
    if differences > 0 {
        bail!(
            "{differences} rollup rows differ from the operations: run `credit-portfolio rollups rebuild`"
        );
    }
    let (days, months) = (stored.days.len(), stored.months.len());
    println!("{days} daily and {months} monthly rollup rows agree with the operations.");
    Ok(())
}

/// Prints the rows that only one of two sorted lists has; returns their number.
fn differences<R: Ord + Debug>(name: &str, stored: &[R], computed: &[R]) -> usize {
    let gone = stored
        .iter()
        .filter(|row| computed.binary_search(row).is_err())
        .map(|row| ("stored", row));
    let missing = computed
        .iter()
        .filter(|row| stored.binary_search(row).is_err())
        .map(|row| ("from the rows", row));
    gone.chain(missing)
        .map(|(what, row)| println!("{name}, {what}: {row:?}"))
        .count()
}
