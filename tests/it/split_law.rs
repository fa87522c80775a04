//! A law over random portfolios: however their rows are split into files, the tables are the same.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::random_operations::{exports, flow, runner};
use crate::support::tables::{contents, has_true_rollups};
use crate::support::workbooks::{Detail, Operation, details, expenses, receipts};
use crate::support::{from_environment, on_both_databases};

on_both_databases!(any_split_into_files_in_any_order_any_number_of_times_gives_the_same_tables);

/// Cases for each database; the long form is `SPLITS=100`.
async fn any_split_into_files_in_any_order_any_number_of_times_gives_the_same_tables(
    backend: Backend,
) {
    let mut runner = runner(31);
    for case in 0..from_environment("SPLITS", 4) {
        let app = TestApp::start(backend).await;
        let flows = prop::collection::vec(flow(), 1..40)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let plan = prop::collection::vec(0_usize..1_000, 200)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let (mut received, mut spent, paid) = exports(&flows);
        // Operations of one contract disagree about its lender.
        for row in received.iter_mut().chain(&mut spent) {
            row.counterparty = ["ПАО «Банк»", "АО «Другой банк»", ""]
                [plan[row.serial as usize + 60] % 3]
                .to_owned();
        }
        let whole: [(&str, &[u8]); 3] = [
            ("postuplenie.xlsx", &receipts(&received)),
            ("spisanie.xlsx", &expenses(&spent)),
            ("rasshifrovka.xlsx", &details(&paid)),
        ];
        app.import(DEPARTMENT, &whole).await;
        // Each row goes to one of three files of its kind, the details of an expense together.
        let mut files: Vec<(&str, Vec<u8>)> = Vec::new();
        for part in 0..3 {
            let here = |serial: u32| plan[serial as usize % plan.len()] % 3 == part;
            let of = |rows: &[Operation]| {
                rows.iter()
                    .filter(|row| here(row.serial))
                    .cloned()
                    .collect::<Vec<_>>()
            };
            files.push(("postuplenie.xlsx", receipts(&of(&received))));
            files.push(("spisanie.xlsx", expenses(&of(&spent))));
            let details_here: Vec<Detail> = paid
                .iter()
                .filter(|detail| here(detail.expense))
                .cloned()
                .collect();
            files.push(("rasshifrovka.xlsx", details(&details_here)));
        }
        // In any order, some of them twice.
        let mut order: Vec<usize> = (0..files.len())
            .chain(plan[50..54].iter().map(|at| at % files.len()))
            .collect();
        for at in 0..order.len() {
            order.swap(at, plan[100 + at] % (at + 1));
        }
        for at in order {
            let (name, bytes) = &files[at];
            app.import(OTHER_DEPARTMENT, &[(name, bytes)]).await;
        }
        let db = &app.running.state.db;
        let [whole, split] = [
            contents(db, DEPARTMENT).await,
            contents(db, OTHER_DEPARTMENT).await,
        ];
        assert_eq!(whole, split, "case {case}: {flows:?}");
        assert!(has_true_rollups(db).await, "case {case}");
        app.stop().await;
    }
}
