//! `generate`: a database full of invented operations.

use std::time::Instant;

use anyhow::bail;
use clap::Args;

use crate::app::open_database;
use crate::config::Settings;
use crate::db::{self, DbError};
use crate::domain::ChangedData;
use crate::generate::generate_operations;

#[derive(Args)]
pub struct Generate {
    /// How many receipts and expenses together.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=100_000_000))]
    operations: i64,
    /// Over at least how many contracts.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    contracts: i64,
}

impl Generate {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let database = open_database(settings, true).await?;
        if db::has_operations(&mut database.conn().await?).await? {
            bail!("this database holds operations already: generate fills an empty one");
        }
        let (department_id, started) = (settings.import_department(), Instant::now());
        let made = database
            .write(async |conn| {
                let made =
                    generate_operations(conn, department_id, self.operations, self.contracts)
                        .await?;
                db::rebuild_rollups(conn).await?;
                db::record_change(conn, department_id, ChangedData::everything()).await?;
                let now = Some(db::utc_now());
                db::record_department_check(conn, department_id, now, now).await?;
                Ok::<_, DbError>(made)
            })
            .await?;
        println!(
            "{} receipts and {} expenses with {} details, rollups included, in {:.1} s.",
            made.receipts,
            made.expenses,
            made.details,
            started.elapsed().as_secs_f64()
        );
        Ok(())
    }
}
