//! Refuses state-changing requests that another site's page makes, before any credential is looked at.
//!
//! Browsers say where a request comes from: `Sec-Fetch-Site` in all of today's, `Origin` in older ones (OWASP Cross-Site
//! Request Forgery Prevention, "Fetch Metadata"). A request with neither comes from no browser, carries nobody's cookies
//! against their will, and passes.

use std::future::{Ready, ready};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest};

use super::problem::{Code, Problem};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origins whose pages may change state here.
#[derive(Clone, Debug)]
pub struct TrustedOrigins {
    own: String,
    allowed: Vec<String>,
}

impl TrustedOrigins {
    /// Our own origin, and those of `ALLOWED_ORIGINS`.
    #[must_use]
    pub fn new(own: String, allowed: Vec<String>) -> Self {
        Self { own, allowed }
    }

    /// Whether the request's headers are those of a page that may change state.
    fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        self.judge(headers).map_err(|origin| {
            let origin: String = origin.chars().take(200).collect();
            let detail = format!("The request came from {origin}; the address of this server is {}.", self.own);
            Problem::new(Code::CrossSiteRequest).detail(detail).member("expected_origin", self.own.clone())
        })
    }

    /// The same; if not, the origin that came.
    fn judge(&self, headers: &HeaderMap) -> Result<(), String> {
        let site = headers.get(&SEC_FETCH_SITE).map(header::HeaderValue::as_bytes);
        let origin = headers.get(header::ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
        let is_allowed = |origin: &String| self.allowed.contains(origin);
        match (site, origin) {
            // A sandboxed frame or a redirect across sites: whoever it is does not say.
            (_, Some(origin)) if origin == "null" => Err(origin),
            (Some(b"same-origin" | b"none") | None, None) | (Some(b"same-origin" | b"none"), Some(_)) => Ok(()),
            (None, Some(origin)) if origin == self.own || is_allowed(&origin) => Ok(()),
            (Some(_), Some(origin)) if is_allowed(&origin) => Ok(()),
            (_, origin) => Err(origin.unwrap_or_else(|| "another site".to_owned())),
        }
    }
}

/// The layer; stands before everything that reads a cookie or a token.
///
/// # Errors
/// Those of the layers inside.
pub async fn guard(
    origins: Data<TrustedOrigins>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.method().is_safe()
        && let Err(problem) = origins.check(request.headers())
    {
        return Ok(request.error_response(problem));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// Refuses other sites' requests where a GET does work or is written down (OWASP ASVS 5.0, 3.5.3); a handler's first
/// extractor.
#[derive(Debug)]
pub struct SameSite;

impl FromRequest for SameSite {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let origins = request.app_data::<Data<TrustedOrigins>>();
        let origins = origins.ok_or_else(|| Problem::internal(anyhow::anyhow!("the application has no origins")));
        ready(origins.and_then(|origins| origins.check(request.headers())).map(|()| Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: `Sec-Fetch-Site`; columns: `Origin` ours, allowed, another, a sister subdomain, null, absent.
    #[test]
    fn every_cell_of_the_matrix() {
        let origins = TrustedOrigins::new("https://app.example".to_owned(), vec!["https://ally.example".to_owned()]);
        let columns = [
            "https://app.example",
            "https://ally.example",
            "https://evil.example",
            "https://x.app.example",
            "null",
            "",
        ];
        let rows = [
            ("same-origin", [true, true, true, true, false, true]),
            ("none", [true, true, true, true, false, true]),
            ("same-site", [false, true, false, false, false, false]),
            ("cross-site", [false, true, false, false, false, false]),
            ("junk", [false, true, false, false, false, false]),
            ("", [true, true, false, false, false, true]),
        ];
        for (site, verdicts) in rows {
            for (origin, passes) in columns.iter().zip(verdicts) {
                let mut headers = HeaderMap::new();
                if !site.is_empty() {
                    headers.insert(SEC_FETCH_SITE.clone(), site.parse().unwrap());
                }
                if !origin.is_empty() {
                    headers.insert(header::ORIGIN, origin.parse().unwrap());
                }
                assert_eq!(origins.judge(&headers).is_ok(), passes, "{site:?} {origin:?}");
            }
        }
    }
}
