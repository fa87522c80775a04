//! A short run of the fuzz targets: every kept input, as it is and with bytes changed.

use std::path::Path;

use rand::{RngExt, SeedableRng};

#[path = "../../fuzz/checks.rs"]
#[allow(clippy::expect_used, reason = "they are tests")]
mod checks;

/// Runs a check over the kept inputs of its target, each also with so many changes.
fn run(target: &str, changes: usize, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut random = rand::rngs::StdRng::seed_from_u64(5);
    let mut inputs: Vec<_> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    inputs.sort();
    assert!(inputs.len() > 3, "{target} has a corpus");
    for input in inputs {
        let kept = std::fs::read(&input).unwrap();
        check(&kept);
        for _ in 0..changes {
            let mut bytes = kept.clone();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..=bytes.len());
                match random.random_range(0..3) {
                    0 => bytes.insert(at, random.random()),
                    1 => bytes.truncate(at),
                    _ if at < bytes.len() => bytes[at] = random.random(),
                    _ => {}
                }
            }
            check(&bytes);
        }
    }
}

#[test]
fn workbooks() {
    run("workbook", 50, checks::workbook);
}

#[test]
fn sheets() {
    run("sheet", 100, checks::sheet);
}

#[test]
fn amounts_and_dates() {
    run("amounts_and_dates", 2_000, checks::amounts_and_dates);
}

#[test]
fn contract_references() {
    run("contract_reference", 2_000, checks::contract_reference);
}
