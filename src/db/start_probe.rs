//! Whether a connection to the database can be opened at all, and if not, whether waiting may help.

use tokio::time::timeout;

use super::postgres::{ConnectFault, PostgresConnector};
use crate::config::{DatabaseSettings, DatabaseUrl};

/// Opens a connection and closes it. An SQLite file needs no server: it is always there.
///
/// # Errors
/// [`ConnectFault`] names the server and the cause, and whether it may pass.
pub(crate) async fn probe(settings: &DatabaseSettings) -> Result<(), ConnectFault> {
    let DatabaseUrl::Postgres(url) = &settings.url else {
        return Ok(());
    };
    let limit = settings.timeout;
    let connector = PostgresConnector::new(url, settings, limit, settings.statement_timeout)
        .map_err(|err| ConnectFault {
            cause: format!("DATABASE_URL: {err}"),
            may_pass: false,
        })?;
    timeout(limit, connector.probe())
        .await
        .unwrap_or_else(|_| Err(connector.silent_for(limit)))
}
