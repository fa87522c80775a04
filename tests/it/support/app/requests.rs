//! Users of the program under test, and what they ask of it.

use credit_portfolio::db::{self, NewUser, utc_now};
use credit_portfolio::domain::Role;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{DEPARTMENT, TestApp};

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|err| panic!("{err}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or("")
    }

    /// The answer must be 200; gives its JSON.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }
}

impl TestApp {
    /// A token of a new user.
    pub async fn token(&self, role: Role, department_id: i64) -> String {
        let user = self.user(role, department_id, "irrelevant").await;
        self.running.state.tokens.issue(&user).unwrap()
    }

    /// A new user with that password hash.
    pub async fn user(&self, role: Role, department_id: i64, password_hash: &str) -> db::UserRow {
        let number: u64 = rand::random();
        let now = utc_now();
        let user = NewUser {
            department_id,
            username: format!("user{number}"),
            email: format!("user{number}@example.org"),
            password_hash: password_hash.to_owned(),
            full_name: "A Test User".to_owned(),
            role: role.to_string(),
            created_at: now,
            updated_at: now,
        };
        let id = self
            .running
            .state
            .db
            .write(async |conn| db::insert_user(conn, user).await)
            .await
            .unwrap();
        db::find_user_by_id(&mut self.running.state.db.conn().await.unwrap(), id)
            .await
            .unwrap()
            .unwrap()
    }

    /// Asks an endpoint as an administrator.
    pub async fn get(&self, path: &str) -> Answer {
        let token = self.token(Role::Admin, DEPARTMENT).await;
        self.get_as(&token, path).await
    }

    /// Asks an endpoint of the credit portfolio with a token.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.request(
            Method::GET,
            &format!("credit-portfolio/{path}"),
            Some(token),
            None,
        )
        .await
    }

    /// Every operation of the OpenAPI document, with paths below the prefix and 1 for ids.
    pub async fn operations(&self) -> Vec<(Method, String)> {
        let document = self.raw_get("/api/v1/openapi.json", &[]).await.ok();
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "delete"] {
                if methods.get(method).is_some() {
                    let path = path.trim_start_matches("/api/v1/").replace("{id}", "1");
                    operations.push((method.to_uppercase().parse().unwrap(), path));
                }
            }
        }
        operations
    }

    /// Any request below the prefix.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self
            .http
            .request(method, self.url(&format!("/api/v1/{path}")));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer_of(request).await
    }

    /// The body of a GET, whatever it is.
    pub async fn bytes(&self, path: &str, token: &str) -> Vec<u8> {
        let request = self
            .http
            .get(self.url(&format!("/api/v1/{path}")))
            .bearer_auth(token);
        request
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            .to_vec()
    }

    /// Sends files.
    pub async fn send_form(
        &self,
        path: &str,
        token: &str,
        form: reqwest::multipart::Form,
    ) -> Answer {
        let request = self.http.post(self.url(&format!("/api/v1/{path}")));
        answer_of(request.bearer_auth(token).multipart(form)).await
    }

    /// A POST below the prefix with extra headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut request = self.http.post(self.url(&format!("/api/v1/{path}")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer_of(request.json(body)).await
    }

    /// Any GET, path as it is, with extra headers.
    pub async fn raw_get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer_of(request).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }
}

async fn answer_of(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

pub fn ids(answer: &Answer) -> Vec<i64> {
    answer
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}
