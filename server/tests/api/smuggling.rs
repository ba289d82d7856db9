//! Messages about whose end a proxy and a server may disagree (RFC 9112 section 11.2): refused, and the connection closed, so that
//! nothing that stands behind is ever a request.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Browser, TestApp, spawn};

/// Signing out, to be hidden in the body of another request.
fn hidden(browser: &Browser) -> String {
    let (cookie, agent) = (browser.cookie.as_deref().unwrap(), browser.user_agent.as_deref().unwrap());
    format!(
        "POST /api/logout HTTP/1.1\r\nhost: x\r\nuser-agent: {agent}\r\ncookie: {cookie}\r\ncontent-length: 0\r\n\r\n"
    )
}

/// Sends the bytes, and holds all that is answered until the connection is closed against one refusal.
async fn is_refused_once(app: &TestApp, bytes: &str) {
    let mut socket = TcpStream::connect(app.address).await.unwrap();
    socket.write_all(bytes.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut said)).await;
    let said = String::from_utf8_lossy(&said);
    assert!(end.is_ok(), "the connection stays open after {bytes:?}: {said}");
    assert!(said.starts_with("HTTP/1.1 400 "), "{bytes:?}: {said}");
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{bytes:?}: {said}");
}

#[actix_web::test]
async fn where_a_body_ends_is_said_once_and_plainly() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let body = format!("0\r\n\r\n{}", hidden(&browser));
    let length = body.len();
    for head in [
        &format!("content-length: {length}\r\ntransfer-encoding: chunked"),
        "transfer-encoding: chunked\r\ncontent-length: 4",
        &format!("content-length: 0\r\ncontent-length: {length}"),
        "content-length: 5\r\ncontent-length: 5",
        "content-length: 5, 5",
        "content-length: +5",
        "content-length: -5",
        "content-length: 0x5",
        "content-length: 5 5",
        "content-length:",
        "content-length: 99999999999999999999999",
        "content-length : 5",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: identity, chunked",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding: \u{b}chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "transfer-encoding: identity",
        "transfer-encoding:",
        "transfer-encoding : chunked",
        " transfer-encoding: chunked",
        "x: y\r\n transfer-encoding: chunked",
        "transfer-encoding:\r\n chunked",
        "x: y\rtransfer-encoding: chunked",
        "x: \0",
        "x",
        ": x",
        "host: y",
    ] {
        is_refused_once(&app, &format!("POST /api/login HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n{body}")).await;
    }
    for start in [
        "POST /api/login HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n",
        "POST /api/login HTTP/1.1\r\ncontent-length: 0\r\n",
        "POST  /api/login HTTP/1.1\r\nhost: x\r\n",
        "POST /api/login HTTP/1.2\r\nhost: x\r\n",
        "POST /api/login HTTP/2.0\r\nhost: x\r\n",
        "POST /api/login\r\n",
    ] {
        is_refused_once(&app, &format!("{start}\r\n{body}")).await;
    }
    browser.get("/api/me").await.is(200, "");
}

#[actix_web::test]
async fn where_a_chunk_ends_is_not_guessed() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let hidden = hidden(&browser);
    let head = "POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked";
    for chunks in [
        "0x0\r\n\r\n",
        "-0\r\n\r\n",
        "+0\r\n\r\n",
        " 0\r\n\r\n",
        "\r\n0\r\n\r\n",
        "g\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "1\r\na0\r\n\r\n",
        "0\n\n",
        "0;x\n\r\n\r\n",
        "0\r\r\n\r\n",
    ] {
        is_refused_once(&app, &format!("{head}\r\n\r\n{chunks}{hidden}")).await;
    }
    browser.get("/api/me").await.is(200, "");
}
