//! `db copy`: an installation that outgrows SQLite.

use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;

use crate::analytics::{Basis, every_figure};
use crate::config::{DatabaseSettings, DatabaseUrl, Settings};
use crate::db::{self, Db, DbConn, PoolPurpose};
use crate::domain::DepartmentScope;

#[derive(Args)]
pub(super) struct Copy {
    /// The SQLite database, such as sqlite:///var/lib/credit-portfolio/credit-portfolio.db.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The empty PostgreSQL database: postgres://user:password@host:5432/name. Other users of this
    /// machine see arguments; they do not see the variable.
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_COPY_TO",
        hide_env_values = true
    )]
    to: String,
}

impl Copy {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let url = |argument: &str, text: &str| {
            DatabaseUrl::parse(text).map_err(|advice| anyhow::anyhow!("{argument}: {advice}"))
        };
        let of = |url| DatabaseSettings {
            url,
            read_url: None,
            ..settings.database.clone()
        };
        let (source, target) = (url("--from", &self.from)?, url("--to", &self.to)?);
        let (DatabaseUrl::Sqlite(file), DatabaseUrl::Postgres(_)) = (&source, &target) else {
            bail!("a copy leads from sqlite://… to postgres://…");
        };
        if !file.exists() {
            bail!("--from: there is no file {}", file.display());
        }
        let file = file.clone();
        let (source, target) = (of(source), of(target));
        Db::open(&source, false)
            .await
            .context("--from: run the `migrate` of this version on it first")?;
        Db::open_for_copy(&target).await.context("--to")?;
        let source = Db::pool(&source, PoolPurpose::Imports)?;
        let target = Db::pool(&target, PoolPurpose::Imports)?;
        let (state, compared) = source
            .snapshot(async |from| copy(from, &file, &target, settings).await)
            .await?;
        let now = source
            .snapshot(async |from| db::source_state(from, &file).await)
            .await?;
        if now != state {
            bail!(
                "the source was written to meanwhile: stop the service and repeat the command, which begins again"
            );
        }
        target
            .write(async |conn| {
                db::ensure_identity(conn).await?;
                db::end_copy(conn).await
            })
            .await?;
        println!(
            "The copy is complete: every table has as many rows as before, and {compared} answers are the same. Set DATABASE_URL to the new database and start the service."
        );
        Ok(())
    }
}

/// Copies what one snapshot of the source holds; returns its state, and how many answers were compared.
async fn copy(
    from: &mut DbConn,
    file: &Path,
    target: &Db,
    settings: &Settings,
) -> anyhow::Result<(String, usize)> {
    if !db::holds_work(from).await? {
        bail!("--from: {} holds no data", file.display());
    }
    let state = db::source_state(from, file).await?;
    let goes_on = target
        .write(async |conn| db::begin_copy(conn, &state).await)
        .await
        .context("--to")?;
    if goes_on {
        println!("A copy of this state was begun before: it goes on.");
    }
    for table in db::TABLES {
        let count = copy_table(from, target, table).await;
        let count = count.with_context(|| format!("table {table}"))?;
        println!("{table}: {count} rows");
    }
    let numbers = db::last_numbers(from).await?;
    target
        .write(async |conn| db::continue_numbers(conn, &numbers).await)
        .await?;
    let compared = target
        .snapshot(async |to| compare(from, to, settings).await)
        .await?;
    Ok((state, compared))
}

/// Copies the rest of a table; returns how many rows the source has.
async fn copy_table(from: &mut DbConn, target: &Db, table: &str) -> anyhow::Result<i64> {
    let columns = db::list_columns(from, table).await?;
    let mut conn = target.conn().await?;
    let there = db::list_columns(&mut conn, table).await?;
    if columns != there {
        bail!("the columns differ: {columns:?} and {there:?}");
    }
    let mut place = db::copied_until(&mut conn, table).await?;
    drop(conn);
    loop {
        let page = db::read_page(from, table, &columns, place).await?;
        if page.count == 0 {
            return Ok(db::count_rows(from, table).await?);
        }
        target
            .write(async |conn| db::write_page(conn, table, &columns, &page).await)
            .await?;
        place = page.last;
    }
}

/// Compares the numbers of rows and every figure; returns how many answers there were.
async fn compare(from: &mut DbConn, to: &mut DbConn, settings: &Settings) -> anyhow::Result<usize> {
    for table in db::TABLES {
        let (before, after) = (
            db::count_rows(from, table).await?,
            db::count_rows(to, table).await?,
        );
        if before != after {
            bail!("{table} has {before} rows in the source and {after} in the target");
        }
    }
    let basis = Basis::of_settings(settings);
    let departments = db::list_departments(from).await?;
    let scopes = departments
        .iter()
        .map(|department| DepartmentScope::One(department.id));
    let mut compared = 0;
    for scope in scopes.chain([DepartmentScope::All]) {
        let before = every_figure(from, scope, &basis).await?;
        let after = every_figure(to, scope, &basis).await?;
        for (question, answer) in &before {
            if after.get(question) != Some(answer) {
                bail!(
                    "{question} of {scope:?} has another answer in the target than in the source"
                );
            }
        }
        compared += before.len();
    }
    let (stored, computed) = (db::list_rollups(to).await?, db::compute_rollups(to).await?);
    if stored != computed {
        bail!("the sums that were copied are not those of the rows that were copied");
    }
    Ok(compared)
}
