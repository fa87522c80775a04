//! A real browser: Chromium behind its WebDriver, without a window.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::processes::{Server, free_port, program, wait_for_port};

/// The rules of accessibility that pages are held to (axe-core).
const AXE: &str = include_str!("../data/axe.min.js");

/// A browser with an empty profile.
pub struct Chromium {
    pub client: Client,
    driver: String,
    _server: Server,
}

impl Chromium {
    /// Starts one that prefers a language.
    pub async fn start(language: &str) -> Chromium {
        Chromium::start_with(language, true).await
    }

    /// The same, with script switched off if wanted.
    pub async fn start_with(language: &str, runs_script: bool) -> Chromium {
        let folder = tempfile::Builder::new()
            .prefix("cp-browser-")
            .tempdir()
            .unwrap()
            .keep();
        let port = free_port();
        let server = Server::start(
            &folder,
            &[&program("chromedriver"), &format!("--port={port}")],
        );
        wait_for_port(port, "chromedriver");
        let profile = folder.join("profile");
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                    "--force-device-scale-factor=1", "--hide-scrollbars",
                    format!("--lang={language}"),
                    format!("--user-data-dir={}", profile.display()),
                ],
                "prefs": {
                    "intl.accept_languages": language,
                    "profile.managed_default_content_settings.javascript": if runs_script { 1 } else { 2 },
                },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let driver = format!("http://127.0.0.1:{port}");
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&driver)
            .await
            .unwrap();
        Chromium {
            client,
            driver,
            _server: server,
        }
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Clicks on the first element of a CSS selector.
    pub async fn click(&self, selector: &str) {
        let found = self.client.find(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|err| panic!("{selector}: {err}"));
        element.click().await.unwrap();
    }

    /// Types into the first element of a CSS selector.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let found = self.client.find(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|err| panic!("{selector}: {err}"));
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Presses keys in the element that has the focus, as WebDriver writes them.
    pub async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// The visible text of the first element of a CSS selector.
    pub async fn text(&self, selector: &str) -> String {
        let found = self.client.find(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|err| panic!("{selector}: {err}"));
        element.text().await.unwrap()
    }

    /// The path and query of the page that is shown.
    pub async fn place(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until an element of a CSS selector is there.
    pub async fn wait_for(&self, selector: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.client.find(Locator::Css(selector)).await.is_err() {
            assert!(Instant::now() < deadline, "{selector} does not appear");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The messages of the console since the last call: errors, refused resources, violations of
    /// the policy.
    pub async fn console(&self) -> Vec<String> {
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/se/log", self.driver);
        let answer: Value = reqwest::Client::new()
            .post(url)
            .json(&json!({ "type": "browser" }))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let lines = answer["value"].as_array().unwrap();
        lines
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What axe finds on the page that is serious or critical, a line each.
    pub async fn accessibility_faults(&self) -> Vec<String> {
        self.run(AXE).await;
        let found = self
            .client
            .execute_async(
                "const done = arguments[arguments.length - 1];
                 axe.run(document, { resultTypes: ['violations'] }).then(r => done(r.violations
                   .filter(v => ['serious', 'critical'].includes(v.impact))
                   .map(v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join(' | '))));",
                Vec::new(),
            )
            .await
            .unwrap();
        let lines = found.as_array().unwrap();
        lines
            .iter()
            .map(|line| line.as_str().unwrap().to_owned())
            .collect()
    }

    /// Makes the window so wide, and as high as the page.
    pub async fn resize(&self, width: u32) {
        self.client.set_window_size(width, 900).await.unwrap();
        let height = self
            .run("return Math.max(900, document.documentElement.scrollHeight)")
            .await;
        let height = u32::try_from(height.as_u64().unwrap()).unwrap() + 10;
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// How many pixels the page is wider than the window, or a table or the small text of a tile wider
    /// than its place: a reader who must scroll sideways for the amounts does not see them.
    pub async fn overflow(&self) -> i64 {
        let page =
            "const root = document.documentElement; return root.scrollWidth - root.clientWidth";
        let page = self.run(page).await.as_i64().unwrap();
        // A place and its content are rounded to whole pixels each: one pixel more is none.
        let places = "const places = [...document.querySelectorAll(':not(.data) > .scroll, .tile :is(strong, .exact)')];
            return Math.max(0, ...places.map(place => place.scrollWidth - place.clientWidth - 1))";
        page.max(self.run(places).await.as_i64().unwrap())
    }

    /// Writes a picture of the page into the folder of pictures.
    pub async fn screenshot(&self, name: &str) {
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(pictures().join(format!("{name}.png")), picture).unwrap();
    }

    /// Closes it.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}

/// Where the pictures of pages are written.
pub fn pictures() -> PathBuf {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(target)
        .join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
