//! One's own profile: seeing it, and what may be changed.

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::model::{parse_email, parse_full_name};
use crate::http::problem::Problem;
use crate::identity::{CurrentUser, Known};
use crate::problems;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

problems!(
    /// What asking for oneself can meet.
    MeProblems: NotAuthenticated, SessionEnded, InternalError, Unavailable
);

/// Who the caller is, and with which session.
#[utoipa::path(get, path = "/me", operation_id = "me", tag = "profile",
    responses((status = 200, body = CurrentUser), MeProblems))]
pub(crate) async fn me(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let body = Known::of(&request)?.json();
    Ok(HttpResponse::Ok().content_type(JSON).body(body))
}

/// What to change of a profile; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanges {
    /// The new e-mail address; `null` for none.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 254)]
    pub email: Change<Option<String>>,
    /// The new name that others see; may be empty.
    #[schema(max_length = 200)]
    pub full_name: Option<String>,
}

/// A field that may be left out, where `null` means something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It is left out.
    #[default]
    None,
    /// It is given.
    To(T),
}

/// The names of the changed fields, for the audit.
#[must_use]
pub fn what_changed(email: bool, full_name: bool) -> Option<&'static str> {
    match (email, full_name) {
        (false, false) => None,
        (true, false) => Some("email"),
        (false, true) => Some("full_name"),
        (true, true) => Some("email, full_name"),
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::To)
    }
}

impl ProfileChanges {
    /// The address that is to be written, where `current` stands now; another spelling of the same domain is no change.
    #[must_use]
    pub fn new_email(&self, current: Option<&str>) -> Option<Option<String>> {
        let stored = current.map(|current| parse_email(current).unwrap_or_else(|_| current.to_owned()));
        match &self.email {
            Change::To(new) if new.as_deref() != current && *new != stored => Some(new.clone()),
            _ => None,
        }
    }

    /// The changes in the form in which they are stored.
    ///
    /// # Errors
    /// 422 naming the field that no profile may hold.
    pub fn parse(self) -> Result<Self, Problem> {
        let email = match self.email {
            Change::To(Some(email)) => Change::To(Some(parse_email(&email)?)),
            other => other,
        };
        let full_name = self.full_name.as_deref().map(parse_full_name).transpose()?;
        Ok(Self { email, full_name })
    }
}
