//! The pages of imports: import now and watch, files tried before they are taken, rejects and back.

use calamine::{Reader, Xlsx};
use credit_portfolio::accounts::hash_password;
use credit_portfolio::domain::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Answer, Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::browser::{Browser, links_to, location};
use crate::support::known_files::{EXPENSES, RECEIPTS, a_bad_seventh};
use crate::support::workbooks::{
    a_receipt, an_expense, details, expenses, interest, principal, receipts,
};
use crate::support::{eventually, on_both_databases};

on_both_databases!(
    an_import_is_begun_watched_and_its_files_are_shown,
    files_are_tried_first_and_taken_when_that_is_confirmed,
    rejected_rows_are_downloaded_corrected_and_taken,
);

const PASSWORD: &str = "correct horse";

async fn browser_of(app: &TestApp, role: Role, department: i64) -> Browser {
    let hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    let user = app.user(role, department, &hash).await;
    Browser::signed_in(app, &user.username, PASSWORD).await
}

/// Hands files in and returns the address at which they wait.
async fn handed_in(browser: &mut Browser, files: &[(&str, Vec<u8>)]) -> String {
    let answer = browser
        .post_files("/imports", "/imports/uploads", files)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    location(&answer).to_owned()
}

/// Confirms an upload and returns the page of the run when that has ended.
async fn confirmed(browser: &mut Browser, waiting: &str) -> String {
    let path = format!("{waiting}/confirm");
    let mut answer = browser.post_signed(&path, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let run = location(&answer).to_owned();
    eventually("the run has ended", async || {
        answer = browser.get(&run).await;
        !answer.text.contains("data-run=")
    })
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.text
}

/// The texts of the cells of the table row that holds a text.
fn row_with(page: &str, text: &str) -> Vec<String> {
    let row = page
        .split("<tr")
        .filter_map(|row| row.split("</tr>").next())
        .find(|row| row.contains(text) && row.contains("<td"))
        .unwrap_or_else(|| panic!("no row with {text}: {page}"));
    let cells = row.replace("<th", "<td");
    let bare = |cell: &str| {
        let texts = cell.split('<').filter_map(|tag| tag.split_once('>'));
        texts
            .map(|(_, text)| text)
            .collect::<String>()
            .trim()
            .to_owned()
    };
    cells
        .split("<td")
        .skip(1)
        .map(|cell| bare(&format!("<{cell}")))
        .collect()
}

async fn an_import_is_begun_watched_and_its_files_are_shown(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.put(RECEIPTS, receipts(&[a_receipt(1).amounting_to(100_00)]));
    app.put("R - spisanie bad.xlsx", "no workbook");
    let mut browser = browser_of(&app, Role::Manager, DEPARTMENT).await;
    let empty = browser.page("/imports").await;
    assert!(empty.contains("There has been no import yet."), "{empty}");
    let started = browser.post_signed("/imports", &[("force", "true")]).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
    let run = location(&started).to_owned();
    let id: i64 = run.rsplit('/').next().unwrap().parse().unwrap();
    // What script listens to takes the session.
    let events = format!("/api/v1/credit-portfolio/import/runs/{id}/events");
    let events = browser.get(&events).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(events.text.contains("event: ended"), "{}", events.text);
    let page = browser.page(&run).await;
    assert!(!page.contains("data-run="), "it has ended: {page}");
    assert!(page.contains("Partial"), "{page}");
    let good = row_with(&page, RECEIPTS);
    assert_eq!(good[1..5], ["Done", "Receipts", "1", "0"], "{good:?}");
    let bad = row_with(&page, "R - spisanie bad.xlsx");
    assert_eq!(bad[1], "Failed", "{bad:?}");
    // The list has the run and the file that fails, as the interface does.
    let list = browser.page("/imports").await;
    let runs = app.get("import/runs").await.ok();
    assert_eq!(runs[0]["id"], json!(id));
    let line = row_with(&list, &format!("No. {id}"));
    assert_eq!(line[1], "Partial");
    assert_eq!(
        line[5..9],
        [
            &runs[0]["total_files"],
            &runs[0]["files_processed"],
            &runs[0]["files_failed"],
            &runs[0]["files_skipped"]
        ]
        .map(ToString::to_string),
        "{line:?}"
    );
    let fresh = app.get("freshness").await.ok();
    let failing = &fresh["failing_files"][0];
    assert!(list.contains(failing["name"].as_str().unwrap()), "{list}");
    let organization = fresh["data"][0]["organization"].as_str().unwrap();
    assert!(list.contains(organization), "{list}");
    for (address, _) in links_to(&list, "/api/v1/") {
        let file = browser.get(&address).await;
        assert_eq!(file.status, StatusCode::OK, "{address}: {}", file.text);
        assert!(
            file.header("content-disposition").contains("attachment"),
            "{address}"
        );
    }
    let late = browser.post_signed(&format!("{run}/cancel"), &[]).await;
    assert_eq!(
        location(&late),
        run,
        "one that has ended says so on its page"
    );
    app.stop().await;
}

async fn files_are_tried_first_and_taken_when_that_is_confirmed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let before = receipts(&[a_receipt(1).amounting_to(100_00)]);
    app.import(DEPARTMENT, &[(RECEIPTS, &before)]).await;
    let mut browser = browser_of(&app, Role::Accountant, DEPARTMENT).await;
    let changed = receipts(&[
        a_receipt(1).amounting_to(150_00),
        a_receipt(2).amounting_to(7_00),
        a_receipt(3).in_currency("USD").amounting_to(9_00),
    ]);
    let files = [
        (RECEIPTS, changed),
        (EXPENSES, expenses(&[an_expense(1).amounting_to(30_00)])),
        (
            "R - spisanie(rasshifrovka).xlsx",
            details(&[principal(1, 20_00), interest(1, 10_00)]),
        ),
        ("R - spisanie bad.xlsx", b"no workbook".to_vec()),
    ];
    let waiting = handed_in(&mut browser, &files).await;
    let page = browser.page(&waiting).await;
    let figure = |name: &str| row_with(&page, name)[1..4].join(" ");
    assert_eq!(figure(">Received<"), "100.00 157.00 +57.00");
    assert_eq!(figure(">Expenses</th>"), "0.00 30.00 +30.00");
    assert_eq!(figure(">Net cash flow<"), "100.00 127.00 +27.00");
    assert_eq!(figure(">Principal repaid<"), "0.00 20.00 +20.00");
    assert_eq!(figure(">Interest paid<"), "0.00 10.00 +10.00");
    // New, changed, unchanged, removed, deactivated, left alone, rejected.
    assert_eq!(
        row_with(&page, RECEIPTS)[3..],
        ["2", "1", "0", "0", "0", "0", "0"]
    );
    let (_, dollars) = page.split_once("Figure, USD").unwrap();
    assert_eq!(
        row_with(dollars, ">Received<")[1..4].join(" "),
        "0.00 9.00 +9.00"
    );
    assert_eq!(
        row_with(&page, "R - spisanie bad.xlsx")[1],
        "Can&#39;t be imported"
    );
    let debt = async || {
        let debt = app.get("summary").await.ok()["debt"].as_f64().unwrap();
        format!("{debt:.2}")
    };
    let owed = row_with(&page, ">Outstanding debt<");
    assert_eq!(owed[1], debt().await);
    let total = async || app.get("summary").await.ok()["total_receipts"].clone();
    assert_eq!(total().await, json!(100.0), "nothing is changed yet");

    let again = browser.post_signed(&format!("{waiting}/check"), &[]).await;
    assert_eq!(location(&again), waiting);
    let run = confirmed(&mut browser, &waiting).await;
    assert!(run.contains("handed in"), "{run}");
    assert_eq!(total().await, json!(157.0), "what was announced came true");
    assert_ne!(owed[1], owed[2]);
    assert_eq!(owed[2], debt().await);
    // They are gone from where they waited.
    let gone = browser.get(&waiting).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let twice = browser
        .post_signed(&format!("{waiting}/confirm"), &[])
        .await;
    assert_eq!(location(&twice), "/imports", "a second click");

    let first = handed_in(&mut browser, &[(RECEIPTS, before.clone())]).await;
    let second = handed_in(&mut browser, &[(RECEIPTS, before)]).await;
    let replaced = browser.get(&first).await;
    assert_eq!(
        replaced.status,
        StatusCode::NOT_FOUND,
        "one upload a session"
    );
    let discarded = browser.post_signed(&format!("{second}/discard"), &[]).await;
    assert_eq!(location(&discarded), "/imports");
    assert_eq!(browser.get(&second).await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

async fn rejected_rows_are_downloaded_corrected_and_taken(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut browser = browser_of(&app, Role::Manager, DEPARTMENT).await;
    let waiting = handed_in(&mut browser, &[(EXPENSES, a_bad_seventh())]).await;
    let preview = browser.page(&waiting).await;
    assert!(preview.contains("Rejected rows: "), "{preview}");
    let run = confirmed(&mut browser, &waiting).await;
    let entry = links_to(&run, "/imports/entries/").swap_remove(0).0;
    let page = browser.page(&entry).await;
    let id: i64 = entry.rsplit('/').next().unwrap().parse().unwrap();
    let rejects = app.get(&format!("import-logs/{id}/rejects")).await.ok();
    let rejects = rejects.as_array().unwrap();
    assert!(!rejects.is_empty());
    for reject in rejects {
        assert!(
            page.contains(reject["column_name"].as_str().unwrap()),
            "{page}"
        );
    }
    let (download, _) = links_to(&page, "/api/v1/credit-portfolio/import-logs/").swap_remove(0);
    let token = app.token(Role::Admin, DEPARTMENT).await;
    let path = download.trim_start_matches("/api/v1/");
    let workbook = app.bytes(path, &token).await;
    let mut book = Xlsx::new(std::io::Cursor::new(workbook)).unwrap();
    let name = book.sheet_names()[0].clone();
    let sheet = book.worksheet_range(&name).unwrap();
    assert_eq!(sheet.height(), rejects.len() + 1, "a heading and each row");
    // Corrected, the operation goes in as it should have been.
    let corrected = expenses(&[an_expense(7).amounting_to(700_00)]);
    let waiting = handed_in(&mut browser, &[("rejects - spisanie.xlsx", corrected)]).await;
    let inserted = app.get("expenses?limit=100").await.ok();
    let run = confirmed(&mut browser, &waiting).await;
    let line = row_with(&run, "rejects - spisanie.xlsx");
    assert_eq!(line[1], "Done", "{line:?}");
    let after = app.get("expenses?limit=100").await.ok();
    let count = |list: &Value| list.as_array().unwrap().len();
    assert_eq!(count(&after), count(&inserted) + 1);
    app.stop().await;
}

#[actix_rt::test]
async fn who_only_reads_or_is_of_another_department_changes_and_sees_nothing() {
    let app = TestApp::start(Backend::Sqlite).await;
    let file = receipts(&[a_receipt(1)]);
    app.import(DEPARTMENT, &[(RECEIPTS, &file)]).await;
    let run = app.get("import/runs").await.ok()[0]["id"].to_string();
    let entry = app.get("import-logs").await.ok()[0]["id"].to_string();
    let mut manager = browser_of(&app, Role::Manager, DEPARTMENT).await;
    let waiting = handed_in(&mut manager, &[(RECEIPTS, file.clone())]).await;
    let own = [
        format!("/imports/{run}"),
        format!("/imports/entries/{entry}"),
    ];

    let mut viewer = browser_of(&app, Role::Viewer, DEPARTMENT).await;
    for path in ["/imports", own[0].as_str(), own[1].as_str()] {
        let page = viewer.page(path).await;
        for form in ["action=\"/imports", "multipart/form-data"] {
            assert!(!page.contains(form), "{path} holds {form}");
        }
    }
    let token = crate::support::browser::value_of(&viewer.page("/account").await, "csrf");
    let cancel = format!("/imports/{run}/cancel");
    let confirm = format!("{waiting}/confirm");
    for path in ["/imports", cancel.as_str(), confirm.as_str()] {
        let answer = viewer.post_signed(path, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let files = [(RECEIPTS, file.clone())];
    let refused = async |browser: &mut Browser, token: &str| -> Answer {
        browser
            .post_files_with(token, "/imports/uploads", &files)
            .await
    };
    assert_eq!(
        refused(&mut viewer, &token).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        refused(&mut manager, &token).await.status,
        StatusCode::FORBIDDEN,
        "a token of another session"
    );

    // What waits belongs to one session, whoever knows its address.
    let mut colleague = browser_of(&app, Role::Manager, DEPARTMENT).await;
    assert_eq!(colleague.get(&waiting).await.status, StatusCode::NOT_FOUND);
    let taken = colleague.post_signed(&confirm, &[]).await;
    assert_eq!(location(&taken), "/imports", "nothing is taken");
    assert_eq!(manager.get(&waiting).await.status, StatusCode::OK);

    let mut other = browser_of(&app, Role::Manager, OTHER_DEPARTMENT).await;
    for path in &own {
        let answer = other.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let foreign = other.post_signed(&cancel, &[]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let mut user = browser_of(&app, Role::User, DEPARTMENT).await;
    assert_eq!(user.get("/imports").await.status, StatusCode::FORBIDDEN);
    app.stop().await;
}

#[actix_rt::test]
async fn a_form_without_files_says_so_in_the_language_of_the_visitor() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut browser = browser_of(&app, Role::Admin, DEPARTMENT).await;
    browser.post_signed("/preferences", &[("lang", "ru")]).await;
    // What a browser sends when nothing was chosen.
    let nothing = [("", Vec::new())];
    let answer = browser
        .post_files("/imports", "/imports/uploads", &nothing)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("Сначала выберите файл."),
        "{}",
        answer.text
    );
    let held = browser.page("/imports").await;
    assert!(held.contains("Импортов ещё не было."), "{held}");
    app.stop().await;
}

#[actix_rt::test]
async fn why_a_file_fails_is_said_in_the_language_of_the_visitor() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.put("postuplenie.xlsx", []);
    app.put("spisanie.xlsx", "no workbook");
    app.trigger().await.ok();
    let mut browser = browser_of(&app, Role::Admin, DEPARTMENT).await;
    let failing = app.get("freshness").await.ok()["failing_files"].clone();
    let codes = failing.as_array().unwrap().iter().map(|file| &file["code"]);
    assert_eq!(codes.collect::<Vec<_>>(), ["file_empty", "other_format"]);
    let run = &app.get("import/runs").await.ok()[0]["id"];
    for (language, words) in [
        ("ru", ["Файл пустой", "Файл не является книгой XLSX."]),
        ("en", ["The file is empty", "The file is no XLSX workbook."]),
    ] {
        let preference = [("lang", language)];
        browser.post_signed("/preferences", &preference).await;
        for page in ["/imports".to_owned(), format!("/imports/{run}")] {
            let page = browser.page(&page).await;
            for words in words {
                assert!(page.contains(words), "{language} {words}: {page}");
            }
        }
    }
    app.stop().await;
}

#[actix_rt::test]
async fn what_is_passed_over_and_how_a_run_ended_is_said_in_the_language_of_the_visitor() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.put("~$spisanie.xlsx", "locked by somebody");
    app.put("readme.txt", "how to export");
    app.put("postuplenie.xlsx", []);
    app.trigger().await.ok();
    let mut browser = browser_of(&app, Role::Admin, DEPARTMENT).await;
    browser.post_signed("/preferences", &[("lang", "ru")]).await;
    let run = &app.get("import/runs").await.ok()[0];
    let journal = app.get("import-logs").await.ok();
    let mut codes: Vec<&Value> = journal.as_array().unwrap().iter().collect();
    codes.sort_by_key(|entry| entry["source_file"].to_string());
    let codes = codes.iter().map(|entry| &entry["remark_codes"][0]);
    assert_eq!(
        codes.collect::<Vec<_>>(),
        ["file_empty", "no_export", "temporary_file"]
    );
    let page = browser.page(&format!("/imports/{}", run["id"])).await;
    for words in [
        "Временный файл, а не выгрузка.",
        "Не выгрузка: выгрузки — это файлы .xlsx.",
        "Файл пустой: 1С ещё пишет его или выгрузка не удалась.",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Whose words say it all is not said once more in English, and counts stand there once.
    assert!(run["message"].as_str().unwrap().contains("files imported"));
    for english in ["files imported", "temporary file", "1C is still writing"] {
        assert!(!page.contains(english), "{english}: {page}");
    }
    app.stop().await;
}
