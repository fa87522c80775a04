//! `adopt`: another id for a database that was copied.

use crate::app::open_existing_database;
use crate::config::Settings;
use crate::db::{self, DbConn};

pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = open_existing_database(settings).await?;
    let adopted = async |conn: &mut DbConn| {
        let known = db::find_identity(conn).await?.id;
        db::renew_identity(conn, &known).await
    };
    let id = database.write(adopted).await?;
    println!(
        "The database has the id {id} from now on: answers that were cached for it before are not used, here and in running processes."
    );
    Ok(())
}
