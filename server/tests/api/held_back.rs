//! Requests whose body is held back: who is asking was found out when they began.

use std::cell::Cell;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{PASSWORD, TestApp, spawn, whole_log};
use crate::mail_server::until;

/// Sends everything of a POST but the last byte of its body.
async fn begin(app: &TestApp, path: &str, headers: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    let begun = format!("{head}{}", &body[..body.len() - 1]);
    socket.write_all(begun.as_bytes()).await.unwrap();
    socket
}

async fn answer(mut socket: TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let length = socket.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[actix_web::test]
async fn a_session_that_ends_meanwhile_makes_no_token() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let mut other = app.browser();
    other.login("alice", PASSWORD).await.is(200, "");
    let headers = format!(
        "cookie: {}\r\nuser-agent: {}\r\n",
        browser.cookie.as_deref().unwrap(),
        browser.user_agent.as_deref().unwrap()
    );
    let wish = r#"{"name":"kept ready","expires_in_days":365,"scopes":["read","write"]}"#;
    browser.get("/api/me").await.is(200, "");
    let looked_up = || whole_log().matches("session looked up").count();
    let before = looked_up();
    let mut socket = begin(&app, "/api/tokens", &headers, wish).await;
    // The session was alive when the request began.
    until(|| async { looked_up() > before }).await;
    other.delete("/api/sessions").await.is(200, "");
    socket.write_all(b"}").await.unwrap();
    let answer = answer(socket).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(app.number("SELECT COUNT(*) FROM api_token").await, 0);
}

/// A byte now and then keeps nobody's place.
#[actix_web::test]
async fn a_head_that_drips_in_is_cut_off_after_five_seconds() {
    let app = spawn().await;
    let begun = std::time::Instant::now();
    let (mut reader, mut writer) = TcpStream::connect(app.address).await.unwrap().into_split();
    let dripped = Cell::new(0);
    let drip = async {
        writer.write_all(b"GET /api/health HTTP/1.1\r\nhost: x\r\nx: ").await.unwrap();
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            let _ = writer.write_all(b"x").await;
            dripped.set(dripped.get() + 1);
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        () = drip => {}
        end = reader.read_to_end(&mut said) => drop(end),
        () = tokio::time::sleep(std::time::Duration::from_secs(30)) => panic!("it is waited for"),
    }
    // How much later than that depends on the machine; that bytes came all the while has not put it off.
    let (said, took) = (String::from_utf8_lossy(&said), begun.elapsed().as_secs_f32());
    assert!(said.starts_with("HTTP/1.1 408") && took > 4.5 && dripped.get() > 2, "{took} {} {said}", dripped.get());
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let app = spawn().await;
    let mut socket = begin(&app, "/api/login", "", r#"{"username":"alice","password":"x"}"#).await;
    let drip = async {
        let mut answer = vec![0; 4096];
        let length = socket.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(30), drip).await.expect("it is given up");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("did not arrive in time"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
}
