//! The rules of the REST interface: who may see what, and how errors are reported.

use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, SECRET_KEY, TestApp};
use crate::support::on_both_databases;
use crate::support::workbooks::{a_receipt, receipts};

on_both_databases!(
    managers_of_two_finance_departments_never_see_each_others_figures,
    the_journal_is_paged_and_counted
);

fn assert_problem(answer: &Answer, status: StatusCode) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(
        answer.header("Content-Type"),
        "application/problem+json",
        "{}",
        answer.text
    );
    let problem = answer.json();
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["request_id"], answer.header("X-Request-Id"));
    assert!(
        problem["type"].is_string()
            && problem["title"].is_string()
            && problem["detail"].is_string()
    );
    problem
}

async fn managers_of_two_finance_departments_never_see_each_others_figures(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.import(
        DEPARTMENT,
        &[(
            "postuplenie.xlsx",
            &receipts(&[a_receipt(1).amounting_to(8_00)]),
        )],
    )
    .await;
    app.import(
        OTHER_DEPARTMENT,
        &[(
            "postuplenie.xlsx",
            &receipts(&[a_receipt(1).amounting_to(9_00)]),
        )],
    )
    .await;
    let [eight, nine] = [
        app.token(Role::Manager, DEPARTMENT).await,
        app.token(Role::Accountant, OTHER_DEPARTMENT).await,
    ];
    let admin = app.token(Role::Admin, DEPARTMENT).await;
    // Every order of the same questions, so that each one meets a cold and a warm cache.
    let questions = [
        (&eight, "", 8.0),
        (&nine, "", 9.0),
        (&eight, "department_id=8", 8.0),
        (&nine, "department_id=9", 9.0),
        (&admin, "", 17.0),
        (&admin, "department_id=9", 9.0),
    ];
    for start in 0..questions.len() {
        use credit_portfolio::cache::NAMESPACE;
        app.running
            .state
            .cache
            .invalidate_namespace(NAMESPACE)
            .await;
        for at in 0..2 * questions.len() {
            let (token, query, expected) = questions[(start + at) % questions.len()];
            let summary = app.get_as(token, &format!("summary?{query}")).await.ok();
            assert_eq!(summary["total_receipts"], json!(expected), "{query}");
            let months = app
                .get_as(token, &format!("monthly-stats?{query}"))
                .await
                .ok();
            assert_eq!(months[0]["receipts"], json!(expected), "{query}");
        }
    }
    for (token, department) in [(&eight, 9), (&nine, 8)] {
        for path in [
            "summary",
            "monthly-stats",
            "analytics/monthly-efficiency",
            "import-logs",
        ] {
            let answer = app
                .get_as(token, &format!("{path}?department_id={department}"))
                .await;
            assert_problem(&answer, StatusCode::FORBIDDEN);
        }
    }
    let entries = app.get_as(&nine, "import-logs").await.ok();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    let foreign = app.get_as(&admin, "import-logs?department_id=8").await.ok()[0]["id"].clone();
    assert_problem(
        &app.get_as(&nine, &format!("import-logs/{foreign}/rejects"))
            .await,
        StatusCode::NOT_FOUND,
    );
    let answer = app
        .request(
            Method::POST,
            "credit-portfolio/import/trigger",
            Some(&nine),
            None,
        )
        .await;
    assert_problem(&answer, StatusCode::FORBIDDEN);
    app.stop().await;
}

async fn the_journal_is_paged_and_counted(backend: Backend) {
    let app = TestApp::start(backend).await;
    for serial in 1..=3 {
        app.import(
            DEPARTMENT,
            &[(
                &format!("{serial} postuplenie.xlsx"),
                &receipts(&[a_receipt(serial)]),
            )],
        )
        .await;
    }
    let page = app.get("import-logs?skip=1&limit=1").await;
    assert_eq!(page.header("X-Total-Count"), "3");
    let entries = page.ok();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    assert_eq!(entries[0]["source_file"], "2 postuplenie.xlsx");
    let of_run = format!("import-logs?run_id={}", entries[0]["run_id"]);
    let page = app.get(&of_run).await;
    assert_eq!(page.header("X-Total-Count"), "1");
    assert_eq!(page.ok(), entries);
    assert_eq!(
        app.get("import/logs").await.ok().as_array().unwrap().len(),
        3,
        "the other path of the same list"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn only_roles_of_finance_see_the_portfolio() {
    let app = TestApp::start(Backend::Sqlite).await;
    let outside = app.running.state.db.clone();
    outside
        .write(async |conn| {
            credit_portfolio::db::ensure_finance_departments(conn, &[8, 9, 3]).await
        })
        .await
        .unwrap();
    for (role, department, status) in [
        (Role::Admin, 3, StatusCode::OK),
        (Role::Manager, 8, StatusCode::OK),
        (Role::Accountant, 9, StatusCode::OK),
        (Role::Manager, 3, StatusCode::FORBIDDEN),
        (Role::Accountant, 3, StatusCode::FORBIDDEN),
        (Role::User, 8, StatusCode::FORBIDDEN),
    ] {
        let token = app.token(role, department).await;
        for path in [
            "summary",
            "monthly-stats",
            "analytics/monthly-efficiency",
            "import-logs",
        ] {
            let answer = app.get_as(&token, path).await;
            assert_eq!(
                answer.status, status,
                "{role} of department {department}, {path}: {}",
                answer.text
            );
        }
    }
    app.stop().await;
}

#[actix_rt::test]
async fn tokens_are_taken_only_when_they_are_ours_and_in_time() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let app = TestApp::start(Backend::Sqlite).await;
    assert_problem(
        &app.raw_get("/api/v1/credit-portfolio/summary", &[]).await,
        StatusCode::UNAUTHORIZED,
    );
    let admin = app.user(Role::Admin, DEPARTMENT, "irrelevant").await;
    let id = admin.id.to_string();
    // As a release before the versions of accounts signed them, for a user of its time.
    app.execute("UPDATE users SET version = 0").await;
    let claims = |exp: i64| json!({ "sub": id, "username": "x", "role": "ADMIN", "department_id": 8, "exp": exp });
    let future = chrono::Utc::now().timestamp() + 600;
    let sign = |algorithm, key: &str, exp| {
        encode(
            &Header::new(algorithm),
            &claims(exp),
            &EncodingKey::from_secret(key.as_bytes()),
        )
        .unwrap()
    };
    let good = sign(Algorithm::HS256, SECRET_KEY, future);
    assert_eq!(app.get_as(&good, "summary").await.status, StatusCode::OK);
    // The program's own signature, below a header that states HS512.
    let of_another_algorithm = {
        let message = format!("eyJhbGciOiJIUzUxMiJ9.{}", good.split('.').nth(1).unwrap());
        let key = EncodingKey::from_secret(SECRET_KEY.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256);
        format!("{message}.{}", signature.unwrap())
    };
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for (what, token) in [
        ("expired", sign(Algorithm::HS256, SECRET_KEY, future - 700)),
        (
            "another key",
            sign(Algorithm::HS256, "another key of enough characters", future),
        ),
        ("another algorithm", of_another_algorithm),
        ("no signature", unsigned),
        ("garbage", "a.b.c".to_owned()),
    ] {
        let problem = assert_problem(
            &app.get_as(&token, "summary").await,
            StatusCode::UNAUTHORIZED,
        );
        assert!(!problem.to_string().contains(SECRET_KEY), "{what}");
    }
    app.stop().await;
}

#[actix_rt::test]
async fn a_bad_parameter_is_named() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (path, parameter) in [
        ("summary?date_from=2024-02-30", "date_from"),
        ("summary?date_to=01.02.2024", "date_to"),
        ("summary?date_from=2024-2-3", "date_from"),
        (
            "summary?date_from=2024-03-02&date_to=2024-03-01",
            "date_from",
        ),
        ("summary?department_id=abc", "department_id"),
        ("summary?department_id=0", "department_id"),
        (
            "summary?department_id=99999999999999999999",
            "department_id",
        ),
        ("summary?dateFrom=2024-01-01", "dateFrom"),
        ("summary?department_id=8&department_id=9", "department_id"),
        ("summary?organization_id=x", "organization_id"),
        ("summary?bank_account_id=1", "bank_account_id"),
        ("summary?direction=sideways", "direction"),
        ("summary?currency=...", "currency"),
        ("monthly-stats?limit=5", "limit"),
        (
            "analytics/monthly-efficiency?bank_account_id=-1",
            "bank_account_id",
        ),
        ("import-logs?skip=-1", "skip"),
        ("import-logs?limit=0", "limit"),
        ("import-logs?limit=50001", "limit"),
        ("receipts?limit=50001", "limit"),
        ("receipts?after=x", "after"),
        ("receipts?after=0_1", "after"),
        ("receipts?after=_17&skip=0", "after"),
        ("receipts?after=_17&sort=amount", "after"),
        ("expense-details?sort=payer", "sort"),
        ("receipts?amount_from=1,5", "amount_from"),
        ("receipts?amount_from=2&amount_to=1", "amount_from"),
        ("receipts?contract_type=bond", "contract_type"),
        ("receipts?confirmed=true", "confirmed"),
        ("import-logs?limit=%FF", "query"),
        ("import/runs/abc", "id"),
        ("import/runs/1?x=1", "x"),
    ] {
        let problem = assert_problem(&app.get(path).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["parameter"], parameter, "{path}");
        assert!(
            problem["detail"].as_str().unwrap().starts_with(parameter),
            "{path}: {problem}"
        );
    }
    app.stop().await;
}

#[actix_rt::test]
async fn what_is_not_there_is_reported_as_a_problem() {
    let app = TestApp::start(Backend::Sqlite).await;
    assert_problem(&app.raw_get("/nothing", &[]).await, StatusCode::NOT_FOUND);
    assert_problem(
        &app.raw_get("/api/v1/nothing", &[]).await,
        StatusCode::NOT_FOUND,
    );
    assert_problem(&app.get("import/runs/4711").await, StatusCode::NOT_FOUND);
    assert_problem(
        &app.get("import/trigger").await,
        StatusCode::METHOD_NOT_ALLOWED,
    );
    let answer = app
        .request(Method::DELETE, "credit-portfolio/summary", None, None)
        .await;
    assert_problem(&answer, StatusCode::METHOD_NOT_ALLOWED);
    app.stop().await;
}

#[actix_rt::test]
async fn a_request_id_is_kept_when_it_is_plain() {
    let app = TestApp::start(Backend::Sqlite).await;
    let kept = app.raw_get("/livez", &[("X-Request-Id", "abc-123")]).await;
    assert_eq!(kept.header("X-Request-Id"), "abc-123");
    let replaced = app.raw_get("/livez", &[("X-Request-Id", "a b\tc")]).await;
    assert_eq!(replaced.header("X-Request-Id").len(), 16);
    app.stop().await;
}

#[actix_rt::test]
async fn health_reports_database_and_redis() {
    let app = TestApp::start(Backend::Sqlite).await;
    assert_eq!(
        app.raw_get("/livez", &[]).await.ok(),
        json!({ "status": "alive" })
    );
    let ready = app.raw_get("/readyz", &[]).await.ok();
    assert_eq!(
        ready,
        json!({ "status": "ready", "database": "up", "redis": "off", "import": "up" })
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_question_asked_again_is_answered_in_the_same_words_by_every_path() {
    let app = TestApp::start(Backend::Sqlite).await;
    let token = app.token(Role::Manager, DEPARTMENT).await;
    let bearer = format!("Bearer {token}");
    let answer_in = async |encoding: &str| {
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Accept-Encoding", encoding),
        ];
        let answer = app
            .raw_get(
                "/api/v1/credit-portfolio/monthly-stats?date_from=2024-01-01",
                &headers,
            )
            .await;
        let mut headers = answer.headers.clone();
        // The id, the date and the counters differ with each answer.
        for name in ["x-request-id", "date", "age", "cache-status"] {
            assert!(headers.remove(name).is_some(), "{name} is missing");
        }
        let mut headers: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        (answer.status, headers, answer.text)
    };
    for encoding in ["identity", "gzip", "br"] {
        // A miss at first; then every worker has its first hit, and all later ones.
        let first = answer_in(encoding).await;
        for _ in 0..40 {
            assert_eq!(answer_in(encoding).await, first);
        }
    }
    // The token decides each time.
    let other = app.token(Role::User, DEPARTMENT).await;
    assert_eq!(
        app.get_as(&other, "monthly-stats?date_from=2024-01-01")
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    app.stop().await;
}
