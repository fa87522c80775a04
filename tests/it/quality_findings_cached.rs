//! Findings of data quality are cached like figures, until anything that they say changes.

use credit_portfolio::analytics::{AnalyticsQuery, Answer, Figure, Origin};
use credit_portfolio::domain::{Currency, DepartmentScope, Language, PortfolioFilter};
use serde_json::{Value, json};

use crate::support::app::{Backend, DEPARTMENT, TestApp};
use crate::support::on_both_databases;
use crate::support::quality::{DETAILS, EXPENSES, RECEIPTS, assert_finds_nothing, checks, found};
use crate::support::workbooks::{
    Detail, a_receipt, an_expense, details, expenses, expenses_sheet, principal, receipts,
};

on_both_databases!(
    findings_are_cached_until_an_import_changes_them,
    an_answer_ends_with_its_day,
    concurrent_callers_share_one_computation,
    findings_of_an_older_database_are_counted_at_start,
);

async fn is_hit(app: &TestApp) -> bool {
    app.get("data-quality?department_id=8")
        .await
        .header("Cache-Status")
        .starts_with("credit-portfolio; hit")
}

async fn findings_are_cached_until_an_import_changes_them(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1)]));
    app.put(EXPENSES, expenses(&[an_expense(1)]));
    app.trigger().await.ok();
    assert_eq!(found(&app, "expenses_without_details").await.0, 1);
    assert!(is_hit(&app).await);
    app.trigger().await.ok();
    assert!(is_hit(&app).await, "the files are unchanged");
    let before = app.get("data-quality?department_id=8").await.text;
    app.put(DETAILS, details(&[principal(1, 100_00)]));
    app.trigger().await.ok();
    // It may be a hit already: what is asked often is computed ahead after an import.
    assert_ne!(app.get("data-quality?department_id=8").await.text, before);
    assert_finds_nothing(&app, "expenses_without_details").await;
    let mut sheet = expenses_sheet(&[an_expense(1)]);
    sheet.push_total(crate::support::workbooks::AMOUNT_COLUMN, 7_00);
    app.put(EXPENSES, sheet.to_xlsx().unwrap());
    app.trigger().await.ok();
    assert_eq!(
        found(&app, "control_totals_differ").await.0,
        1,
        "no row changed, but the file's total is another"
    );
    app.put(RECEIPTS, b"");
    app.put(EXPENSES, expenses(&[an_expense(1)]));
    app.trigger().await.ok();
    assert_eq!(found(&app, "control_totals_differ").await.0, 0);
    assert_eq!(
        found(&app, "failing_files").await.0,
        1,
        "a file that fails changes no row"
    );
    std::fs::remove_file(app.ftp_folder().join(RECEIPTS)).unwrap();
    app.trigger().await.ok();
    assert_finds_nothing(&app, "failing_files").await;
    assert!(is_hit(&app).await);
    app.stop().await;
}

async fn an_answer_ends_with_its_day(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.set_today("2024-03-04");
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&[an_expense(1)]))])
        .await;
    assert_eq!(found(&app, "dates_in_the_future").await.0, 1);
    assert!(is_hit(&app).await);
    app.set_today("2024-03-05");
    assert_finds_nothing(&app, "dates_in_the_future").await;
    app.stop().await;
}

async fn concurrent_callers_share_one_computation(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(DEPARTMENT, &[(EXPENSES, &expenses(&[an_expense(1)]))])
        .await;
    let filter =
        PortfolioFilter::of_department(DepartmentScope::One(DEPARTMENT), Currency::default());
    let figure = Figure::DataQuality {
        department_id: DEPARTMENT,
        limit: 20,
        language: Language::English,
    };
    let query = AnalyticsQuery { figure, filter };
    let requests = (0..100).map(|_| app.running.state.analytics.answer(&query));
    let answers = futures_util::future::join_all(requests).await;
    let is_computed = |answer: &&Result<Answer, _>| {
        matches!(answer.as_ref().unwrap().origin, Origin::Computed { .. })
    };
    assert_eq!(answers.iter().filter(is_computed).count(), 1);
    app.stop().await;
}

async fn findings_of_an_older_database_are_counted_at_start(backend: Backend) {
    let app = TestApp::start(backend).await;
    let paid = [
        an_expense(1).under(""),
        an_expense(2),
        an_expense(3).on("11.04.2024").of("ООО «Юг»"),
    ];
    let parts = [principal(1, 90_00).under(""), Detail::of(2, "", 100_00)];
    app.import(
        DEPARTMENT,
        &[(EXPENSES, &expenses(&paid)), (DETAILS, &details(&parts))],
    )
    .await;
    let counted = checks(&app).await;
    let counts = |checks: &[Value]| {
        checks
            .iter()
            .filter(|check| check["count"] != json!(0))
            .count()
    };
    assert!(counts(&counted) >= 4, "{counted:?}");
    app.execute("DELETE FROM daily_findings").await;
    app.execute("UPDATE departments SET has_findings = FALSE")
        .await;
    let app = app.restarted(&[]).await;
    assert_eq!(checks(&app).await, counted);
    app.stop().await;
}
