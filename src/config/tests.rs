//! Settings: where they come from, and what is reported when they are wrong.

use std::time::Duration;

use super::reader::SETTINGS;
use super::*;
use crate::domain::NameEncoding;

fn from(values: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let value = |name: &str| {
        values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Settings::from_sources(None, value).map_err(|err| err.problems().to_vec())
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let settings = from(&[]).unwrap();
    assert_eq!(settings.web.bind.to_string(), "0.0.0.0:8000");
    assert_eq!(
        settings.web.forwarded_header,
        ForwardedHeader::XForwardedFor
    );
    assert_eq!(settings.cache.ttl, Duration::from_secs(300));
    assert_eq!(settings.finance_departments, [8]);
    assert!(matches!(&settings.database.url, DatabaseUrl::Sqlite(_)));
    let redis = settings.cache.redis.unwrap();
    assert_eq!(
        (redis.host.as_str(), redis.port, redis.db),
        ("localhost", 6379, 0)
    );
    assert!(redis.timeout <= Duration::from_millis(250));
    assert_eq!(settings.import.timezone.name(), "Europe/Moscow");
    assert!(settings.import.sources.is_empty());
}

#[test]
fn all_problems_are_reported_together_each_with_its_name() {
    let problems = from(&[
        ("BIND", "8000"),
        ("DATABASE_URL", "postgre://user:very-secret@host/db"),
        ("REDIS_PORT", "70000"),
        ("USE_REDIS", "maybe"),
        ("IMPORT_SCHEDULE", "every day"),
        ("IMPORT_TIMEZONE", "Moscow"),
        ("FINANCE_DEPARTMENT_ID", "8;9"),
        ("CACHE_TTL_SECONDS", "0"),
        ("FTP_ENCODING", "koi8-r"),
        ("IMPORT_EMPTY_FOLDER", "ignore"),
        ("FTP_HOST", "ftp://onec:very-secret@host"),
        ("FORWARDED_HEADER", "x-real-ip"),
    ])
    .unwrap_err();
    assert_eq!(problems.len(), 12, "{problems:?}");
    for name in [
        "BIND",
        "DATABASE_URL",
        "REDIS_PORT",
        "USE_REDIS",
        "IMPORT_SCHEDULE",
        "IMPORT_TIMEZONE",
        "FINANCE_DEPARTMENT_ID",
        "CACHE_TTL_SECONDS",
        "FTP_ENCODING",
        "IMPORT_EMPTY_FOLDER",
        "FTP_HOST",
        "FORWARDED_HEADER",
    ] {
        assert!(
            problems.iter().any(|problem| problem.starts_with(name)),
            "{name}: {problems:?}"
        );
    }
    assert!(!problems.join(" ").contains("very-secret"));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(
        &file,
        "[cache]\nttl_seconds = 60\n[redis]\nport = 7000\nhost = \"cache\"\n",
    )
    .unwrap();
    let value = |name: &str| (name == "REDIS_PORT").then(|| "7001".to_owned());
    let settings = Settings::from_sources(Some(&file), value).unwrap();
    let redis = settings.cache.redis.unwrap();
    assert_eq!((redis.host.as_str(), redis.port), ("cache", 7001));
    assert_eq!(settings.cache.ttl, Duration::from_secs(60));
}

#[test]
fn a_misspelt_name_in_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, "[redis]\nhots = \"cache\"\n").unwrap();
    let err = Settings::from_sources(Some(&file), |_| None).unwrap_err();
    assert!(err.to_string().contains("redis.hots"), "{err}");
    assert!(Settings::from_sources(Some(Path::new("/no/such.toml")), |_| None).is_err());
}

#[test]
fn what_can_not_be_read_of_the_file_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, "[auth]\nsecret_key = very-secret\n").unwrap();
    let err = Settings::from_sources(Some(&file), |_| None).unwrap_err();
    let said = err.to_string();
    assert!(
        said.contains("line 2") && said.contains("settings.toml") && !said.contains("very"),
        "{said}"
    );
}

#[test]
fn a_password_with_an_at_sign_is_refused_without_showing_it() {
    let err = Settings::from_sources(None, |name| {
        (name == "DATABASE_URL").then(|| "postgres://u:very@secret@h/d".to_owned())
    })
    .unwrap_err();
    let said = err.to_string();
    assert!(said.contains("%40") && !said.contains("secret@"), "{said}");
}

#[test]
fn a_secret_does_not_show() {
    let settings = from(&[
        ("SECRET_KEY", "very-secret-1"),
        ("FTP_HOST", "h"),
        ("FTP_PASSWORD", "very-secret-2"),
        ("REDIS_PASSWORD", "very-secret-3"),
        ("DATABASE_URL", "postgres://u:very-secret-4@h/d"),
    ])
    .unwrap();
    assert!(!format!("{settings:?}").contains("very-secret"));
    assert!(
        settings
            .auth
            .check_secret_key()
            .unwrap_err()
            .contains("SECRET_KEY")
    );
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (key, empty) = (file("key", "a key of a file\n"), file("empty", " \n"));
    let settings = from(&[("SECRET_KEY_FILE", &key)]).unwrap();
    assert_eq!(settings.auth.secret_key.expose(), "a key of a file");
    for (values, problem) in [
        (
            vec![("SECRET_KEY_FILE", key.as_str()), ("SECRET_KEY", "another")],
            "SECRET_KEY and SECRET_KEY_FILE: set one of them only".to_owned(),
        ),
        (
            vec![("FTP_PASSWORD_FILE", empty.as_str())],
            format!("FTP_PASSWORD_FILE: {empty} is empty"),
        ),
        (
            vec![("REDIS_URL_FILE", "/missing/url")],
            "REDIS_URL_FILE: /missing/url can't be read: No such file or directory (os error 2)"
                .to_owned(),
        ),
    ] {
        assert_eq!(from(&values).unwrap_err(), [problem]);
    }
}

#[test]
fn every_setting_stands_in_the_readme_and_in_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [readme, example] =
        ["README.md", ".env.example"].map(|name| std::fs::read_to_string(root.join(name)).unwrap());
    for setting in &SETTINGS {
        assert!(
            readme.contains(&format!("`{}`", setting.env)),
            "README.md does not name {}",
            setting.env
        );
        assert!(
            example.contains(&format!("{}=", setting.env)),
            ".env.example does not name {}",
            setting.env
        );
    }
}

/// Settings from a file with these sources; departments are 8 and 9.
fn with_sources(sources: &str) -> Result<Settings, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(folder.path().join("secret"), "from a file\n").unwrap();
    let sources = sources.replace("FOLDER", &folder.path().display().to_string());
    std::fs::write(
        &file,
        format!("[portfolio]\nfinance_department_id = \"8,9\"\n{sources}"),
    )
    .unwrap();
    Settings::from_sources(Some(&file), |_| None).map_err(|err| err.problems().to_vec())
}

#[test]
fn further_sources_stand_in_the_file_and_follow_the_plain_settings_in_what_they_leave_out() {
    let settings = with_sources(
        r#"
[ftp]
host = "ftp.example.org"
encoding = "cp866"
[import]
row_policy = "strict"
[[import.sources]]
name = "north"
department = 9
host = "north.example.org"
tls = "implicit"
password_file = "FOLDER/secret"
schedule = "30 6 * * *"
missing_rows = "deactivate"
[[import.sources]]
name = "disk"
folder = "/exports"
patterns = ["*.xlsx"]
row_policy = "lenient"
empty_folder = "ok"
encoding = "cp1251"
"#,
    )
    .unwrap();
    let [plain, north, disk] = settings.import.sources.as_slice() else {
        panic!("{:?}", settings.import.sources)
    };
    assert_eq!(
        (
            plain.name.as_str(),
            plain.department_id,
            plain.policy.is_strict
        ),
        ("ftp", 8, true)
    );
    let PlaceSettings::Ftp(ftp) = &north.place else {
        panic!("{north:?}")
    };
    assert_eq!(
        (north.department_id, ftp.port, ftp.password.expose()),
        (9, 990, "from a file")
    );
    assert_eq!(
        (
            north.policy.is_strict,
            north.policy.missing_rows_max_percent
        ),
        (true, Some(5))
    );
    assert!(matches!(&disk.place, PlaceSettings::Folder(path) if path == Path::new("/exports")));
    assert_eq!(
        (
            disk.department_id,
            disk.policy.is_strict,
            disk.policy.patterns.len()
        ),
        (8, false, 1)
    );
    assert!(disk.schedule.is_some(), "that of the plain settings");
    assert_eq!(
        (north.policy.warns_of_empty_folder, north.policy.encoding),
        (true, NameEncoding::Cp866)
    );
    assert_eq!(
        (disk.policy.warns_of_empty_folder, disk.policy.encoding),
        (false, NameEncoding::Cp1251)
    );
    assert!(!format!("{settings:?}").contains("from a file"));
}

#[test]
fn what_is_wrong_with_a_source_is_reported_with_its_name() {
    let problems = with_sources(
        r#"
[[import.sources]]
name = "north"
department = 7
tls = "yes"
host = "north.example.org"
schedule = "daily"
password_file = "FOLDER/no such file"
[[import.sources]]
name = "north"
missing_rows = "forget"
empty_folder = "ignore"
encoding = "koi8-r"
"#,
    )
    .unwrap_err();
    let reported = problems.join("\n");
    for part in [
        "department 7",
        "tls is none of",
        "daily",
        "no such file",
        "a name of its own",
        "neither a host nor",
        "missing_rows",
        "empty_folder",
        "encoding is none of",
    ] {
        assert!(reported.contains(part), "{part}: {reported}");
    }
    assert!(
        problems
            .iter()
            .all(|problem| problem.starts_with("import.sources \"north\"")),
        "{reported}"
    );
    let unknown = with_sources("[[import.sources]]\nname = \"x\"\nfoldr = \"/\"\n")
        .unwrap_err()
        .join("\n");
    assert!(
        unknown.contains("import.sources") && unknown.contains("foldr"),
        "{unknown}"
    );
}

#[test]
fn a_misspelt_variable_is_named_with_the_one_that_was_meant() {
    let warnings = |names: &[&str]| misspelt::warnings(names.iter().map(|name| (*name).to_owned()));
    for (name, meant) in [
        ("DATABSE_URL", "DATABASE_URL"),
        ("DATABASE_ULR", "DATABASE_URL"),
        ("ftp_host", "FTP_HOST"),
        ("IMPORT_SHEDULE", "IMPORT_SCHEDULE"),
        ("SECRET_KEY_FIEL", "SECRET_KEY_FILE"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("REDIS_PASS", "REDIS_PASSWORD"),
    ] {
        let expected = format!("{name} is no setting and has no effect: was {meant} meant?");
        assert_eq!(warnings(&[name]), [expected]);
    }
    let others = [
        "PATH",
        "HOME",
        "BIN",
        "FIND",
        "DATABASE_URL",
        "REDIS_PORT",
        "RUST_LOG",
        "POSTGRES_DB",
        "REDIS_PORT_6379_TCP",
        "REDIS_SERVICE_HOST",
        "CONFIG_FILE",
        "PGHOST",
        "SECRET_KEY_FILE",
    ];
    assert!(warnings(&others).is_empty(), "{:?}", warnings(&others));
}

#[test]
fn what_is_shown_of_a_setting_holds_no_secret() {
    let shown = |env: &'static str, value: &'static str| {
        let environment = move |name: &str| (name == env).then(|| value.to_owned());
        let settings = inspection::inspect(None, &environment, None).unwrap();
        let setting = settings.into_iter().find(|setting| setting.env == env);
        setting.unwrap().value
    };
    for (env, value, expected) in [
        ("SECRET_KEY", "very-secret", "(hidden)"),
        (
            "DATABASE_URL",
            "postgres://u:very-secret@h:5/d?sslmode=require",
            "postgres://u:(hidden)@h:5/d?sslmode=require",
        ),
        (
            "DATABASE_URL",
            "postgres://u:very@secret:x@h/d",
            "postgres://u:(hidden)@h/d",
        ),
        (
            "DATABASE_URL",
            "postgres://h/d?user=u&password=very-secret",
            "postgres://h/d?user=u&password=(hidden)",
        ),
        (
            "DATABASE_URL",
            "postgres://h/d?user=u&password=very@secret",
            "postgres://(hidden)",
        ),
        ("DATABASE_URL", "sqlite://some.db", "sqlite://some.db"),
        ("DATABASE_URL", "very-secret", "(hidden)"),
        (
            "REDIS_URL",
            "redis://:very-secret@h:6379/0",
            "redis://:(hidden)@h:6379/0",
        ),
        ("BASE_CURRENCY", "EUR", "EUR"),
    ] {
        assert_eq!(shown(env, value), expected, "{env}={value}");
    }
}
