//! The server that actix-web's own would be, but for its [`Connection`]s and what it has [`AtHand`].

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service, map_config,
};
use actix_web::Error;
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::web::Data;
use futures_util::TryFutureExt;
use futures_util::future::{Either, ready};
use socket2::SockRef;

use super::assets::Assets;
use super::connection::Connection;
use super::envelope::{self, Envelope};

/// How many clients may wait to be let in, as far as the system allows; the standard library asks for 128. Who comes next has to
/// try again, a second later at the earliest.
const WAITING: i32 = 4096;
/// How long a client may take to send its first request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long a client has to close a connection that is done with.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How much of an answer the system takes before it is on its way, in bytes. It would take megabytes for each client that does not
/// read; what is on its way already is not limited by this.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;

/// What is answered before actix-web takes a request apart and looks for its route.
#[derive(Clone, Debug)]
pub struct AtHand {
    /// The files that are at hand.
    pub assets: Assets,
    /// What each answer carries.
    pub envelope: Data<Envelope>,
}

impl AtHand {
    fn answer(&self, request: &Request) -> Option<Response<BoxBody>> {
        let response = self.assets.answer(request.head())?;
        Some(envelope::deliver(&self.envelope, request, response))
    }
}

/// Serves what is `at_hand`, and what `app` makes once for each worker, on `listener`.
///
/// # Errors
/// When it cannot be listened on.
pub fn listen<F, A, S>(builder: ServerBuilder, listener: TcpListener, at_hand: AtHand, app: F) -> io::Result<Server>
where
    F: Fn() -> A + Send + Clone + 'static,
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse, Error = Error, InitError = ()> + 'static,
{
    let socket = SockRef::from(&listener);
    socket.listen(WAITING)?;
    // Connections inherit it.
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    let stopping = builder.graceful_shutdown_signal();
    let serve = move || {
        let stopping = stopping.clone();
        let at_hand = at_hand.clone();
        let app = app().into_factory().map_err(|error| error.error_response());
        let app = apply_fn_factory(app, move |request, app: &_| match at_hand.answer(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(Service::call(app, request).map_ok(Response::from)),
        });
        let http = HttpService::build()
            .client_request_timeout(HEAD_WITHIN)
            .client_disconnect_timeout(CLOSE_WITHIN)
            // What closes idle connections at shutdown; actix-web uses it in the same way.
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|connection: &Connection, data| {
                data.insert(connection.requests().clone());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(|stream: TcpStream| async {
            // Nagle's algorithm and delayed acknowledgements together stall answers for 40 ms.
            stream.set_nodelay(true)?;
            let peer = stream.peer_addr()?;
            Ok((Connection::new(stream), Protocol::Http1, Some(peer)))
        })
        .and_then(http)
    };
    Ok(builder.listen("hallpass", listener, serve)?.run())
}
