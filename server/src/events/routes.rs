//! `GET /events`: what happens to one's session, as it happens.

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig, ThinData};

use super::Newsroom;
use super::stream::Follower;
use crate::clock::Clock;
use crate::http::drain::Drain;
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::CurrentUser;
use crate::problems;

/// Adds the route.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/events").get(follow));
}

problems!(
    /// What following can meet.
    EventsProblems: NotAuthenticated, SessionEnded, InternalError, Unavailable
);

/// Follows the caller's session, as server-sent events. `session-ended` carries `reason` and `at` and is the last one;
/// `user-changed` says that name, address or role changed. In between comes a comment every 15 seconds. A stream that ends
/// without a word is to be opened again.
#[utoipa::path(get, path = "/events", operation_id = "followEvents", tag = "sessions",
    responses((status = 200, body = String, content_type = "text/event-stream", description = "Events, as they happen."),
        EventsProblems))]
pub(crate) async fn follow(
    user: CurrentUser,
    newsroom: ThinData<Newsroom>,
    drain: Data<Drain>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    if drain.has_begun() {
        return Err(Problem::new(Code::Unavailable));
    }
    let follower = Follower::new(user, newsroom.subscribe(), clock.as_ref().clone());
    let response = HttpResponse::Ok()
        .content_type("text/event-stream")
        // nginx would hold the events back until its buffer is full.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(follower.into_stream());
    Ok(response)
}
