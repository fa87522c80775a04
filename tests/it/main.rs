//! All tests, as one program: a module for each capability, over real servers that the tests
//! start themselves. A missing server fails a test; nothing is skipped.

// The futures of tests hold those of the whole program.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
// 100_00 is a hundred roubles in kopecks.
#![allow(clippy::inconsistent_digit_grouping)]

mod split_law;
mod support;

mod access_log;
mod accounts;
mod adjustment_parties;
mod adjustment_workbooks;
mod adjustments;
mod analytics;
mod api;
mod balance_laws;
mod cache;
mod cache_history;
mod cache_laws;
mod cancellation;
mod carried_over;
mod cli;
mod cli_import;
mod cli_rollups;
mod contract_figures;
mod data_quality;
mod database;
mod day_end;
mod doubtful_folders;
mod export;
mod export_workbooks;
mod failing_files;
mod file_contents;
mod freshness;
mod front_end;
mod ftp;
mod ftp_dialects;
mod ftp_encodings;
mod ftp_faults;
mod ftp_listings;
mod ftp_suite;
mod fuzz_corpus;
mod growth;
mod hand_in;
mod heartbeats;
mod hostile_files;
mod import;
mod import_actor;
mod import_cases;
mod import_contracts;
mod import_details;
mod import_faults;
mod laws;
mod layers;
mod ledger;
mod lenders;
mod list_filters;
mod lists;
mod made_meanwhile;
mod merge_laws;
mod merges;
mod merges_and_imports;
mod merges_listed;
mod merges_refused;
mod merges_undone;
mod merges_undone_after_edits;
mod metrics;
mod migrations;
mod openapi;
mod payment_types;
mod postgres_tls;
mod quality_findings_cached;
mod quality_findings_of_operations;
mod quality_findings_of_parties;
mod quality_rules;
mod reading_laws;
mod redis_servers;
mod rejected_details;
mod resources;
mod response_headers;
mod retention;
mod runs;
mod schedule_actor;
mod schedule_soak;
mod silent_database;
mod splits;
mod splits_by_lender;
mod splits_of_merged_rows;
mod splits_undone;
mod trust;
mod unfinished_files;
mod vanished_rows;
mod version_laws;
mod versions;
mod versions_confirmed;
mod versions_in_doubt;
mod versions_of_adjustments;
mod who_is_who;
mod workbook;
mod workbook_cells;
mod workbook_sheets;
mod workbook_values;
mod workbook_variants;
