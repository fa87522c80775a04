//! What connections are for, and what bounds them: a purpose never waits for another one.

use std::time::Duration;

use crate::config::DatabaseSettings;

/// What the connections of a pool are for. A purpose has limits of its own, and none takes the
/// connections of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolPurpose {
    /// Requests, each of whose statements is bounded.
    Requests,
    /// Imports and rebuilds, whose statements may take long.
    Imports,
    /// Changes by hand of what imports write: they wait for an import, which must not wait for them.
    Changes,
    /// Heartbeats of runs, and looks for runs to begin or take over: what is late here counts as
    /// the death of the process.
    Leases,
    /// Figures: as many at once as there are processors.
    Figures,
    /// Lists and figures as files: few, each for as long as its file is written.
    Exports,
    /// What only reads, on a replica.
    Replica,
    /// Figures, on a replica.
    ReplicaFigures,
    /// Lists and figures as files, on a replica.
    ReplicaExports,
    /// The look for changes, readiness, registering: short, and never behind the others.
    Checks,
}

/// How the connections of a pool are used.
#[derive(Clone, Copy, Debug)]
pub struct PoolUsage {
    /// What they are for, as metrics name it.
    pub pool: &'static str,
    /// How many are open.
    pub open: u32,
    /// How many of these nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub limit: u32,
}

/// What bounds the connections of a pool.
pub(super) struct PoolLimits {
    pub(super) size: u32,
    /// The wait for a connection.
    pub(super) wait: Duration,
    /// The time to open one.
    pub(super) connect: Duration,
    pub(super) statement: Duration,
}

impl PoolPurpose {
    /// The name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            PoolPurpose::Requests => "requests",
            PoolPurpose::Imports => "imports",
            PoolPurpose::Changes => "changes",
            PoolPurpose::Leases => "leases",
            PoolPurpose::Figures => "figures",
            PoolPurpose::Exports => "exports",
            PoolPurpose::Replica => "replica",
            PoolPurpose::ReplicaFigures => "replica_figures",
            PoolPurpose::ReplicaExports => "replica_exports",
            PoolPurpose::Checks => "checks",
        }
    }

    /// The setting that says which server.
    pub(super) fn setting(self) -> &'static str {
        match self {
            PoolPurpose::Replica | PoolPurpose::ReplicaFigures | PoolPurpose::ReplicaExports => {
                "DATABASE_READ_URL"
            }
            _ => "DATABASE_URL",
        }
    }

    pub(super) fn limits(self, settings: &DatabaseSettings) -> PoolLimits {
        match self {
            PoolPurpose::Requests => PoolLimits {
                size: settings.pool_size,
                wait: settings.timeout,
                // A connection that can't be opened is known before who waits for it gives up.
                connect: settings.timeout.mul_f32(0.8),
                statement: settings.statement_timeout,
            },
            PoolPurpose::Imports => PoolLimits {
                size: IMPORT_CONNECTIONS,
                statement: IMPORT_STATEMENT_TIMEOUT.max(settings.statement_timeout),
                ..PoolPurpose::Requests.limits(settings)
            },
            PoolPurpose::Changes => PoolLimits {
                size: CHANGE_CONNECTIONS,
                statement: CHANGE_STATEMENT_TIMEOUT.max(settings.statement_timeout),
                ..PoolPurpose::Requests.limits(settings)
            },
            PoolPurpose::Leases => PoolLimits {
                size: LEASE_CONNECTIONS,
                statement: LEASE_STATEMENT_TIMEOUT.min(settings.statement_timeout),
                ..PoolPurpose::Requests.limits(settings)
            },
            PoolPurpose::Figures => PoolLimits {
                size: figure_connections(settings.pool_size),
                ..PoolPurpose::Requests.limits(settings)
            },
            PoolPurpose::Exports => PoolLimits {
                size: export_connections(),
                ..PoolPurpose::Requests.limits(settings)
            },
            PoolPurpose::Replica => PoolLimits {
                // There is the primary beside it.
                wait: CHECK_TIMEOUT.min(settings.timeout),
                connect: CHECK_TIMEOUT.min(settings.timeout).mul_f32(0.8),
                ..PoolPurpose::Requests.limits(settings)
            },
            PoolPurpose::ReplicaFigures => PoolLimits {
                size: figure_connections(settings.pool_size),
                ..PoolPurpose::Replica.limits(settings)
            },
            PoolPurpose::ReplicaExports => PoolLimits {
                size: export_connections(),
                ..PoolPurpose::Replica.limits(settings)
            },
            PoolPurpose::Checks => PoolLimits {
                size: CHECK_CONNECTIONS,
                wait: CHECK_TIMEOUT.min(settings.timeout),
                connect: CHECK_CONNECT_TIMEOUT,
                statement: CHECK_TIMEOUT.min(settings.statement_timeout),
            },
        }
    }
}

/// A run needs one for its files; beside it a dry run reads, and outdated rows are deleted.
const IMPORT_CONNECTIONS: u32 = 4;
/// The longest statement of an import or rebuild.
const IMPORT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const CHANGE_CONNECTIONS: u32 = 4;
/// A merge of large parties writes all their operations in one statement.
const CHANGE_STATEMENT_TIMEOUT: Duration = Duration::from_secs(2 * 60);
/// One for heartbeats, one for the actor's looks.
const LEASE_CONNECTIONS: u32 = 2;
/// A connection that fell silent is given up before another process takes the run over.
const LEASE_STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// A question that takes long leaves a place for others.
const FEWEST_FIGURES: u32 = 2;
const MOST_EXPORT_CONNECTIONS: u32 = 4;
const CHECK_CONNECTIONS: u32 = 3;
/// A check that takes longer counts as no answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// A server far away takes several round trips to let somebody in.
const CHECK_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns how many figures are computed at once: as many as there are processors, of which this
/// process and the database often share some. More would only take them from answers out of the cache.
fn figure_connections(pool_size: u32) -> u32 {
    processors().max(FEWEST_FIGURES).min(pool_size)
}

/// Returns how many files are written at once; the others wait without a connection. A file keeps
/// this process and the database busy by turns: so other requests keep half of the processors.
pub(crate) fn export_connections() -> u32 {
    (processors() / 2).clamp(1, MOST_EXPORT_CONNECTIONS)
}

fn processors() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(processors).unwrap_or(u32::MAX)
}
