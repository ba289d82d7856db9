//! One's own tokens for scripts: list them, make one, revoke one.

use std::time::Duration;

use actix_web::web::{Data, Json as Answer, ServiceConfig};
use actix_web::{CustomizeResponder, HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{ApiToken, MAX_DAYS, MAX_NAME, Scope, from_words, to_words};
use super::queries::{self, ListedToken, NewToken};
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::cursor::{self, Page};
use crate::http::extract::{Json, Path, Query, plain_text};
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::{Fresh, SignedIn, is_id, new_id};
use crate::problems;
use crate::sessions::queries as sessions;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/tokens").get(list).post(create)).service(endpoint("/tokens/{id}").delete(revoke));
}

/// Where to go on in a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// How many, from 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on, from `next_cursor`.
    pub cursor: Option<String>,
}

/// A token as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    /// The public id, to revoke it by.
    id: String,
    /// What its owner calls it.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// When it was made.
    created_at: Timestamp,
    /// When it ends.
    expires_at: Timestamp,
    /// When it was last used, at most a minute old; `null` when never.
    last_used_at: Option<Timestamp>,
}

impl From<ListedToken> for Token {
    fn from(row: ListedToken) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: from_words(&row.scopes),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

problems!(
    /// What listing tokens can meet.
    ListProblems: NotAuthenticated, SessionEnded, InsufficientScope, InvalidInput, InternalError, Unavailable
);

/// The caller's tokens, newest first, without their secrets; expired ones stay listed for thirty days.
#[utoipa::path(get, path = "/tokens", operation_id = "listTokens", tag = "tokens", params(ListQuery),
    responses((status = 200, body = Page<Token>), ListProblems))]
pub(crate) async fn list(
    caller: SignedIn,
    query: Query<ListQuery>,
    db: Data<Db>,
) -> Result<Answer<Page<Token>>, Problem> {
    let limit = cursor::limit(query.0.limit)?;
    let before = cursor::after(query.0.cursor.as_deref())?;
    let rows = queries::list(&db, &caller.user.id, &before, limit + 1).await?;
    Ok(Answer(Page::cut(rows, limit, |row| row.id.clone()).map(Token::from)))
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What to call it: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Days that it lives, from 1 to 365.
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: u32,
    /// `["read"]` or `["read", "write"]`.
    #[schema(min_items = 1, max_items = 2)]
    scopes: Vec<Scope>,
}

impl CreateToken {
    fn check(&self) -> Result<(), Problem> {
        plain_text("name", &self.name, MAX_NAME)?;
        if self.name.trim().is_empty() {
            return Err(Problem::invalid("name", "must not be empty"));
        }
        if !(1..=MAX_DAYS).contains(&self.expires_in_days) {
            return Err(Problem::invalid("expires_in_days", format!("must be from 1 to {MAX_DAYS}")));
        }
        match self.scopes.as_slice() {
            [Scope::Read] | [Scope::Read, Scope::Write] => Ok(()),
            _ => Err(Problem::invalid("scopes", r#"must be ["read"] or ["read", "write"]"#)),
        }
    }
}

/// A token that has just been made.
#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    /// As it will be listed.
    #[serde(flatten)]
    listed: Token,
    /// The token itself: `hp_` and 72 hexadecimal digits. It is shown this once.
    token: String,
}

problems!(
    /// What making a token can meet.
    CreateProblems: MalformedRequest, NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, ReauthRequired,
        TooManyTokens, PayloadTooLarge, UnsupportedMediaType, InvalidInput, InternalError, Unavailable
);

/// Makes a token. Needs a password entered in the last minutes; a token cannot make tokens.
#[utoipa::path(post, path = "/tokens", operation_id = "createToken", tag = "tokens", request_body = CreateToken,
    responses((status = 201, body = CreatedToken), CreateProblems))]
pub(crate) async fn create(
    caller: Fresh,
    client: Client,
    json: Json<CreateToken>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<CustomizeResponder<Answer<CreatedToken>>, Problem> {
    let Fresh(SignedIn { user, session }) = caller;
    let Json(wanted) = json;
    wanted.check()?;
    let (now, token) = (clock.now(), ApiToken::generate());
    let (id, name) = (new_id(now), wanted.name.trim());
    let new = NewToken {
        id: &id,
        token: token.hash(),
        user_id: &user.id,
        name,
        scopes: to_words(&wanted.scopes),
        created_at: now,
        expires_at: now.plus(Duration::from_hours(24) * wanted.expires_in_days),
    };
    let entry = Entry::new(Event::TokenCreated, now).own(&user).from(Some(&client)).detail(name);
    let made = db
        .write(async |tx| {
            // Nothing outlives its session by having been asked for just before the end.
            sessions::must_live(tx, &session.id, &user.id, now).await?;
            if !queries::insert(tx, &new).await? {
                return Err(Problem::new(Code::TooManyTokens));
            }
            Ok(audit::queries::insert(tx, &entry).await?)
        })
        .await;
    made?;
    let listed = Token {
        name: name.to_owned(),
        scopes: wanted.scopes,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        id,
    };
    let created = CreatedToken { listed, token: token.expose().to_owned() };
    Ok(Answer(created).customize().with_status(actix_web::http::StatusCode::CREATED))
}

problems!(
    /// What revoking a token can meet.
    RevokeProblems: NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, NotFound, InternalError, Unavailable
);

/// Revokes one of the caller's tokens. It is refused from the very next request on.
#[utoipa::path(delete, path = "/tokens/{id}", operation_id = "revokeToken", tag = "tokens",
    params(("id" = String, Path, description = "The token's id.")),
    responses((status = 204, description = "Revoked."), RevokeProblems))]
pub(crate) async fn revoke(
    caller: SignedIn,
    client: Client,
    id: Path<String>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let SignedIn { user, .. } = caller;
    if !is_id(&id.0) {
        return Err(Problem::new(Code::NotFound));
    }
    let entry = Entry::new(Event::TokenRevoked, clock.now()).own(&user).from(Some(&client)).detail(&id.0);
    let revoked = db
        .write(async |tx| {
            let revoked = queries::delete(tx, &id.0, &user.id).await?;
            if revoked {
                audit::queries::insert(tx, &entry).await?;
            }
            Ok::<_, sqlx::Error>(revoked)
        })
        .await?;
    if revoked { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(Code::NotFound)) }
}
