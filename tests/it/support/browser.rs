//! A browser without script: cookies, forms with their hidden fields, and no redirect followed by
//! itself.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};

use super::app::{Answer, TestApp};

/// A browser of one user.
pub struct Browser {
    base: String,
    client: Client,
    cookies: BTreeMap<String, String>,
    /// What it says of itself with each request.
    pub headers: Vec<(&'static str, String)>,
}

impl Browser {
    pub fn of(app: &TestApp) -> Browser {
        Browser {
            base: format!("http://{}", app.running.address),
            client: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            headers: vec![("accept", "text/html,*/*;q=0.8".to_owned())],
        }
    }

    /// A browser whose user has just signed in.
    pub async fn signed_in(app: &TestApp, username: &str, password: &str) -> Browser {
        let mut browser = Browser::of(app);
        let answer = browser.sign_in(username, password).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        browser
    }

    pub async fn sign_in(&mut self, username: &str, password: &str) -> Answer {
        let fields = [("username", username), ("password", password)];
        self.post("/sign-in", &fields).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// The page, which must be there.
    pub async fn page(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    }

    /// Sends a form of this site.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from("same-origin", path, fields).await
    }

    /// Sends a form that a page of some site holds.
    pub async fn post_from(&mut self, site: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("sec-fetch-site", site)
            .form(fields);
        self.send(request).await
    }

    /// Sends a form with the token that the account page holds.
    pub async fn post_signed(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page("/account").await;
        let token = value_of(&page, "csrf");
        let mut fields = fields.to_vec();
        fields.push(("csrf", &token));
        self.post(path, &fields).await
    }

    /// Sends files with the form of the page at `from`.
    pub async fn post_files(
        &mut self,
        from: &str,
        path: &str,
        files: &[(&str, Vec<u8>)],
    ) -> Answer {
        let token = value_of(&self.page(from).await, "csrf");
        self.post_files_with(&token, path, files).await
    }

    /// The same with that token.
    pub async fn post_files_with(
        &mut self,
        token: &str,
        path: &str,
        files: &[(&str, Vec<u8>)],
    ) -> Answer {
        let form = Form::new().text("csrf", token.to_owned());
        let form = files.iter().fold(form, |form, (name, content)| {
            let part = Part::bytes(content.clone()).file_name((*name).to_owned());
            form.part("files", part)
        });
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("sec-fetch-site", "same-origin")
            .multipart(form);
        self.send(request).await
    }

    /// What a link to a file gives: its headers and its bytes.
    pub async fn file(&mut self, path: &str) -> (HeaderMap, Vec<u8>) {
        let request = self.client.get(format!("{}{path}", self.base));
        let response = self.with_cookies(request).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        (headers, response.bytes().await.unwrap().to_vec())
    }

    fn with_cookies(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.header(COOKIE, cookies.join("; "));
        let headers = self.headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.header(*name, value)
        })
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let response = self.with_cookies(request).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        self.keep(&headers);
        Answer {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            assert!(attributes.contains("HttpOnly"), "{cookie}");
            assert!(attributes.contains("SameSite=Lax"), "{cookie}");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The session's cookie, as a header.
    pub fn session_cookie(&self) -> String {
        let (name, value) = self
            .cookies
            .iter()
            .find(|(name, _)| name.ends_with("credit_portfolio_session"))
            .expect("nobody is signed in");
        format!("{name}={value}")
    }

    pub fn has_session(&self) -> bool {
        self.cookies
            .keys()
            .any(|name| name.ends_with("credit_portfolio_session"))
    }
}

/// Where an answer leads to.
pub fn location(answer: &Answer) -> &str {
    answer.headers[LOCATION].to_str().unwrap()
}

/// The value of a page's hidden field.
pub fn value_of(page: &str, name: &str) -> String {
    let field = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no field {name}: {page}"));
    unescaped(field.1.split_once('"').unwrap().0)
}

/// The text of the element of that id, which holds no other.
pub fn text_of(page: &str, id: &str) -> String {
    let rest = page
        .split_once(&format!("id=\"{id}\">"))
        .unwrap_or_else(|| panic!("no {id}: {page}"));
    unescaped(rest.1.split_once('<').unwrap().0)
}

/// Address and text of each link to a path.
pub fn links_to(page: &str, path: &str) -> Vec<(String, String)> {
    page.split("<a ")
        .skip(1)
        .filter_map(|link| {
            let (tag, rest) = link.split_once('>')?;
            let address = tag.split_once("href=\"")?.1.split_once('"')?.0;
            let text = rest.split_once("</a>")?.0;
            let address = unescaped(address);
            address
                .starts_with(path)
                .then(|| (address, unescaped(text)))
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
}
