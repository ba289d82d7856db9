//! `GET /me/export`: everything that is stored about a person, for them to keep (GDPR, article 15 and 20).

use actix_web::HttpResponse;
use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::{Bytes, Data};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Value, json};

use super::queries;
use crate::api_tokens::routes::Token;
use crate::audit::routes::Activity;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::problem::{Code, Problem};
use crate::http::same_site::SameSite;
use crate::identity::SignedIn;
use crate::sessions::layer::Sessions;
use crate::sessions::model::Lifetime;
use crate::sessions::routes::Session;
use crate::{api_tokens, problems, sessions};

/// Rows of a list that are read at once, so that a long history needs no more memory than a short one.
const BATCH: u32 = 500;

problems!(
    /// What exporting can meet.
    ExportProblems: NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, InternalError, Unavailable
);

/// Everything that is stored about the caller, as a file: account, sessions, tokens (without their secrets), activity.
#[utoipa::path(get, path = "/me/export", operation_id = "exportProfile", tag = "profile",
    responses((status = 200, body = Value, description = "A JSON file."), ExportProblems))]
pub(crate) async fn export(
    _: SameSite,
    caller: SignedIn,
    client: Client,
    db: Data<Db>,
    clock: Data<Clock>,
    sessions: Data<Sessions>,
) -> Result<HttpResponse, Problem> {
    let SignedIn { user, session } = caller;
    let now = clock.now();
    let entry = Entry::new(Event::DataExported, now).own(&user).from(Some(&client));
    db.write(async |tx| audit::queries::insert(tx, &entry).await).await?;
    let account = queries::find(&db, &user.id).await?.ok_or_else(|| Problem::new(Code::NotAuthenticated))?;
    let account = json!({
        "id": account.id, "username": account.username, "email": account.email, "full_name": account.full_name,
        "role": account.role, "created_at": account.created_at, "last_login_at": account.last_login_at,
        "unverified_emails": queries::unverified_emails(&db, &account.id, now).await?,
    });
    let head = Bytes::from(format!("{{\"exported_at\":\"{now}\",\"account\":{account},\"sessions\":["));
    let lifetime = sessions.lifetime();
    let export = Export { db: db.as_ref().clone(), user_id: user.id, session_id: session.id, lifetime, now };
    let lists = stream::try_unfold((export, Some((List::Sessions, String::new()))), |(export, next)| async move {
        let Some((list, before)) = next else { return Ok::<_, Problem>(None) };
        let (text, next) = export.piece(list, before).await?;
        Ok(Some((Bytes::from(text), (export, next))))
    });
    let body = stream::iter([Ok(head)]).chain(lists);
    let name = format!("hallpass-{}.json", user.username);
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name)],
    };
    Ok(HttpResponse::Ok().content_type("application/json").insert_header(disposition).streaming(body))
}

#[derive(Clone, Copy)]
enum List {
    Sessions,
    Tokens,
    Activity,
}

struct Export {
    db: Db,
    user_id: String,
    session_id: String,
    lifetime: Lifetime,
    now: Timestamp,
}

impl Export {
    /// The items of a list from below `before` on, as text; and where to go on.
    async fn piece(&self, list: List, before: String) -> Result<(String, Option<(List, String)>), Problem> {
        let rows = match list {
            List::Sessions => self.sessions(&before).await?,
            List::Tokens => self.tokens(&before).await?,
            List::Activity => self.activity(&before).await?,
        };
        let separator = if before.is_empty() || rows.is_empty() { "" } else { "," };
        let items: Vec<_> = rows.iter().map(|(_, item)| item.to_string()).collect();
        let text = format!("{separator}{}", items.join(","));
        if let Some((last, _)) = rows.last().filter(|_| rows.len() == BATCH as usize) {
            return Ok((text, Some((list, last.clone()))));
        }
        Ok(match list {
            List::Sessions => (text + "],\"tokens\":[", Some((List::Tokens, String::new()))),
            List::Tokens => (text + "],\"activity\":[", Some((List::Activity, String::new()))),
            List::Activity => (text + "]}\n", None),
        })
    }

    async fn sessions(&self, before: &str) -> Result<Vec<(String, Value)>, Problem> {
        let rows = sessions::queries::list(&self.db, &self.user_id, before, BATCH).await?;
        let listed = |row| Session::of(row, Some(&self.session_id), &self.lifetime, self.now);
        rows.into_iter().map(|row| with_id(row.id.clone(), &listed(row))).collect()
    }

    async fn tokens(&self, before: &str) -> Result<Vec<(String, Value)>, Problem> {
        let rows = api_tokens::queries::list(&self.db, &self.user_id, before, BATCH).await?;
        rows.into_iter().map(|row| with_id(row.id.clone(), &Token::from(row))).collect()
    }

    async fn activity(&self, before: &str) -> Result<Vec<(String, Value)>, Problem> {
        let rows = audit::queries::activity(&self.db, &self.user_id, before, BATCH).await?;
        rows.into_iter().map(|row| with_id(row.id.clone(), &Activity::from(row))).collect()
    }
}

fn with_id(id: String, item: &impl Serialize) -> Result<(String, Value), Problem> {
    Ok((id, serde_json::to_value(item).map_err(Problem::internal)?))
}
