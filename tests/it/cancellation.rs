//! An import that is given up at any of its awaits: no connection keeps a transaction open, and
//! nothing half-done stays.
//!
//! On PostgreSQL: a query to SQLite can't be given up on this runtime, so the actor's task never
//! is; how that ends in the middle is shown by killing it (`import_faults`).

use std::pin::Pin;
use std::task::{Context, Poll};

use credit_portfolio::app::import_context;
use credit_portfolio::import::{ImportRequest, Source, run_once};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::servers::psql;
use crate::support::tables::{contents, has_true_rollups};
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};
use crate::support::{eventually, from_environment};

/// A future that is polled so many times and then given up.
struct GivenUp<F> {
    future: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for GivenUp<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        match self.future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            // Given up while it waits, and not when it would go on.
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Every `CANCEL_STEP`-th await; the long form is `CANCEL_STEP=1`.
#[actix_rt::test]
async fn given_up_at_any_await_an_import_leaves_no_transaction_open() {
    let app = TestApp::start(Backend::Postgres).await;
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("postuplenie.xlsx", receipts(&[a_receipt(1), a_receipt(2)])),
        ("spisanie.xlsx", expenses(&[an_expense(1), an_expense(2)])),
        (
            "rasshifrovka.xlsx",
            details(&[principal(1, 70_00), interest(1, 30_00)]),
        ),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    app.import_folder(folder.path(), OTHER_DEPARTMENT).await;
    let db = &app.running.state.db;
    let wanted = contents(db, OTHER_DEPARTMENT).await;
    let context = import_context(&app.settings, db.clone(), app.running.state.cache.clone());
    let mut polls = 0;
    loop {
        polls += from_environment("CANCEL_STEP", 5);
        let source = Source::folder(
            folder.path().to_owned(),
            DEPARTMENT,
            app.settings.import.policy.clone(),
        );
        // All is read each time, so that there is work to give up.
        let order = ImportRequest {
            is_forced: true,
            ..ImportRequest::now(vec![source], "test")
        };
        let stop = Default::default();
        let mut announce = |_: credit_portfolio::import::ImportEvent<'_>| {};
        let run = run_once(&context, &order, &stop, &mut announce);
        let ended = GivenUp {
            future: Box::pin(run),
            polls,
        }
        .await;
        let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
        eventually("no transaction is open", async || {
            let url = app.database_url.clone();
            tokio::task::spawn_blocking(move || psql(&url, open).unwrap())
                .await
                .unwrap()
                == "0"
        })
        .await;
        assert!(has_true_rollups(db).await, "given up after {polls} polls");
        if let Some(report) = ended {
            assert_eq!(report.unwrap().processed(), 3);
            break;
        }
    }
    assert!(polls > 50, "it was given up at many places: {polls}");
    assert_eq!(contents(db, DEPARTMENT).await, wanted);
    app.stop().await;
}
