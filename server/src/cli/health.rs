//! `hallpass health`: asks the server on this machine, for containers that have no other program to ask with.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::config::{Config, HttpConfig};

const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn run() -> anyhow::Result<()> {
    let address = address(&Config::from_env_read_only()?.http);
    let answer = ask(address).with_context(|| format!("nothing answers on {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    println!("{body}");
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("the server says that it is not well");
    }
    Ok(())
}

fn address(config: &HttpConfig) -> SocketAddr {
    let host = if config.host.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { config.host };
    SocketAddr::new(host, config.port)
}

/// Whether a server of ours answers there, well or not.
pub(super) fn runs(config: &HttpConfig) -> bool {
    ask(address(config)).is_ok_and(|answer| answer.contains("\"status\":") && answer.contains("\"database\":"))
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET /api/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
