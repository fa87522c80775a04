//! What handlers work with: the database, the cache, the import and the settings that they follow.
//!
//! `app` fills it in at the start; `api` and `web` receive it and know nothing else of how the program was
//! put together.

mod adjustments;
mod database_health;
mod export_queue;
mod figure_parts;
mod imports;
mod list_counts;
mod pending_uploads;
mod shutdown;
mod upload_limits;
mod who_is_who;

use ipnet::IpNet;

use crate::accounts::{AccountDirectory, Devices, LoginGuard, LoginThrottle, Sessions, Tokens};
use crate::analytics::Analytics;
use crate::cache::Cache;
use crate::config::{ForwardedHeader, ImportPolicy, RetentionSettings};
use crate::db::{self, Db, DbConn, DbError, Reads};
use crate::domain::{ChangedData, Currency, DataVersion, DepartmentScope};
use crate::import::actor::ImportHandle;
use crate::import::{ImportContext, Source};

pub use adjustments::{
    AdjustmentError, EnteredAdjustment, StoredAdjustment, TouchedDays, changeable, is_manual,
    is_removable,
};
pub use database_health::{DatabaseHealth, DatabaseStatus};
pub use export_queue::{ExportQueue, ExportQueueError};
pub use figure_parts::{FigureParts, PartsQuestion};
pub use list_counts::ListCounts;
pub use pending_uploads::{NoRoom, PendingUpload, PendingUploads};
pub use shutdown::Shutdown;
pub use upload_limits::{UploadLimits, UploadTurn};

/// What handlers work with; every part is a cheap handle.
#[derive(Clone)]
pub struct AppState {
    /// The database, for requests.
    pub db: Db,
    /// What is only read of imported data: from a replica where there is one.
    pub reads: Reads,
    /// The same for readiness and registering, which must not wait behind requests.
    pub checks: Db,
    /// The same for changes by hand, which may wait for an import.
    pub changes: Db,
    /// What is known of the database.
    pub database_health: DatabaseHealth,
    /// The cache, shared with the import actor.
    pub cache: Cache,
    /// Cached answers.
    pub analytics: Analytics,
    /// The import actor.
    pub import: ImportHandle,
    /// What an import works with.
    pub import_context: ImportContext,
    /// Where it imports from.
    pub import_sources: Vec<Source>,
    /// How files are treated that are handed in.
    pub import_policy: ImportPolicy,
    /// Access tokens.
    pub tokens: Tokens,
    /// What every user may do.
    pub accounts: AccountDirectory,
    /// Who is signed in to the dashboard.
    pub sessions: Sessions,
    /// The brake on guessing passwords.
    pub login_throttle: LoginThrottle,
    /// The cookies of devices that users logged in from.
    pub devices: Devices,
    /// Whether cookies are sent over HTTPS only.
    pub are_cookies_secure: bool,
    /// The proxies whose word on a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they say it.
    pub forwarded_header: ForwardedHeader,
    /// Lists and figures as files, in their turn.
    pub exports: ExportQueue,
    /// The full counts of lists.
    pub list_counts: ListCounts,
    /// What bodies of requests may take.
    pub uploads: UploadLimits,
    /// Files that wait for their confirmation.
    pub pending_uploads: PendingUploads,
    /// The departments whose members may see the portfolio.
    pub finance_departments: Vec<i64>,
    /// The department that exports belong to when nothing else is said.
    pub import_department: i64,
    /// The currency of answers that ask for none.
    pub base_currency: Currency,
    /// Whether a change drops only the answers that it concerns.
    pub is_scoped: bool,
    /// For how long what imports leave behind is kept.
    pub retention: RetentionSettings,
    /// Whether the program is on its way out.
    pub shutdown: Shutdown,
}

impl AppState {
    /// Whether the database can be worked with.
    pub async fn database_status(&self) -> DatabaseStatus {
        self.database_health.status(&self.checks).await
    }

    /// Returns the version of a scope's data out of those of the departments: a check that changed
    /// nothing may be known before a replica has it.
    pub fn version_of(
        &self,
        scope: DepartmentScope,
        versions: Vec<(i64, DataVersion)>,
    ) -> DataVersion {
        let read = DataVersion::of(scope, versions);
        let known = self.cache.known_version(scope).unwrap_or_default();
        DataVersion {
            as_of: read.as_of.max(known.as_of),
            ..read
        }
    }

    /// Every pool of connections, one for each purpose.
    pub fn pools(&self) -> Vec<&Db> {
        let figures = self.analytics.reads();
        let replicas = [
            self.reads.replica(),
            figures.replica(),
            self.exports.reads().replica(),
        ];
        let own = [
            &self.db,
            figures.primary(),
            &self.checks,
            &self.changes,
            &self.import_context.db,
            &self.import_context.leases,
            self.exports.reads().primary(),
        ];
        own.into_iter()
            .chain(replicas.into_iter().flatten())
            .collect()
    }

    /// What logins are checked with.
    pub fn login_guard(&self) -> LoginGuard<'_> {
        LoginGuard {
            db: &self.db,
            throttle: &self.login_throttle,
            devices: &self.devices,
        }
    }

    /// Has a change of accounts that this process made count at once.
    pub async fn look_at_accounts(&self) {
        if let Err(err) = self.accounts.look().await {
            // The background looks again.
            log::warn!("The accounts can't be read again: {err}");
        }
    }

    /// Changes reference data of a department by hand, under its import lock: in one transaction
    /// with its generation; then publishes the change to the cache.
    ///
    /// # Errors
    /// The body's, or [`DbError`] when the transaction fails.
    pub async fn change_data<T>(
        &self,
        department_id: i64,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let changed = async |conn: &mut DbConn| {
            // An import relies on what it has read.
            db::lock_import_briefly(conn, department_id).await?;
            Ok((body(conn).await?, ChangedData::reference_data()))
        };
        self.change_figures(department_id, changed).await
    }

    /// The same for a change of figures: the body says which.
    ///
    /// # Errors
    /// As [`AppState::change_data`].
    pub async fn change_figures<T, E: From<DbError>>(
        &self,
        department_id: i64,
        body: impl AsyncFnOnce(&mut DbConn) -> Result<(T, ChangedData), E>,
    ) -> Result<T, E> {
        let (value, change) = self
            .changes
            .change(async |conn| {
                let (value, changed) = body(conn).await?;
                let changed = if self.is_scoped {
                    changed
                } else {
                    ChangedData::everything()
                };
                Ok::<_, E>((
                    value,
                    db::record_change(conn, department_id, changed).await?,
                ))
            })
            .await?;
        self.cache.announce(&change).await;
        Ok(value)
    }
}
