//! `POST /users`: making an account, with a password or with an invitation to choose one.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json as Answer};
use actix_web::{CustomizeResponder, Responder};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::by::By;
use crate::audit::Event;
use crate::clock::Clock;
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::{FreshAdmin, Role, new_id};
use crate::links::{Link, Links, Purpose};
use crate::mail::{Message, Outbox};
use crate::problems;
use crate::users::model::{NO_PASSWORD, parse_email, parse_full_name, parse_username};
use crate::users::new_passwords::NewPasswords;
use crate::users::queries::{self as users, Account, InsertError, NewAccount};
use crate::users::routes::PersonDetails;

/// A person to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// The name to sign in with: 1 to 64 letters, digits, dots, underscores or hyphens, not to be confused with another's.
    #[schema(min_length = 1, max_length = 64)]
    username: String,
    /// Their password. Without one they are invited: the answer carries a link through which they choose it.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 256)]
    password: Option<SecretString>,
    /// Their e-mail address.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The name others see.
    #[serde(default)]
    #[schema(required = false, max_length = 200)]
    full_name: String,
    /// What they may do; `member` when left out.
    role: Option<Role>,
}

impl fmt::Debug for CreateUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateUser").finish_non_exhaustive()
    }
}

/// A person who has just been made.
#[derive(Serialize, ToSchema)]
pub struct CreatedUser {
    /// As they will be listed.
    #[serde(flatten)]
    user: PersonDetails,
    /// The link to send them, where they were made without a password. It is shown this once.
    invitation: Option<Link>,
}

problems!(
    /// What making a person can meet.
    CreateProblems: MalformedRequest, NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, Forbidden,
        ReauthRequired, UsernameTaken, EmailTaken, PayloadTooLarge, UnsupportedMediaType, InvalidInput, InternalError,
        Unavailable, Overloaded
);

/// Makes an account. Without a password it cannot be signed in to until its person has followed the invitation, which is
/// mailed to them as well where mails are sent and they have an address.
#[utoipa::path(post, path = "/users", operation_id = "createUser", tag = "administration", request_body = CreateUser,
    responses((status = 201, body = CreatedUser), CreateProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn create(
    admin: FreshAdmin,
    client: Client,
    json: Json<CreateUser>,
    new_passwords: Data<NewPasswords>,
    links: Data<Links>,
    outbox: Data<Outbox>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<CustomizeResponder<Answer<CreatedUser>>, Problem> {
    let Json(CreateUser { username, password, email, full_name, role }) = json;
    let username = parse_username(&username)?;
    let email = email.as_deref().map(parse_email).transpose()?;
    let full_name = parse_full_name(&full_name)?;
    let password_hash = match password {
        Some(password) => {
            let about = [username.as_str(), email.as_deref().unwrap_or_default(), &full_name];
            new_passwords.hash("password", password, about).await?
        }
        None => NO_PASSWORD.to_owned(),
    };

    let (by, role) = (By::new(admin, client, &clock), role.unwrap_or(Role::Member));
    let now = by.now;
    let id = new_id(now);
    let invitation = (password_hash == NO_PASSWORD).then(|| links.draft(Purpose::Invitation, Some(&id), now));
    let invitation = invitation.map(|draft| {
        let mut shown = links.show(&draft);
        let message = Message::Invitation { username: &username, url: &shown.url, expires_at: shown.expires_at };
        let letter = email.as_deref().and_then(|email| outbox.letter(&id, email, message, now));
        shown.mailed = letter.is_some();
        (draft, letter, shown)
    });
    let new = NewAccount {
        id: &id,
        username: &username,
        email: email.as_deref(),
        full_name: &full_name,
        role,
        password_hash: &password_hash,
        created_at: now,
    };
    let made = by
        .write(&db, async |tx| {
            match users::insert(tx, &new).await {
                Err(InsertError::Taken | InsertError::Confusable) => return Err(Problem::new(Code::UsernameTaken)),
                done => done.map_err(InsertError::about_email)?,
            }
            by.note(tx, Event::AccountCreated, &id, None).await?;
            if let Some((draft, letter, _)) = &invitation {
                draft.insert(tx).await?;
                if let Some(letter) = letter {
                    letter.insert(tx).await?;
                }
                by.note(tx, Event::InvitationCreated, &id, None).await?;
            }
            Ok(())
        })
        .await;
    match made {
        Err(problem) if problem.code() == Code::UsernameTaken => {
            return Err(InsertError::Taken.about_account(&db, &username).await);
        }
        done => done?,
    }
    outbox.wake();
    let invitation = invitation.map(|(_, _, shown)| shown);
    let account = Account {
        id,
        username,
        email,
        full_name,
        role,
        password_hash,
        disabled: false,
        created_at: now,
        last_login_at: None,
    };
    Ok(Answer(CreatedUser { user: account.into(), invitation }).customize().with_status(StatusCode::CREATED))
}
