//! `GET /events`: what happens to one's session, as it happens.

use actix_web::http::Method;
use actix_web::web::{Data, ServiceConfig, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;

use super::Newsroom;
use super::stream::{Follower, Idle};
use crate::clock::Clock;
use crate::db::Db;
use crate::http::connection::Requests;
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::CurrentUser;
use crate::problems;
use crate::sessions::layer::Sessions;

/// Seconds after which a session that reads in too many places may ask again.
const RETRY_AFTER: u64 = 15;

/// Adds the route.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/events").get(follow));
}

problems!(
    /// What following can meet.
    EventsProblems: NotAuthenticated, SessionEnded, TooManyAttempts, InternalError, Unavailable
);

/// Follows the caller's session, as server-sent events. `session-ended` carries `reason` and `at` and is the last one;
/// `user-changed` says that name, address or role changed. In between comes a comment every 15 seconds. A stream that ends
/// without a word is to be opened again. A session may have twenty of them open.
#[utoipa::path(get, path = "/events", operation_id = "followEvents", tag = "sessions",
    responses((status = 200, body = String, content_type = "text/event-stream", description = "Events, as they happen."),
        EventsProblems))]
pub(crate) async fn follow(
    request: HttpRequest,
    user: CurrentUser,
    newsroom: ThinData<Newsroom>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    // nginx would hold the events back until its buffer is full.
    response.content_type("text/event-stream").insert_header(("x-accel-buffering", "no"));
    if *request.method() == Method::HEAD {
        // A body that nobody is sent would still be waited for to its end, with the connection's next request behind it.
        return Ok(response.finish());
    }
    let CurrentUser { id, session, .. } = user;
    let subscription = newsroom.subscribe(session.as_ref().map_or_else(|| id.clone(), |session| session.id.clone()));
    let subscription = subscription.ok_or_else(|| Problem::new(Code::TooManyAttempts).retry_after(RETRY_AFTER))?;
    let idle = Idle { db: db.as_ref().clone(), lifetime: sessions.lifetime() };
    if newsroom.is_closed() {
        return Err(Problem::new(Code::Unavailable));
    }
    let follower = Follower::new(id, session, subscription, clock.as_ref().clone(), idle);
    // Between two of its words it is not the client's turn.
    let under_way = request.conn_data::<Requests>().map(Requests::begin);
    let words = follower.into_stream().inspect(move |_| {
        let _ = &under_way;
    });
    Ok(response.streaming(words))
}
