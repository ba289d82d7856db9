//! The paths of people, those that everybody may use among them.

use actix_web::web::ServiceConfig;

use super::access::{end_session, end_sessions, list_sessions, list_tokens, reset_link, revoke_tokens};
use super::accounts::{change, delete, show};
use super::create::create;
use crate::http::resource::endpoint;
use crate::users::routes::list;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/users").get(list).post(create))
        .service(endpoint("/users/{id}").get(show).patch(change).delete(delete))
        .service(endpoint("/users/{id}/sessions").get(list_sessions).delete(end_sessions))
        .service(endpoint("/users/{id}/sessions/{session_id}").delete(end_session))
        .service(endpoint("/users/{id}/tokens").get(list_tokens).delete(revoke_tokens))
        .service(endpoint("/users/{id}/reset-link").post(reset_link));
}
