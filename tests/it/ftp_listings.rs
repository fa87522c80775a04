//! Listings of FTP servers: whatever they look like, no file is lost without a word.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::scripted_ftp::{Script, ScriptedFtp, cp1251};
use crate::support::workbooks::{a_receipt, receipts};

/// A server with so many files, `file 1 postuplenie.xlsx` and so on, each of one receipt of 100
/// roubles.
fn with_files(count: u32) -> Script {
    (1..=count).fold(Script::new(), |script, serial| {
        script.file(name(serial), receipts(&[a_receipt(serial)]))
    })
}

fn name(serial: u32) -> String {
    format!("file {serial} postuplenie.xlsx")
}

/// The size of such a file.
fn size(serial: u32) -> usize {
    receipts(&[a_receipt(serial)]).len()
}

/// The message of an import, and the sum of the receipts.
async fn imported(app: &TestApp) -> (String, Value) {
    let answer = app.trigger().await.ok();
    let total = app.get("summary").await.ok()["total_receipts"].clone();
    (answer["message"].as_str().unwrap().to_owned(), total)
}

fn all_of(count: u32) -> (String, Value) {
    (
        format!("{count} of {count} files imported, 0 failed, 0 skipped"),
        json!(f64::from(count) * 100.0),
    )
}

async fn journal(app: &TestApp) -> String {
    app.get("import-logs").await.text
}

#[actix_rt::test]
async fn facts_that_mlsd_leaves_out_are_asked_for_and_links_are_followed() {
    let lines = [
        format!("type=file; {}", name(1)),
        format!("Type=file;Size=many;Modify=yesterday; {}", name(2)),
        format!(" {}", name(3)),
        format!("modify=20240305120000;size=7; {}", name(4)),
        format!(
            "type=OS.unix=slink:/there is/another place;size=7;modify=20200101000000; {}",
            name(5)
        ),
        format!("type=OS.unix=symlink; {}", name(6)),
        "type=OS.unix=symlink; folder.xlsx".to_owned(),
        "type=dir;modify=20240305120000; postuplenie.xlsx".to_owned(),
        "type=cdir; .".to_owned(),
        "type=pdir; ..".to_owned(),
    ];
    let server = with_files(6)
        .folder("folder.xlsx")
        .listing("MLSD", &lines)
        .start()
        .await;
    let app = server.app(&[]).await;
    assert_eq!(imported(&app).await, all_of(6), "{}", journal(&app).await);
    let again = app.trigger().await.ok();
    assert_eq!(
        again["message"],
        "0 of 6 files imported, 0 failed, 6 skipped"
    );
    assert_eq!(
        server.count("RETR"),
        6,
        "size and time were found, so nothing is fetched again"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_line_of_mlsd_that_cannot_be_read_is_looked_for_in_list() {
    let mlsd = [
        format!(
            "type=file;size={};modify=20240305120000; {}",
            size(1),
            name(1)
        ),
        "garbage".to_owned(),
    ];
    let list = [
        format!(
            "-rw-r--r--   1 1c users {} Mar  5 12:00 {}",
            size(1),
            name(1)
        ),
        format!(
            "-rw-r--r--   1 1c users {} Mar  5 12:00 {}",
            size(2),
            name(2)
        ),
    ];
    let server = with_files(2)
        .listing("MLSD", &mlsd)
        .listing("LIST", &list)
        .start()
        .await;
    let app = server.app(&[]).await;
    assert_eq!(imported(&app).await, all_of(2), "{}", journal(&app).await);
    app.stop().await;
}

#[actix_rt::test]
async fn any_refusal_of_mlsd_leads_to_list() {
    for refusal in [
        "500 ?",
        "502 not implemented",
        "504 not so",
        "550 Permission denied",
        "599 never",
        "450 no",
    ] {
        let list = [format!(
            "-rw-r--r-- 1 1c users {} Mar  5  2024 {}",
            size(1),
            name(1)
        )];
        let server = with_files(1)
            .replying("MLSD", refusal)
            .listing("LIST", &list)
            .start()
            .await;
        let app = server.app(&[]).await;
        assert_eq!(
            imported(&app).await,
            all_of(1),
            "{refusal}: {}",
            journal(&app).await
        );
        app.stop().await;
    }
}

#[actix_rt::test]
async fn lines_of_list_are_read_in_all_forms_of_unix_and_windows() {
    // A form has the place of the size and that of the name.
    let forms = [
        "-rw-r--r--   1 owner group SIZE Mar  5 12:00 NAME",
        "-rw-r--r--   1 owner group SIZE Mar 05  2024 NAME",
        "-rw-r--r--+  1 owner SIZE Mar  5  3:47 NAME",
        "-rwxrwxrwx   1 Domain Users of 1C SIZE 5 Mar 2024 NAME",
        "-rw-r--r--. 1 owner group SIZE 2024-03-05 12:00 NAME",
        "-rw-r--r-- 1 owner group SIZE 2024-03-05 12:00:00.000000000 +0300 NAME",
        "- [RWCEAFMS] owner SIZE Mar 05 12:00 NAME",
        "-rw-r--r-- 1 owner group SIZE 5 мар 12:00 NAME",
        "03-05-24  12:00PM                 SIZE NAME",
        "03-05-2024  12:00                 SIZE NAME",
        "2024/03/05  12:00 PM              SIZE NAME",
        "lrwxrwxrwx 1 owner group 9 Mar  5 12:00 NAME -> ../there/another.xlsx",
        "03-05-24  12:00PM    <SYMLINK>     NAME [C:\\there]",
    ];
    let others = [
        "total 48",
        "drwxr-xr-x 2 owner group 4096 Mar  5 12:00 postuplenie.xlsx",
        "03-05-24  12:00PM       <DIR>          old postuplenie.xlsx",
        "lrwxrwxrwx 1 owner group 9 Mar  5 12:00 folder.xlsx -> /folder",
        "crw-r--r-- 1 owner group 5, 1 Mar  5 12:00 tty.xlsx",
        "",
    ];
    let count = forms.len() as u32;
    let line = |form: &str, serial: u32, name: &str| {
        form.replace("SIZE", &size(serial).to_string())
            .replace("NAME", name)
    };
    let mut lines: Vec<Vec<u8>> = (1..)
        .zip(forms)
        .map(|(serial, form)| cp1251(&line(form, serial, &name(serial))))
        .collect();
    lines.extend(others.map(|line| line.as_bytes().to_vec()));
    // Spaces at the beginning belong to the name.
    let [of_unix, of_windows] = ["  lead postuplenie.xlsx", " one postuplenie.xlsx"];
    lines.push(line(forms[0], count + 1, of_unix).into_bytes());
    lines.push(line(forms[8], count + 2, of_windows).into_bytes());
    let server = with_files(count)
        .file(of_unix, receipts(&[a_receipt(count + 1)]))
        .file(of_windows, receipts(&[a_receipt(count + 2)]))
        .folder("folder.xlsx")
        .listing("LIST", &lines)
        .start()
        .await;
    let app = server.app(&[]).await;
    assert_eq!(
        imported(&app).await,
        all_of(count + 2),
        "{}",
        journal(&app).await
    );
    assert_eq!(
        app.trigger().await.ok()["message"],
        "0 of 15 files imported, 0 failed, 15 skipped"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_line_of_list_that_cannot_be_read_leads_to_names_with_size_and_time() {
    let nlst = [name(1), format!("./{}", name(2)), "folder.xlsx".to_owned()];
    let server = with_files(2)
        .folder("folder.xlsx")
        .listing("LIST", &["+i8388621.29609,m824255902,/,\tfolder.xlsx"])
        .listing("NLST", &nlst)
        .start()
        .await;
    let app = server.app(&[]).await;
    assert_eq!(imported(&app).await, all_of(2), "{}", journal(&app).await);
    assert_eq!(
        app.trigger().await.ok()["message"],
        "0 of 2 files imported, 0 failed, 2 skipped"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn files_are_fetched_from_a_server_that_knows_neither_size_nor_time() {
    let server = with_files(2)
        .folder("folder.xlsx")
        .replying("SIZE", "500 unknown")
        .replying("MDTM", "500 unknown")
        .listing("NLST", &[name(1), "folder.xlsx".to_owned(), name(2)])
        .start()
        .await;
    let app = server.app(&[]).await;
    assert_eq!(imported(&app).await, all_of(2), "{}", journal(&app).await);
    app.stop().await;
}

#[actix_rt::test]
async fn a_line_that_nothing_explains_is_journaled_and_the_others_are_imported() {
    let known = format!(
        "-rw-r--r-- 1 owner group {} Mar  5 12:00 {}",
        size(1),
        name(1)
    );
    let strange = "file 2 postuplenie.xlsx <5 blocks>".to_owned();
    let server = with_files(2)
        .listing("LIST", &[known, strange.clone()])
        .start()
        .await;
    let app = server.app(&[]).await;
    let answer = app.trigger().await.ok();
    assert_eq!(
        (&answer["success"], &answer["files_processed"]),
        (&json!(false), &json!(1)),
        "{answer}"
    );
    let entries = app.get("import-logs").await.ok();
    let entry = entries
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["status"] == "failed")
        .unwrap();
    assert_eq!(entry["source_file"], strange);
    assert!(
        entry["error_message"]
            .as_str()
            .unwrap()
            .contains("not understood"),
        "{entry}"
    );
    let failing = async || app.get("freshness?department_id=8").await.text;
    assert!(failing().await.contains(&strange), "{}", failing().await);
    app.trigger().await.ok();
    assert!(
        failing().await.contains(&strange),
        "it stays a failure as long as it is listed"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_folder_that_is_refused_because_it_is_empty_is_an_empty_folder() {
    for refusal in ["550 No files found", "450 No such file or directory"] {
        let server = Script::new()
            .replying("LIST", refusal)
            .replying("NLST", refusal)
            .start()
            .await;
        let app = server.app(&[]).await;
        let answer = app.trigger().await.ok();
        assert_eq!(answer["success"], json!(true), "{refusal}: {answer}");
        assert_eq!(
            answer["message"],
            "0 of 0 files imported, 0 failed, 0 skipped"
        );
        app.stop().await;
    }
}

#[actix_rt::test]
async fn a_folder_that_nobody_may_list_is_a_failure() {
    let refusal = "550 Permission denied";
    let server = Script::new()
        .replying("LIST", refusal)
        .replying("NLST", refusal)
        .start()
        .await;
    let app = server.app(&[]).await;
    let answer = app.trigger().await.ok();
    assert_eq!(answer["success"], json!(false), "{answer}");
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("550 Permission denied"),
        "{answer}"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_link_that_leads_nowhere_and_a_file_that_vanishes_cost_only_themselves() {
    let lines = [
        format!("type=OS.unix=slink:/nowhere; gone {}", name(1)),
        format!("type=file;size=7;modify=20240305120000; gone {}", name(2)),
        format!(
            "type=file;size={};modify=20240305120000; {}",
            size(1),
            name(1)
        ),
    ];
    let server: ScriptedFtp = with_files(1).listing("MLSD", &lines).start().await;
    let app = server.app(&[]).await;
    let (message, total) = imported(&app).await;
    assert_eq!(
        (message.as_str(), total),
        ("1 of 3 files imported, 2 failed, 0 skipped", json!(100.0))
    );
    assert!(
        journal(&app).await.contains("550 there is no such file"),
        "{}",
        journal(&app).await
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_time_that_cannot_be_asked_costs_only_that_time() {
    let nlst: Vec<String> = (1..=4).map(name).collect();
    let server = with_files(4)
        .replying(format!("MDTM {}", name(1)), "550 no")
        .replying(format!("MDTM {}", name(2)), "213 long ago")
        .replying(format!("MDTM {}", name(3)), "451 try later")
        .listing("NLST", &nlst)
        .start()
        .await;
    let app = server.app(&[]).await;
    assert_eq!(imported(&app).await, all_of(4), "{}", journal(&app).await);
    let again = app.trigger().await.ok();
    assert_eq!(
        again["message"], "0 of 4 files imported, 0 failed, 4 skipped",
        "the same bytes change nothing"
    );
    assert_eq!(
        server.count("RETR"),
        4 + 3,
        "only those without a time are fetched again"
    );
    app.stop().await;
}

#[actix_rt::test]
async fn a_server_that_is_silent_when_it_is_asked_for_a_time_is_asked_once() {
    let script = with_files(2)
        .replying("MDTM", "")
        .listing("NLST", &[name(1), name(2)]);
    let server = script.start().await;
    let app = server.app(&[("FTP_TIMEOUT_MS", "1000")]).await;
    assert_eq!(imported(&app).await, all_of(2), "{}", journal(&app).await);
    assert_eq!(server.count("MDTM"), 1);
    app.stop().await;
}
