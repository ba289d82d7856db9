//! A client's connection, which ends when the client does nothing for it.
//!
//! actix-web limits how long the first request's head may take, and the silence between two requests. Nothing of it ends a
//! later head or an unwanted body that drips in, or an answer that nobody takes.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long nothing may be sent to the client while it is its turn: to ask, or to take what is there. actix-web gives five
/// seconds of this to silence; a request that begins at their end has three for its head.
const TURN: Duration = Duration::from_secs(8);

/// The requests of one connection that are under way.
#[derive(Clone, Debug, Default)]
pub struct Requests(Rc<Cell<usize>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct UnderWay(Requests);

impl Requests {
    /// Counts one more: as long as it is under way, it is the server's turn.
    #[must_use]
    pub fn begin(&self) -> UnderWay {
        self.0.set(self.0.get() + 1);
        UnderWay(self.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let UnderWay(Requests(number)) = self;
        number.set(number.get() - 1);
    }
}

/// The connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    requests: Requests,
    last_sent: Instant,
    /// Whether something is there that the client does not take.
    is_stuck: bool,
    timer: Pin<Box<Sleep>>,
}

impl Connection {
    /// Takes over a connection that was just made.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        let now = Instant::now();
        let timer = Box::pin(sleep_until(now + TURN));
        Self { stream, requests: Requests::default(), last_sent: now, is_stuck: false, timer }
    }

    /// Its requests.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// What comes of having to wait for the client.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let is_clients_turn = self.is_stuck || self.requests.0.get() == 0;
            let ends_at = if is_clients_turn { self.last_sent + TURN } else { now + TURN };
            if ends_at <= now {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.timer.as_mut().reset(ends_at);
        }
        Poll::Pending
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Pending => self.wait(cx),
            ready @ Poll::Ready(_) => ready,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.is_stuck = written.is_pending();
        if self.is_stuck {
            return self.wait(cx);
        }
        self.last_sent = Instant::now();
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
