//! Addresses that need nobody to be signed in and ask no session.

use std::convert::Infallible;

use actix_web::body::{MessageBody, SizedStream};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::web::{Bytes, Data, Json, ServiceConfig};
use actix_web::{CustomizeResponder, HttpResponse, Responder};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Documentation;
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::drain::Drain;
use crate::http::resource::endpoint;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/health").get(health))
        .service(endpoint("/servertime").get(server_time))
        .service(endpoint("/openapi.json").get(openapi))
        .service(endpoint("/docs").get(docs));
}

/// Whether the server takes requests.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It does.
    Ok,
    /// The database is away.
    Unavailable,
    /// It is shutting down: send new requests elsewhere.
    Draining,
}

/// Whether the database answers.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseStatus {
    /// It does.
    Ok,
    /// It does not.
    Down,
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Whether it takes requests.
    status: HealthStatus,
    /// Whether the database answers.
    database: DatabaseStatus,
    /// The server's version.
    version: &'static str,
}

/// How the server is; for load balancers.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "system",
    responses((status = 200, body = Health), (status = 503, body = Health, description = "Send requests elsewhere.")))]
pub(crate) async fn health(db: Data<Db>, drain: Data<Drain>) -> CustomizeResponder<Json<Health>> {
    let database = if db.is_up().await { DatabaseStatus::Ok } else { DatabaseStatus::Down };
    let (status, code) = match (drain.has_begun(), database) {
        (true, _) => (HealthStatus::Draining, StatusCode::SERVICE_UNAVAILABLE),
        (false, DatabaseStatus::Down) => (HealthStatus::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        (false, DatabaseStatus::Ok) => (HealthStatus::Ok, StatusCode::OK),
    };
    Json(Health { status, database, version: env!("CARGO_PKG_VERSION") }).customize().with_status(code)
}

/// The server's clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerTime {
    /// RFC 3339, UTC, six decimals.
    time: Timestamp,
}

/// What time it is on the server.
#[utoipa::path(get, path = "/servertime", operation_id = "serverTime", tag = "system",
    responses((status = 200, body = ServerTime)))]
pub(crate) async fn server_time(clock: Data<Clock>) -> Json<ServerTime> {
    Json(ServerTime { time: clock.now() })
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "system",
    responses((status = 200, description = "The OpenAPI 3.1 document of this API.", content_type = "application/json", body = Object)))]
pub(crate) async fn openapi(documentation: Data<Documentation>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(in_pieces(documentation.text()))
}

/// This document as a page to read; it loads nothing from anywhere.
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "system",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub(crate) async fn docs(documentation: Data<Documentation>) -> HttpResponse {
    let page = documentation.page();
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, page.policy.clone()))
        .body(in_pieces(page.html.clone()))
}

/// A body that many share. In one piece it would be copied as a whole for each client that takes its time.
fn in_pieces(body: Bytes) -> impl MessageBody {
    const PIECE: usize = 16 * 1024;

    let length = body.len();
    let pieces = (0..length).step_by(PIECE).map(move |at| Ok::<_, Infallible>(body.slice(at..length.min(at + PIECE))));
    SizedStream::new(length as u64, stream::iter(pieces))
}
