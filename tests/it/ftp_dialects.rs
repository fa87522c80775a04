//! FTP servers that speak the protocol in their own way: how data connections, logins and transfers
//! may go.

use serde_json::json;

use crate::support::scripted_ftp::{End, Script};
use crate::support::workbooks::{a_receipt, receipts};

const FILE: &str = "postuplenie.xlsx";

/// A server with two files, each of one receipt of 100 roubles.
fn two_files() -> Script {
    let (first, second) = (receipts(&[a_receipt(1)]), receipts(&[a_receipt(2)]));
    let line =
        |name: &str, size: usize| format!("type=file;size={size};modify=20240305120000; {name}");
    let lines = [
        line(FILE, first.len()),
        line("second postuplenie.xlsx", second.len()),
    ];
    Script::new()
        .file(FILE, first)
        .file("second postuplenie.xlsx", second)
        .listing("MLSD", &lines)
}

/// Both files go in; gives the commands that the server was sent.
async fn both_go_in(script: Script) -> Vec<String> {
    let server = script.start().await;
    let app = server.app(&[("FTP_TIMEOUT_MS", "1000")]).await;
    let answer = app.trigger().await.ok();
    let journal = app.get("import-logs").await.text;
    assert_eq!(
        answer["message"], "2 of 2 files imported, 0 failed, 0 skipped",
        "{journal}"
    );
    assert_eq!(
        app.get("summary").await.ok()["total_receipts"],
        json!(200.0)
    );
    app.stop().await;
    server.commands()
}

/// The message of an import that fails, and the commands that the server was sent.
async fn refused(script: Script) -> (String, Vec<String>) {
    let server = script.start().await;
    let app = server.app(&[]).await;
    let answer = app.trigger().await.ok();
    assert_eq!(answer["success"], json!(false), "{answer}");
    app.stop().await;
    (
        answer["message"].as_str().unwrap().to_owned(),
        server.commands(),
    )
}

fn count(commands: &[String], beginning: &str) -> usize {
    commands
        .iter()
        .filter(|command| command.starts_with(beginning))
        .count()
}

#[actix_rt::test]
async fn data_connections_are_opened_by_epsv() {
    let commands = both_go_in(two_files()).await;
    assert_eq!(
        (count(&commands, "EPSV"), count(&commands, "PASV")),
        (3, 0),
        "{commands:?}"
    );
}

#[actix_rt::test]
async fn a_server_without_epsv_is_asked_once_and_then_for_pasv() {
    for refusal in [
        "500 unknown",
        "522 use (1)",
        "599 never",
        "229 Entering extended passive mode",
    ] {
        let commands = both_go_in(two_files().replying("EPSV", refusal)).await;
        assert_eq!(
            (count(&commands, "EPSV"), count(&commands, "PASV")),
            (1, 3),
            "{refusal}: {commands:?}"
        );
    }
}

#[actix_rt::test]
async fn a_port_of_epsv_that_is_not_reached_leads_to_pasv() {
    let commands =
        both_go_in(two_files().replying("EPSV", "229 Entering Extended Passive Mode (|||1|)"))
            .await;
    assert_eq!(
        (count(&commands, "EPSV"), count(&commands, "PASV")),
        (1, 3),
        "{commands:?}"
    );
}

#[actix_rt::test]
async fn an_epsv_that_a_firewall_swallows_leads_to_pasv() {
    let commands = both_go_in(two_files().replying("EPSV", "")).await;
    assert_eq!(
        (count(&commands, "EPSV"), count(&commands, "PASV")),
        (1, 3),
        "{commands:?}"
    );
}

#[actix_rt::test]
async fn files_come_over_ipv6() {
    let commands = both_go_in(two_files().on_ipv6()).await;
    assert_eq!(count(&commands, "PASV"), 0, "{commands:?}");
}

#[actix_rt::test]
async fn an_unknown_reply_code_is_a_refusal_with_its_text() {
    let (message, commands) =
        refused(two_files().replying("CWD", "599 the licence has expired")).await;
    assert!(message.contains("599 the licence has expired"), "{message}");
    assert_eq!(
        count(&commands, "CWD"),
        1,
        "it is not tried again: {commands:?}"
    );
    let (message, _) = refused(two_files().replying("PASS", "999 the moon is full")).await;
    assert!(message.contains("999 the moon is full"), "{message}");
}

#[actix_rt::test]
async fn a_login_that_needs_no_password_is_a_login() {
    both_go_in(two_files().replying("PASS", "202 superfluous at this site")).await;
    both_go_in(two_files().replying("USER", "230 welcome")).await;
    both_go_in(two_files().replying("USER", "202 welcome")).await;
}

#[actix_rt::test]
async fn a_server_that_refuses_to_resume_sends_the_file_from_its_beginning() {
    for refusal in ["502 unknown", "350 from there", "450 not now", "599 never"] {
        let script = two_files().breaking_first_at(500);
        let script = if refusal.starts_with('3') {
            script
        } else {
            script.replying("REST", refusal)
        };
        let commands = both_go_in(script).await;
        assert!(count(&commands, "REST 500") == 1, "{refusal}: {commands:?}");
    }
}

#[actix_rt::test]
async fn a_whole_file_whose_end_is_not_confirmed_is_taken() {
    for end in [End::Silent, End::Closed, End::Aborted] {
        let commands = both_go_in(two_files().ending(end)).await;
        assert_eq!(
            count(&commands, "RETR"),
            2,
            "nothing is fetched twice: {commands:?}"
        );
    }
}

#[actix_rt::test]
async fn a_file_that_the_server_says_it_could_not_read_is_not_taken() {
    let of_unknown_size = || {
        let script = Script::new()
            .file(FILE, receipts(&[a_receipt(1)]))
            .listing("NLST", &[FILE]);
        script.replying("SIZE", "500 unknown")
    };
    for script in [two_files(), of_unknown_size()] {
        let server = script.ending(End::Failed).start().await;
        let app = server.app(&[]).await;
        let answer = app.trigger().await.ok();
        assert_eq!(answer["files_processed"], json!(0), "{answer}");
        assert!(app.get("import-logs").await.text.contains("551 Read error"));
        app.stop().await;
    }
}
