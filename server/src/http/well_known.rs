//! Well-known URLs that lead to pages of the app.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};

use super::resource::endpoint;

/// Password managers open this to change a password ("A Well-Known URL for Changing Passwords", W3C).
pub const CHANGE_PASSWORD: &str = "/.well-known/change-password";
const SECURITY_PAGE: HeaderValue = HeaderValue::from_static("/account/security");

/// Registers the redirects.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(endpoint(CHANGE_PASSWORD).get(change_password));
}

async fn change_password() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, SECURITY_PAGE)).finish()
}
