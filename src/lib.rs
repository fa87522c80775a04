//! Exact, cached figures over a holding's loan portfolio, imported from 1C's exports.
//!
//! The parts form layers, and each uses only those below it; `docs/architecture.md` is the map.

pub mod accounts;
pub mod analytics;
pub mod api;
pub mod app;
mod build_info;
pub mod cache;
pub mod cli;
pub mod config;
pub mod db;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod generate;
mod http;
pub mod import;
pub mod logging;
pub mod metrics;
pub mod state;
mod tls;
mod web;
