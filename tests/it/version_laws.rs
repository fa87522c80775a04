//! Laws over versions: whatever the order in which the files of several snapshots arrive, over
//! several runs, with or without force, the rows are those of the newest snapshot alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::random_operations::runner;
use crate::support::tables::{contents, has_true_rollups};
use crate::support::workbooks::{Detail, a_receipt, an_expense, details, expenses, receipts};
use crate::support::{from_environment, on_both_databases, write_aged};

on_both_databases!(
    files_of_growing_snapshots_in_any_order_give_the_rows_of_the_newest,
    snapshots_in_any_order_give_the_active_rows_of_the_newest_where_missing_rows_are_removed,
);

const NAMES: [&str; 3] = [
    "Sever - postuplenie",
    "Sever - spisanie",
    "Sever - rasshifrovka",
];
const ORGANIZATIONS: [&str; 2] = ["ООО «Ромашка»", "АО «Юг»"];
const TYPES: [&str; 2] = ["Погашение долга", "Уплата процентов"];

/// What a snapshot holds of one serial number: the amounts of receipt and expense, and those of the
/// details.
#[derive(Clone, Debug)]
struct Content {
    receipt: i64,
    expense: i64,
    details: Vec<(usize, i64)>,
}

/// Operations by serial number; one of each organization is in every snapshot, with a detail.
type Snapshot = BTreeMap<u32, Content>;

fn content() -> impl Strategy<Value = Content> {
    // Few values, so that snapshots often agree.
    let details = prop::collection::vec((0_usize..2, 1_i64..3), 0..3);
    (1_i64..4, 1_i64..4, details).prop_map(|(receipt, expense, details)| Content {
        receipt,
        expense,
        details,
    })
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let others = prop::collection::btree_map(3_u32..9, content(), 0..6);
    (content(), content(), others).prop_map(|(first, second, mut others)| {
        for (serial, mut content) in [(1, first), (2, second)] {
            content.details.push((0, 7));
            others.insert(serial, content);
        }
        others
    })
}

/// One run: files (snapshot and kind), each with its age in minutes, and whether it is forced.
type Run = (Vec<(usize, usize, u64)>, bool);

fn workbook(snapshot: &Snapshot, kind: usize) -> Vec<u8> {
    let organization = |serial: &u32| ORGANIZATIONS[(*serial % 2) as usize];
    match kind {
        0 => {
            let row = |(serial, content): (&u32, &Content)| {
                a_receipt(*serial)
                    .of(organization(serial))
                    .amounting_to(content.receipt * 100)
            };
            receipts(&snapshot.iter().map(row).collect::<Vec<_>>())
        }
        1 => {
            let row = |(serial, content): (&u32, &Content)| {
                an_expense(*serial)
                    .of(organization(serial))
                    .amounting_to(content.expense * 100)
            };
            expenses(&snapshot.iter().map(row).collect::<Vec<_>>())
        }
        _ => {
            let of = |(serial, content): (&u32, &Content)| {
                let detail =
                    |(kind, amount): &(usize, i64)| Detail::of(*serial, TYPES[*kind], amount * 100);
                content.details.iter().map(detail).collect::<Vec<_>>()
            };
            details(&snapshot.iter().flat_map(of).collect::<Vec<_>>())
        }
    }
}

fn write(folder: &Path, snapshots: &[Snapshot], at: usize, kind: usize, minutes: u64) {
    let name = format!("{} {:02}.03.2024.xlsx", NAMES[kind], at + 1);
    write_aged(folder, &name, &workbook(&snapshots[at], kind), minutes);
}

/// The rows of a department that count: active operations, and the details of active expenses.
async fn active_rows(app: &TestApp, department: i64) -> BTreeMap<&'static str, Vec<Value>> {
    let tables = contents(&app.running.state.db, department).await;
    let parsed = |table: &str| {
        tables[table]
            .iter()
            .map(|row| serde_json::from_str::<Value>(row).unwrap())
    };
    let active = |table: &str| {
        parsed(table)
            .filter(|row| row["is_active"] == true)
            .collect::<Vec<_>>()
    };
    let expenses = active("expenses");
    let ids: BTreeSet<String> = expenses
        .iter()
        .map(|row| row["operation_id"].to_string())
        .collect();
    let details = parsed("details")
        .filter(|row| ids.contains(&row["expense_operation_id"].to_string()))
        .collect();
    BTreeMap::from([
        ("receipts", active("receipts")),
        ("details", details),
        ("expenses", expenses),
    ])
}

/// Runs the imports, then compares with the newest snapshot alone, imported into another
/// department.
async fn check(app: TestApp, snapshots: &[Snapshot], runs: &[Run]) {
    let folder = tempfile::tempdir().unwrap();
    for (files, is_forced) in runs {
        for (at, kind, minutes) in files {
            write(folder.path(), snapshots, *at, *kind, *minutes);
        }
        let report = app
            .import_folder_again(folder.path(), DEPARTMENT, *is_forced)
            .await;
        assert_eq!(
            report.count(credit_portfolio::import::FileStatus::Failed),
            0,
            "{:?}",
            report.files
        );
    }
    let alone = tempfile::tempdir().unwrap();
    (0..3).for_each(|kind| write(alone.path(), snapshots, snapshots.len() - 1, kind, 0));
    app.import_folder(alone.path(), OTHER_DEPARTMENT).await;
    let (rows, newest) = (
        active_rows(&app, DEPARTMENT).await,
        active_rows(&app, OTHER_DEPARTMENT).await,
    );
    assert_eq!(rows, newest, "{runs:?}\n{snapshots:#?}");
    assert!(has_true_rollups(&app.running.state.db).await);
    app.stop().await;
}

/// Deals things out to runs in a random order, each at least once.
fn dealt<T: Clone + std::fmt::Debug + 'static>(
    things: Vec<T>,
) -> impl Strategy<Value = Vec<(Vec<T>, bool)>> {
    let again = prop::collection::vec(prop::sample::select(things.clone()), 0..3);
    (
        Just(things).prop_shuffle(),
        again,
        prop::collection::vec((1_usize..4, any::<bool>()), 30),
    )
        .prop_map(|(mut things, again, sizes)| {
            things.extend(again);
            let mut rest = things.as_slice();
            let mut runs = Vec::new();
            for (size, is_forced) in sizes {
                let (run, others) = rest.split_at(size.min(rest.len()));
                rest = others;
                if !run.is_empty() {
                    runs.push((run.to_vec(), is_forced));
                }
            }
            runs
        })
}

async fn files_of_growing_snapshots_in_any_order_give_the_rows_of_the_newest(backend: Backend) {
    let mut runner = runner(18);
    for _ in 0..from_environment("VERSION_CASES", 3) {
        let mut snapshots = prop::collection::vec(snapshot(), 2..5)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        for at in 1..snapshots.len() {
            let earlier = snapshots[at - 1].clone();
            for (serial, content) in earlier {
                // Missing rows are kept: a later snapshot has all operations, and details of all
                // that had some.
                let later = snapshots[at]
                    .entry(serial)
                    .or_insert_with(|| content.clone());
                if later.details.is_empty() {
                    later.details = content.details;
                }
            }
        }
        let files: Vec<(usize, usize)> = (0..snapshots.len())
            .flat_map(|at| (0..3).map(move |kind| (at, kind)))
            .collect();
        let ages = prop::collection::vec(1_u64..10_000, 60)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut ages = ages.into_iter().cycle();
        let runs: Vec<Run> = dealt(files)
            .new_tree(&mut runner)
            .unwrap()
            .current()
            .into_iter()
            .map(|(files, is_forced)| {
                let aged = files
                    .into_iter()
                    .map(|(at, kind)| (at, kind, ages.next().unwrap()));
                (aged.collect(), is_forced)
            })
            .collect();
        check(TestApp::start(backend).await, &snapshots, &runs).await;
    }
}

async fn snapshots_in_any_order_give_the_active_rows_of_the_newest_where_missing_rows_are_removed(
    backend: Backend,
) {
    let mut runner = runner(19);
    for _ in 0..from_environment("VERSION_CASES", 3) {
        let snapshots = prop::collection::vec(snapshot(), 2..5)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let ages = prop::collection::vec(1_u64..10_000, 60)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut ages = ages.into_iter().cycle();
        // All files of a snapshot come in one run: whose details are missing is known by the
        // expenses.
        let dealt = dealt((0..snapshots.len()).collect())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let run = |(ats, is_forced): (Vec<usize>, bool)| {
            let files = ats
                .into_iter()
                .flat_map(|at| (0..3).map(move |kind| (at, kind)));
            (
                files
                    .map(|(at, kind)| (at, kind, ages.next().unwrap()))
                    .collect(),
                is_forced,
            )
        };
        let runs: Vec<Run> = dealt.into_iter().map(run).collect();
        check(
            TestApp::start_with(backend, &crate::support::quality::SNAPSHOTS).await,
            &snapshots,
            &runs,
        )
        .await;
    }
}
