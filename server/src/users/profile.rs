//! One's own profile: seeing it and changing it.

use actix_web::web::{Data, Json as Answer, ThinData};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::model::{check_email, check_full_name};
use super::queries::{self, InsertError};
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentUser, Freshness, SignedIn};
use crate::problems;

problems!(
    /// What asking for oneself can meet.
    MeProblems: NotAuthenticated, SessionEnded, InternalError, Unavailable
);

/// Who the caller is, and with which session.
#[utoipa::path(get, path = "/me", operation_id = "me", tag = "profile",
    responses((status = 200, body = CurrentUser), MeProblems))]
pub(crate) async fn me(user: CurrentUser) -> Answer<CurrentUser> {
    Answer(user)
}

/// What to change of a profile; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanges {
    /// The new e-mail address; `null` for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub email: Change<Option<String>>,
    /// The new name that others see; may be empty.
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

impl<T> Change<T> {
    /// What is to be written, where `current` stands now.
    #[must_use]
    pub fn different_from(self, current: &T) -> Option<T>
    where
        T: PartialEq,
    {
        match self {
            Self::To(new) if new != *current => Some(new),
            _ => None,
        }
    }
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
    /// Refuses what no profile may hold.
    ///
    /// # Errors
    /// 422 naming the field.
    pub fn check(&self) -> Result<(), Problem> {
        if let Change::To(Some(email)) = &self.email {
            check_email(email)?;
        }
        self.full_name.as_deref().map_or(Ok(()), check_full_name)
    }
}

problems!(
    /// What changing one's profile can meet.
    ChangeProblems: MalformedRequest, NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, ReauthRequired,
        EmailTaken, PayloadTooLarge, UnsupportedMediaType, InvalidInput, InternalError, Unavailable
);

/// Changes the caller's profile. Another e-mail address needs a password entered in the last minutes, for it is a name to
/// sign in with.
#[utoipa::path(patch, path = "/me", operation_id = "changeProfile", tag = "profile", request_body = ProfileChanges,
    responses((status = 200, body = CurrentUser), ChangeProblems))]
pub(crate) async fn change(
    caller: SignedIn,
    client: Client,
    json: Json<ProfileChanges>,
    freshness: ThinData<Freshness>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer<CurrentUser>, Problem> {
    let Json(changes) = json;
    changes.check()?;
    let now = clock.now();
    let before = caller.user;
    let email = changes.email.different_from(&before.email);
    let full_name = changes.full_name.filter(|full_name| *full_name != before.full_name);
    if email.is_some() && now.since(caller.session.authenticated_at) > freshness.0.0 {
        return Err(Problem::new(Code::ReauthRequired));
    }
    let Some(what) = what_changed(email.is_some(), full_name.is_some()) else { return Ok(Answer(before)) };
    let entry = Entry::new(Event::ProfileChanged, now).own(&before).from(Some(&client)).detail(what);
    // Only what was asked for is written: another tab may have changed the rest.
    db.write(async |tx| {
        let mut found = true;
        if let Some(email) = &email {
            found &= queries::set_email(tx, &before.id, email.as_deref()).await.map_err(InsertError::about_email)?;
        }
        if let Some(full_name) = &full_name {
            found &= queries::set_full_name(tx, &before.id, full_name).await?;
        }
        if !found {
            return Err(Problem::new(Code::NotAuthenticated));
        }
        Ok(audit::queries::insert(tx, &entry).await?)
    })
    .await?;
    let mut after = before.clone();
    after.email = email.unwrap_or(after.email);
    after.full_name = full_name.unwrap_or(after.full_name);
    Ok(Answer(after))
}
