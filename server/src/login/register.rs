//! `POST /register`: making an account for oneself, where `REGISTRATION` is open.

use std::fmt;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json as Answer, ThinData};
use actix_web::{CustomizeResponder, Responder};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::{LoginRules, Opening, session_to_replace};
use super::throttle::Bucket;
use super::verification::Verifier;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentUser, Role, new_id};
use crate::problems;
use crate::sessions::device::Device;
use crate::sessions::state;
use crate::users::model::{parse_email, parse_full_name, parse_username};
use crate::users::new_passwords::NewPasswords;
use crate::users::queries::{self as users, Account, NewAccount};

/// `REGISTRATION`.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// Whether anybody may make an account.
    pub is_open: bool,
}

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// The name to sign in with: 1 to 64 letters, digits, dots, underscores or hyphens, not to be confused with another's.
    #[schema(min_length = 1, max_length = 64)]
    pub username: String,
    /// The password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    pub password: SecretString,
    /// The e-mail address.
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// The name others see.
    #[serde(default)]
    #[schema(required = false, max_length = 200)]
    pub full_name: String,
}

impl fmt::Debug for RegisterRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterRequest").finish_non_exhaustive()
    }
}

impl RegisterRequest {
    /// The names in the form in which they are stored; refuses what no account may hold.
    pub(super) fn parse(self) -> Result<Self, Problem> {
        Ok(Self {
            username: parse_username(&self.username)?,
            password: self.password,
            email: self.email.as_deref().map(parse_email).transpose()?,
            full_name: parse_full_name(&self.full_name)?,
        })
    }

    /// The account, not yet stored.
    pub(super) async fn account(
        self,
        new_passwords: &NewPasswords,
        role: Role,
        now: Timestamp,
    ) -> Result<Account, Problem> {
        let Self { username, password, email, full_name } = self;
        let about = [username.as_str(), email.as_deref().unwrap_or_default(), &full_name];
        let password_hash = new_passwords.hash("password", password, about).await?;
        let (id, disabled, last_login_at) = (new_id(now), false, Some(now));
        Ok(Account { id, username, email, full_name, role, password_hash, disabled, created_at: now, last_login_at })
    }
}

/// The row that is stored of an account.
pub(super) fn row(account: &Account) -> NewAccount<'_> {
    NewAccount {
        id: &account.id,
        username: &account.username,
        email: account.email.as_deref(),
        full_name: &account.full_name,
        role: account.role,
        password_hash: &account.password_hash,
        created_at: account.created_at,
    }
}

problems!(
    /// What making an account can meet.
    RegisterProblems: MalformedRequest, CrossSiteRequest, RegistrationClosed, UsernameTaken, EmailTaken, PayloadTooLarge,
        UnsupportedMediaType, InvalidInput, TooManyAttempts, InternalError, Unavailable, Overloaded
);

/// Makes an account and signs in to it. Where mails are sent, the account is made without the e-mail address, and a mail to that
/// address carries a link that makes it count; whether somebody has it already is told there, and not in the answer.
#[utoipa::path(post, path = "/register", operation_id = "register", tag = "signing in", request_body = RegisterRequest,
    responses((status = 201, body = CurrentUser, description = "Made and signed in; the cookie is set."), RegisterProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn register(
    client: Client,
    json: Result<Json<RegisterRequest>, Problem>,
    session: Session,
    device: Device,
    current: Result<CurrentUser, Problem>,
    registration: ThinData<Registration>,
    new_passwords: Data<NewPasswords>,
    verifier: Data<Verifier>,
    rules: ThinData<LoginRules>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<CustomizeResponder<Answer<CurrentUser>>, Problem> {
    if !registration.is_open {
        return Err(Problem::new(Code::RegistrationClosed));
    }
    let request = json?.0.parse()?;
    let replaces = session_to_replace(current)?;
    // Who asks for name after name learns which are taken, so asking counts, though for less than an account that is made.
    let (asked, made) = (Bucket::of_registration_attempts(client.ip), Bucket::of_registrations(client.ip));
    made.must_be_free(&db, clock.now()).await?;
    asked.must_take(&db, clock.now()).await?;
    // A name that is taken is refused before a hash is computed for it; the unique column decides in any case.
    if users::is_username_taken(&db, &request.username).await? {
        return Err(Problem::new(Code::UsernameTaken));
    }
    let now = clock.now();
    let mut account = request.account(&new_passwords, Role::Member, now).await?;
    let unverified = if verifier.is_needed() { account.email.take() } else { None };
    let verification = match &unverified {
        Some(email) => Some(verifier.begin(&account.id, email, now).await?),
        None => None,
    };
    let opening = Opening::in_browser(rules.0, &client, &device, replaces.as_deref(), now);
    let (token, current) = opening.session();
    let entry = Entry::new(Event::AccountRegistered, now).about(&account.id).by(Some(&account.id));
    let entry = entry.in_session(&current.id).from(Some(&client));
    made.begin(&db, now).await?;
    let inserted = db
        .write(async |tx| {
            if !made.take_within(tx, now).await? {
                return Ok(false);
            }
            users::insert(tx, &row(&account)).await?;
            users::note_login(tx, &account.id, &account.password_hash, now).await?;
            audit::queries::insert(tx, &entry).await?;
            if let Some(verification) = &verification {
                verification.insert(tx).await?;
            }
            opening.insert(tx, &account.id, &token, &current, None).await?;
            Ok::<_, users::InsertError>(true)
        })
        .await;
    match inserted {
        Ok(true) => {}
        Ok(false) => return Err(made.refusal(&db, now).await?),
        Err(error) => return Err(error.about_account(&db, &account.username).await),
    }
    verifier.wake();
    device.remember(&account.id, now);
    state::sign_in(&session, &token, &current, now)?;
    Ok(Answer(opening.user(account, current)).customize().with_status(StatusCode::CREATED))
}
