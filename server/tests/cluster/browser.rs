//! A browser, as far as the cluster needs one.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{COOKIE, SET_COOKIE, USER_AGENT};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::process::PASSWORD;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";
/// Longer than Hallpass waits for a database in any request, so that the answer is its own.
const ANSWERED_WITHIN: Duration = Duration::from_mins(1);

pub fn client() -> Client {
    Client::builder().timeout(ANSWERED_WITHIN).build().unwrap()
}

async fn send(
    client: &Client,
    method: Method,
    at: SocketAddr,
    path: &str,
    cookie: &str,
    body: Option<Value>,
) -> Response {
    let mut request = client.request(method, format!("http://{at}/api/{path}")).header(USER_AGENT, FIREFOX);
    if !cookie.is_empty() {
        request = request.header(COOKIE, cookie);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

/// Status and cookie of a login.
pub async fn login(client: &Client, at: SocketAddr, username: &str) -> (u16, String) {
    let credentials = json!({"username": username, "password": PASSWORD});
    let answer = send(client, Method::POST, at, "login", "", Some(credentials)).await;
    let cookie = answer.headers().get(SET_COOKIE).map_or("", |line| line.to_str().unwrap());
    (answer.status().as_u16(), cookie.split(';').next().unwrap().to_owned())
}

/// Status and body of who one is.
pub async fn me(client: &Client, at: SocketAddr, cookie: &str) -> (u16, Value) {
    let answer = send(client, Method::GET, at, "me", cookie, None).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Ends a session.
pub async fn end(client: &Client, at: SocketAddr, cookie: &str, session: &str) -> u16 {
    send(client, Method::DELETE, at, &format!("sessions/{session}"), cookie, None).await.status().as_u16()
}

/// Changes a person as an administrator.
pub async fn change(client: &Client, at: SocketAddr, cookie: &str, person: &str, change: &Value) -> u16 {
    send(client, Method::PATCH, at, &format!("users/{person}"), cookie, Some(change.clone())).await.status().as_u16()
}
