//! A client of one kept-alive connection, which costs so little that what is measured is the server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::PASSWORD;

/// Nothing here takes longer unless something is wrong.
const PATIENCE: Duration = Duration::from_mins(1);

pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";

/// A request as it is sent; without a cookie where that is empty.
pub fn request(method: &str, path: &str, cookie: &str, body: &str) -> String {
    let cookie = if cookie.is_empty() { String::new() } else { format!("cookie: {cookie}\r\n") };
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: {BROWSER}\r\n{cookie}\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

pub fn login(username: &str) -> String {
    request("POST", "/api/login", "", &json!({"username": username, "password": PASSWORD}).to_string())
}

pub fn get(path: &str, cookie: &str) -> String {
    request("GET", path, cookie, "")
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// The value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The session cookie that was set, as a request carries it.
    pub fn cookie(&self) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": ").map(|(_, value)| value));
        let line = lines.find(|value| value.starts_with("session_id=")).unwrap_or_default();
        line.split(';').next().unwrap_or_default().to_owned()
    }

    /// Whether the server says that it is not able to just now, in the form that errors have.
    pub fn is_unavailable(&self) -> bool {
        self.status == 503
            && self.header("content-type") == "application/problem+json"
            && self.body.contains(r#""code":"unavailable""#)
    }
}

#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    connection: Option<TcpStream>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Sends a request and waits for its answer, on the connection of the last one where the server keeps it.
    pub async fn ask(&mut self, request: &str) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.address).await?,
        };
        connection.write_all(request.as_bytes()).await?;
        let answer = tokio::time::timeout(PATIENCE, read(&mut connection)).await??;
        if !answer.header("connection").eq_ignore_ascii_case("close") {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// The cookie of a new session.
    pub async fn sign_in(&mut self, username: &str) -> String {
        let answer = self.ask(&login(username)).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.cookie()
    }

    /// The status of `GET /api/me`.
    pub async fn me(&mut self, cookie: &str) -> u16 {
        self.ask(&get("/api/me", cookie)).await.unwrap().status
    }
}

/// A connection that does not wait to send.
pub async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

async fn read(connection: &mut TcpStream) -> io::Result<Answer> {
    let mut received = Vec::with_capacity(2048);
    let head_length = loop {
        if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        more(connection, &mut received).await?;
    };
    let head = String::from_utf8_lossy(&received[..head_length]).into_owned();
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let mut answer = Answer { status, head, body: String::new() };
    let length = answer.header("content-length").parse().unwrap_or(0);
    while received.len() < head_length + length {
        more(connection, &mut received).await?;
    }
    answer.body = String::from_utf8_lossy(&received[head_length..]).into_owned();
    Ok(answer)
}

async fn more(connection: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    if connection.read_buf(received).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
