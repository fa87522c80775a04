//! The command `import`: timings, counts of each file, and the exit code.

use credit_portfolio::demo::Cell;

use crate::support::program::{output_text, program, run};
use crate::support::workbooks::{Operation, a_receipt, an_expense, expenses, receipts};
use crate::support::write_aged;

#[test]
fn a_folder_is_imported_with_timings_and_the_exit_code_reports_failures() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(
        files.join("postuplenie.xlsx"),
        receipts(&[a_receipt(1), a_receipt(2)]),
    )
    .unwrap();
    let tried = run(
        folder.path(),
        &["import", "--dir", "files", "--dry-run"],
        "",
    );
    assert!(tried.status.success(), "{}", output_text(&tried));
    assert!(
        output_text(&tried).contains("2 inserted")
            && output_text(&tried).contains("Nothing was written"),
        "{}",
        output_text(&tried)
    );
    let good = run(
        folder.path(),
        &["import", "--dir", "files", "--timings"],
        "",
    );
    assert!(good.status.success(), "{}", output_text(&good));
    assert!(
        output_text(&good).contains("2 inserted") && output_text(&good).contains("rows/s"),
        "{}",
        output_text(&good)
    );
    std::fs::write(
        files.join("spisanie.xlsx"),
        &expenses(&[an_expense(1)])[..500],
    )
    .unwrap();
    let bad = run(folder.path(), &["import", "--dir", "files"], "");
    assert!(
        !bad.status.success() && output_text(&bad).contains("the workbook is cut off"),
        "{}",
        output_text(&bad)
    );
    assert!(
        output_text(&bad).contains("unchanged since run 1"),
        "{}",
        output_text(&bad)
    );
    let forced = run(folder.path(), &["import", "--dir", "files", "--force"], "");
    assert!(
        output_text(&forced).contains("2 unchanged"),
        "{}",
        output_text(&forced)
    );
    let nothing = run(folder.path(), &["import"], "");
    assert!(
        output_text(&nothing).contains("FTP_HOST") && output_text(&nothing).contains("--dir"),
        "{}",
        output_text(&nothing)
    );
}

#[test]
fn the_line_of_a_file_names_every_count_that_is_not_zero() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let import = |rows: &[Operation], minutes: u64| {
        write_aged(&files, "spisanie.xlsx", &expenses(rows), minutes);
        let mut command = program(folder.path(), &["import", "--dir", "files"]);
        let settings = [
            ("IMPORT_MISSING_ROWS", "deactivate"),
            ("IMPORT_MISSING_ROWS_MAX_PERCENT", "50"),
        ];
        let output = command
            .envs(settings)
            .env("RUST_LOG", "info")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", output_text(&output));
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    import(&[an_expense(1), an_expense(2), an_expense(3)], 20);
    let bad = an_expense(4).with_amount_cell(Cell::text("many"));
    let (line, log) = import(
        &[
            an_expense(1),
            an_expense(2).amounting_to(5),
            an_expense(5),
            bad,
        ],
        10,
    );
    for text in [line, log] {
        assert!(
            text.contains("1 inserted, 1 updated, 1 unchanged, 1 deactivated, 1 rejected"),
            "{text}"
        );
        assert!(
            !text.contains("deleted") && !text.contains("left alone"),
            "{text}"
        );
    }
    let (line, log) = import(&[an_expense(1), an_expense(2)], 15);
    for text in [line, log] {
        assert!(text.contains("1 unchanged, 1 left alone"), "{text}");
    }
}
