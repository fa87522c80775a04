//! `config check` and `config show`, variables that are misspelt, and the command line described.

use std::path::Path;
use std::process::Output;

use crate::support::program::{SECRET_KEY, output_text, program};

fn run(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = program(folder, arguments);
    command.envs(settings.iter().copied()).output().unwrap()
}

#[test]
fn check_names_every_problem_and_its_exit_code_says_whether_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let check = |settings: &[(&str, &str)]| run(folder.path(), &["config", "check"], settings);
    let good = check(&[
        ("SECRET_KEY", SECRET_KEY),
        ("DATABSE_URL", "sqlite://other.db"),
    ]);
    let text = output_text(&good);
    assert!(good.status.success(), "{text}");
    assert!(
        text.contains("warning: DATABSE_URL is no setting") && text.contains("DATABASE_URL meant")
    );
    assert!(text.contains("can be used"), "{text}");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "it made a file"
    );

    std::fs::write(
        folder.path().join("credit-portfolio.toml"),
        "[redis]\nhots = \"x\"\n",
    )
    .unwrap();
    let bad = check(&[
        ("BIND", "8000"),
        ("METRICS_BIND", "here"),
        ("REDIS_PORT", "70000"),
    ]);
    let text = output_text(&bad);
    assert_eq!(bad.status.code(), Some(1), "{text}");
    for problem in [
        "BIND: ",
        "METRICS_BIND: ",
        "REDIS_PORT: ",
        "SECRET_KEY is not set",
        "redis.hots",
    ] {
        assert!(
            text.contains(&format!("problem: {problem}")),
            "{problem}: {text}"
        );
    }
    assert!(text.contains("5 problem(s)"), "{text}");

    let twice = check(&[
        ("SECRET_KEY", SECRET_KEY),
        ("BIND", "127.0.0.1:8000"),
        ("METRICS_BIND", "127.0.0.1:8000"),
    ]);
    let text = output_text(&twice);
    assert!(
        !twice.status.success()
            && text.contains("problem: METRICS_BIND: it is the address of BIND"),
        "{text}"
    );
}

#[test]
fn show_prints_every_setting_with_its_source_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "settings.toml",
        "[cache]\nttl_seconds = 77\n[redis]\nhost = \"in-file\"\n",
    );
    write(
        ".env",
        "REDIS_HOST=in-dotenv\nFTP_PASSWORD=very-secret-1\nBASE_CURRENCY=EUR\n",
    );
    write("key", "very-secret-2\n");
    let settings = [
        ("SECRET_KEY_FILE", "key"),
        ("BASE_CURRENCY", "USD"),
        (
            "DATABASE_URL",
            "postgres://me:very-secret-3@db.example.org/portfolio",
        ),
    ];
    let shown = run(
        folder.path(),
        &["--config", "settings.toml", "config", "show"],
        &settings,
    );
    let text = output_text(&shown);
    assert!(shown.status.success(), "{text}");
    assert!(!text.contains("very-secret"), "{text}");
    let line = |name: &str| {
        let mut lines = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.find(|words| words[0] == name).unwrap()[1..].join(" ")
    };
    assert_eq!(line("CACHE_TTL_SECONDS"), "77 [file settings.toml]");
    assert_eq!(line("CACHE_LEASE_MS"), "1000 [default]");
    assert_eq!(line("BASE_CURRENCY"), "USD [environment]");
    assert_eq!(line("SECRET_KEY"), "(hidden) [secret file key]");
    assert_eq!(line("SECRET_KEY_PREVIOUS"), "(not set) [default]");
    assert_eq!(
        line("DATABASE_URL"),
        "postgres://me:(hidden)@db.example.org/portfolio [environment]"
    );
    assert!(
        line("REDIS_HOST").starts_with("in-dotenv [.env file "),
        "{text}"
    );
    assert!(
        line("FTP_PASSWORD").starts_with("(hidden) [.env file "),
        "{text}"
    );
}

#[test]
fn version_names_the_commit_and_the_command_line_describes_itself() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |arguments: &[&str]| {
        let output = run(folder.path(), arguments, &[]);
        assert!(output.status.success(), "{}", output_text(&output));
        output_text(&output)
    };
    let version = printed(&["--version"]);
    let start = concat!("credit-portfolio ", env!("CARGO_PKG_VERSION"), " (commit ");
    assert!(version.starts_with(start), "{version}");
    assert!(printed(&["man"]).contains(".TH credit-portfolio"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            printed(&["completions", shell]).contains("healthcheck"),
            "{shell}"
        );
    }
    printed(&["man", "--dir", "pages"]);
    let pages = std::fs::read_dir(folder.path().join("pages"))
        .unwrap()
        .count();
    assert!(pages > 10, "{pages} pages");
}

#[test]
fn check_finds_what_no_server_could_be_reached_by() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("DATABASE_URL", "postgres://u:very-secret@h:bad/x"),
        ("DATABASE_URL", "postgres://u:very-secret@h/x?sslmode=bogus"),
        ("REDIS_URL", "redis+cluster://h:1"),
    ] {
        let checked = program(folder.path(), &["config", "check"])
            .env("SECRET_KEY", "a key of tests, long enough for all")
            .env("USE_REDIS", "true")
            .env(name, value)
            .output()
            .unwrap();
        let text = output_text(&checked);
        assert!(
            !checked.status.success() && text.contains(name) && !text.contains("very-secret"),
            "{value}: {text}"
        );
    }
}

#[test]
fn a_line_of_the_dotenv_file_that_can_not_be_read_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "BIND=127.0.0.1:0\nFTP_PASSWORD=very secret$words\n";
    std::fs::write(folder.path().join(".env"), lines).unwrap();
    let refused = run(folder.path(), &["config", "check"], &[]);
    let text = output_text(&refused);
    assert!(
        !refused.status.success() && text.contains(".env: line 2") && !text.contains("secret"),
        "{text}"
    );
}
