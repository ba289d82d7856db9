//! `POST /logout`: signing out.

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::{Data, ThinData};
use actix_web::{HttpRequest, HttpResponse};

use crate::access_tokens::{AccessTokens, RefreshCookie, queries as refresh_tokens};
use crate::bearer;
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::problem::Problem;
use crate::identity::Credential;
use crate::problems;
use crate::sessions::layer::Sessions;
use crate::sessions::{queries as sessions, state};

problems!(
    /// What signing out can meet.
    LogoutProblems: CrossSiteRequest, InternalError, Unavailable
);

/// Signs out: ends the session that the request came with, by cookie or by token, and takes the cookies away. Without a
/// session it does nothing, and says so just the same.
#[utoipa::path(post, path = "/logout", operation_id = "logout", tag = "signing in",
    responses((status = 204, description = "Signed out."), LogoutProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn logout(
    request: HttpRequest,
    client: Client,
    session: Session,
    layers: Data<Sessions>,
    tokens: Data<AccessTokens>,
    refresh_cookie: ThinData<RefreshCookie>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let now = clock.now();
    // An access token may have run out before the session that it belongs to.
    let claims = bearer::token_of(request.headers()).and_then(|token| tokens.claims(&token));
    let mut ended = match claims {
        Some(claims) => match layers.judge_token_session(&claims.sid, false).await {
            Ok(Some(Credential::User(known))) if claims.speak_for(&known.user) => {
                log_out(&db, &claims.sid, &client, now).await
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        },
        None => Ok(()),
    };
    ended = ended.and(match refresh_tokens::only_known(&db, refresh_cookie.read(request.headers())).await {
        Ok(Some((_, id))) => log_out(&db, &id, &client, now).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    });
    if let Err(error) = ended {
        // The rows may live on, but this browser shall forget them.
        let problem = Problem::from(error).header(header::SET_COOKIE, layers.removal());
        return Err(problem.header(header::SET_COOKIE, refresh_cookie.removal()));
    }
    let mut response = HttpResponse::NoContent();
    // Not "cookies": that would sign out sister apps on the host (W3C Clear Site Data, section 3.1).
    response.insert_header(("clear-site-data", r#""storage""#));
    if refresh_cookie.is_in(request.headers()) {
        response.append_header((header::SET_COOKIE, refresh_cookie.removal()));
    }
    if !state::sign_out(&session) {
        response.append_header((header::SET_COOKIE, layers.removal()));
    }
    Ok(response.finish())
}

async fn log_out(db: &Db, session_id: &str, client: &Client, now: Timestamp) -> Result<(), sqlx::Error> {
    db.write(async |tx| sessions::log_out(tx, session_id, client, now).await).await
}
