//! Somebody who signs in and shows it in each of the three ways.

use std::net::SocketAddr;

use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE, USER_AGENT};
use serde_json::{Value, json};

use crate::process::PASSWORD;

pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";

/// What `alice` shows to the server at an address.
pub struct Visitor {
    address: SocketAddr,
    client: Client,
}

impl Visitor {
    pub fn of(address: SocketAddr) -> Self {
        Self { address, client: Client::new() }
    }

    fn post(&self, path: &str, cookie: &str, kind: &str, body: String) -> Response {
        let request = self.client.post(format!("http://{}{path}", self.address)).body(body);
        let request = request.header(USER_AGENT, BROWSER).header(CONTENT_TYPE, kind).header(COOKIE, cookie);
        request.send().unwrap().error_for_status().unwrap()
    }

    /// The session cookie of a sign-in, and the answer's body, which is that of `GET /api/me`.
    pub fn sign_in(&self) -> (String, String) {
        let answer = self.post("/api/login", "", "application/json", credentials());
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        (cookie, answer.text().unwrap())
    }

    /// A JWT.
    pub fn access_token(&self) -> String {
        let form = format!("grant_type=password&username=alice&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.post("/api/token", "", "application/x-www-form-urlencoded", form);
        text_of(answer, "access_token")
    }

    /// An opaque token for scripts.
    pub fn api_token(&self, cookie: &str) -> String {
        let wanted = json!({"name": "bench", "expires_in_days": 1, "scopes": ["read"]});
        text_of(self.post("/api/tokens", cookie, "application/json", wanted.to_string()), "token")
    }

    /// What `GET` of a path answers.
    pub fn get(&self, path: &str, cookie: &str) -> String {
        let request = self.client.get(format!("http://{}{path}", self.address));
        let answer = request.header(USER_AGENT, BROWSER).header(COOKIE, cookie).send().unwrap();
        answer.error_for_status().unwrap().text().unwrap()
    }
}

/// The body of a sign-in.
pub fn credentials() -> String {
    json!({"username": "alice", "password": PASSWORD}).to_string()
}

fn text_of(answer: Response, field: &str) -> String {
    let body: Value = answer.json().unwrap();
    body[field].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}
