//! The OpenAPI 3.1 document: every operation, and for each exactly the codes it can answer.

use serde_json::{Value, json};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Ref, Server};
use utoipa::{Modify, OpenApi};

use crate::http::problem::{Code, FieldError};
use crate::identity::EndReason;
use crate::{
    access_tokens, administration, api_tokens, audit, events, features, links, login, sessions, system, users,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Hallpass", description = "Sign in, stay signed in, and see and end your sessions."),
    paths(
        login::routes::login,
        login::logout::logout,
        login::register::register,
        login::setup::show,
        login::setup::setup,
        login::forgot::forgot,
        login::password::change,
        login::reauth::reauth,
        login::token::token,
        login::new_sign_ins::list,
        login::new_sign_ins::answer,
        access_tokens::routes::refresh,
        api_tokens::routes::list,
        api_tokens::routes::create,
        api_tokens::routes::revoke,
        users::profile::me,
        login::profile::change,
        login::account::delete,
        users::export::export,
        audit::routes::activity,
        users::routes::list,
        administration::create::create,
        administration::accounts::show,
        administration::accounts::change,
        administration::accounts::delete,
        administration::access::list_sessions,
        administration::access::end_sessions,
        administration::access::end_session,
        administration::access::list_tokens,
        administration::access::revoke_tokens,
        administration::access::reset_link,
        audit::routes::list,
        links::routes::show,
        links::routes::follow,
        sessions::routes::list,
        sessions::routes::end,
        sessions::routes::end_others,
        events::routes::follow,
        features::show,
        system::routes::health,
        system::routes::server_time,
        system::routes::openapi,
        system::routes::docs,
    ),
    components(schemas(Code, FieldError, EndReason, sessions::routes::StatusFilter, users::routes::StateFilter,
        users::search::queries::Sort)),
    modifiers(&Problems)
)]
struct Api;

/// Adds the schema of a problem, which spans the modules: `http` knows the document, `sessions` its extension members.
struct Problems;

impl Modify for Problems {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        api.servers = Some(vec![Server::new("/api")]);
        api.info.license = None;
        let components = api.components.get_or_insert_default();
        components.schemas.insert("Problem".to_owned(), Schema::Object(problem()).into());
    }
}

fn problem() -> utoipa::openapi::schema::Object {
    let text = |description: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    ObjectBuilder::new()
        .description(Some("An error (RFC 9457)."))
        .property("type", text("A URN made of the code."))
        .required("type")
        .property("title", text("One sentence about this kind of error."))
        .required("title")
        .property("status", ObjectBuilder::new().schema_type(Type::Integer).description(Some("The HTTP status.")))
        .required("status")
        .property("code", Ref::from_schema_name("Code"))
        .required("code")
        .property("detail", text("A sentence about this very occurrence."))
        .property("errors", ArrayBuilder::new().items(Ref::from_schema_name("FieldError")))
        .property(
            "expected_origin",
            text("With cross_site_request: the origin of PUBLIC_URL, under which the page works."),
        )
        .property("reason", Ref::from_schema_name("EndReason"))
        .property(
            "at",
            text("With session_ended: when.").format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
        )
        .property("request_id", text("What the log knows it by."))
        .required("request_id")
        .build()
}

/// The pattern of every path that the document describes, as it is routed. Written down, because making the document at start
/// would take more memory than all else the server then holds.
pub const PATTERNS: [&str; 32] = [
    "/api/audit",
    "/api/docs",
    "/api/events",
    "/api/features",
    "/api/forgot-password",
    "/api/health",
    "/api/links/{token}",
    "/api/login",
    "/api/logout",
    "/api/me",
    "/api/me/activity",
    "/api/me/export",
    "/api/me/new-sign-ins",
    "/api/me/new-sign-ins/{session_id}",
    "/api/openapi.json",
    "/api/password",
    "/api/reauth",
    "/api/refresh-token",
    "/api/register",
    "/api/servertime",
    "/api/sessions",
    "/api/sessions/{id}",
    "/api/setup",
    "/api/token",
    "/api/tokens",
    "/api/tokens/{id}",
    "/api/users",
    "/api/users/{id}",
    "/api/users/{id}/reset-link",
    "/api/users/{id}/sessions",
    "/api/users/{id}/sessions/{session_id}",
    "/api/users/{id}/tokens",
];

/// The document.
///
/// # Panics
/// Never: the document is made of text and maps.
#[must_use]
pub fn document() -> Value {
    let mut document = serde_json::to_value(Api::openapi()).expect("the document is made of text and maps");
    describe_credentials(&mut document);
    document
}

/// Says which credentials operations take: those that refuse who brings none.
fn describe_credentials(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "session": {"type": "apiKey", "in": "cookie", "name": "session_id",
            "description": "The session cookie; `__Host-session_id` on https."},
        "bearer": {"type": "http", "scheme": "bearer", "description": "An access token (a JWT), or a token for scripts (`hp_...`)."},
        "refreshToken": {"type": "apiKey", "in": "cookie", "name": "refresh_token",
            "description": "The refresh cookie; `__Host-refresh_token` on https."},
    });
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        if !codes(&operation["responses"]["401"]).contains(&"not_authenticated") {
            continue;
        }
        operation["security"] = if operation["operationId"] == "refreshToken" {
            json!([{"refreshToken": []}])
        } else {
            json!([{"session": []}, {"bearer": []}])
        };
    }
}

/// The codes of a response, as [`problems!`](crate::problems) describes them.
fn codes(response: &Value) -> Vec<&str> {
    let codes = &response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
    codes.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_are_those_of_the_document() {
        let document = document();
        let paths = document["paths"].as_object().unwrap().keys();
        let mut patterns: Vec<_> = paths.map(|path| format!("/api{path}")).collect();
        patterns.sort();
        assert_eq!(patterns, PATTERNS);
    }
}
