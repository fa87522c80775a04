#![no_main]
//! Fuzzes `checks::amounts_and_dates`.

#[path = "../checks.rs"]
#[allow(dead_code, reason = "each target uses one")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::amounts_and_dates(bytes));
