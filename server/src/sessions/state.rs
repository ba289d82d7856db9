//! The only file that touches actix-session's map of strings.
//!
//! Nothing of a session is kept in that map: the row is the session. An entry under `token` is a session that the request
//! has just opened, on its way into the cookie; an entry under `known` says that the presented token belongs to a session,
//! alive or ended, so that actix-session keeps it as the key that sign-out ends.

use std::collections::HashMap;

use actix_session::Session;
use actix_session::storage::SessionKey;

use super::cookie::Kept;
use super::exchange;
use crate::clock::Timestamp;
use crate::http::problem::Problem;
use crate::identity::CurrentSession;
use crate::secret::token::PlainToken;

const TOKEN: &str = "token";
const KNOWN: &str = "known";

pub(super) type State = HashMap<String, String>;

/// Puts the token of a session into the cookie, which lives as long as the session, or until the browser is closed.
///
/// # Errors
/// Never in practice: a token is text.
pub fn sign_in(session: &Session, token: &PlainToken, current: &CurrentSession, now: Timestamp) -> Result<(), Problem> {
    exchange::with(|exchange| exchange.kept.set(Some(Kept::of(current, now))));
    session.insert(TOKEN, token.expose()).map_err(Problem::internal)
}

/// Takes the session out of the cookie and ends it. Says whether the cookie held one.
#[must_use]
pub fn sign_out(session: &Session) -> bool {
    let was_known = session.contains_key(KNOWN);
    session.purge();
    was_known
}

/// The state of a token that belongs to a session.
pub(super) fn known() -> State {
    State::from([(KNOWN.to_owned(), "true".to_owned())])
}

/// The key of the session that the request has opened.
pub(super) fn opened(state: &State) -> anyhow::Result<SessionKey> {
    let token = state.get(TOKEN).ok_or_else(|| anyhow::anyhow!("only a login makes a session"))?;
    let token: String = serde_json::from_str(token)?;
    SessionKey::try_from(token).map_err(|error| anyhow::anyhow!("{error:?}"))
}
