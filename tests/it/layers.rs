//! The layers of the design, read off the imports: a part uses only what lies below it.

use std::path::{Path, PathBuf};

/// The parts, top row first; a part may use its own row and those below.
const ROWS: [&[&str]; 8] = [
    &["cli", "main"],
    &["app"],
    &["api", "demo", "generate", "web"],
    &["http"],
    &["state"],
    &["accounts", "analytics", "import"],
    &["cache", "db"],
    &[
        "build_info",
        "config",
        "domain",
        "logging",
        "metrics",
        "tls",
    ],
];

/// Which parts may name a library.
const LIBRARIES: [(&str, &[&str]); 12] = [
    // Measurements want rows by the million: the database invents them itself.
    ("diesel", &["db", "generate"]),
    ("diesel_async", &["db", "generate"]),
    ("bb8_redis", &["cache"]),
    ("suppaftp", &["import"]),
    ("quick_xml", &["import"]),
    ("iso_currency", &["domain"]),
    ("actix_web", &["api", "app", "http", "web"]),
    ("askama", &["web"]),
    ("i18n_embed", &["web"]),
    ("rust_embed", &["web"]),
    ("clap", &["cli", "main"]),
    // Figures are described where they are computed: what is cached is what is sent.
    ("utoipa", &["analytics", "api"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Each source file: its path below `src`, the part it belongs to, its code without comments.
fn files() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    assert!(paths.len() > 50, "the sources are not where they were");
    let file = |path: PathBuf| {
        let below = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let part = below
            .split('/')
            .next()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let code = std::fs::read_to_string(&path).unwrap();
        let code = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        (below, part, code)
    };
    paths.into_iter().map(file).collect()
}

fn row_of(part: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&part))
}

#[test]
fn a_part_uses_only_parts_below_it() {
    for (path, part, code) in files().iter().filter(|(_, part, _)| part != "lib") {
        let own = row_of(part).unwrap_or_else(|| panic!("{path}: which row is {part} in?"));
        for used in code.split("crate::").skip(1) {
            let name: String = used
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            // The pages and the REST interface stand side by side.
            assert!(
                (part.as_str(), name.as_str()) != ("web", "api"),
                "{path} uses {name}"
            );
            if let Some(row) = row_of(&name) {
                assert!(row >= own, "{path} uses {name}, which lies above {part}");
            }
        }
    }
}

#[test]
fn a_library_is_known_only_where_it_belongs() {
    for (path, part, code) in files() {
        for (library, places) in LIBRARIES {
            let names = [
                format!("use {library}::"),
                format!(" {library}::"),
                format!("({library}::"),
                format!("<{library}::"),
            ];
            let is_used = names.iter().any(|name| code.contains(name.as_str()));
            let is_at_home = places.iter().any(|place| *place == part || *place == path);
            assert!(
                !is_used || is_at_home,
                "{path} uses {library}, which belongs to {places:?}"
            );
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not open with a //! line",
            path.display()
        );
    }
}
