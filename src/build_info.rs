//! Which program this is: its version, and the commit that it was built from.

use std::sync::LazyLock;

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, from the variable `CREDIT_PORTFOLIO_COMMIT` of the build; `unknown` without.
pub const COMMIT: &str = match option_env!("CREDIT_PORTFOLIO_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Both, as `--version` prints them.
pub fn version_line() -> &'static str {
    static LINE: LazyLock<String> = LazyLock::new(|| format!("{VERSION} (commit {COMMIT})"));
    &LINE
}
