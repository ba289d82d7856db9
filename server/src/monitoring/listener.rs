//! `GET /metrics`, on an address of its own that only this machine reaches.

use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

use super::readings::Readings;

/// How long an answer may still take when the server has gone, in seconds.
const FINISH_WITHIN: u64 = 1;
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// An address that is listened on and, until [`Listener::serve`], not answered on.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// Where it listens; tells the port where zero was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A server with one thread, which answers once it is awaited.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn serve(self, readings: Readings) -> io::Result<Server> {
        let readings = Data::new(readings);
        let app = move || App::new().app_data(readings.clone()).service(web::resource("/metrics").get(scrape));
        let server = HttpServer::new(app).workers(1).shutdown_timeout(FINISH_WITHIN).disable_signals();
        Ok(server.listen(self.listener)?.run())
    }
}

async fn scrape(readings: Data<Readings>) -> HttpResponse {
    match readings.text().await {
        Ok(text) => HttpResponse::Ok().insert_header((header::CONTENT_TYPE, TEXT)).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
