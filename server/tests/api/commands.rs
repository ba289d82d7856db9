//! The commands about a person's access, on each of the three databases.

use std::process::Output;

use hallpass::clock::Clock;
use hallpass::users::queries as users;
use serde_json::{Value, json};

use crate::app::{Browser, PASSWORD, TestApp, spawn, start};

/// A server that keeps the same time as the commands do.
async fn in_time() -> TestApp {
    let mut app = spawn().await;
    let folder = std::mem::replace(&mut app.folder, tempfile::tempdir().unwrap());
    start(app.config.clone(), Clock::system(), folder).await
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn succeeds(app: &TestApp, arguments: &[&str]) -> String {
    let output = app.hallpass(arguments, b"");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fails(app: &TestApp, arguments: &[&str], code: i32, word: &str) {
    let output = app.hallpass(arguments, b"");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output));
    assert!(text(&output).contains(word), "{arguments:?} does not say {word}: {}", text(&output));
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The token of a link that a command printed, alone on its line.
fn token(printed: &str) -> String {
    let url = printed.strip_suffix('\n').unwrap();
    let token = url.strip_prefix("http://localhost:3000/link/").expect(url);
    assert_eq!(token.len(), 43);
    token.to_owned()
}

async fn sign_in(app: &TestApp, name: &str) -> Browser {
    let mut browser = app.browser();
    browser.login(name, PASSWORD).await.is(200, "");
    browser
}

async fn events(app: &TestApp, name: &str) -> Vec<(String, Option<String>)> {
    let id = users::find_by_name(&app.db, name).await.unwrap().unwrap().id;
    let lines = hallpass::audit::queries::activity(&app.db, &id, "", 100).await.unwrap();
    lines.into_iter().map(|line| (line.event.to_string(), line.detail)).collect()
}

#[actix_web::test]
async fn a_person_is_shown() {
    let app = in_time().await;
    let id = app.person_with("alice", Some("a@example.com"), "Alice Moore", hallpass::identity::Role::Admin).await;
    let said = succeeds(&app, &["user", "show", "Alice"]);
    for line in [
        "Username    alice",
        "Full name   Alice Moore",
        "E-mail      a@example.com",
        "Role        admin",
        "State       enabled",
        "Password    set",
        "Sessions    0",
        "Tokens      0",
        "Last login  never",
        &format!("Id          {id}"),
    ] {
        assert!(said.lines().any(|there| there == line), "{line}: {said}");
    }
    sign_in(&app, "alice").await;
    let mut browser = sign_in(&app, "alice").await;
    let wanted = json!({"name": "backup", "expires_in_days": 7, "scopes": ["read"]});
    browser.post("/api/tokens", wanted).await.is(201, "");
    let person = json_of(&succeeds(&app, &["user", "show", "a@example.com", "--json"]));
    assert_eq!((&person["sessions"], &person["tokens"], &person["has_password"]), (&2.into(), &1.into(), &true.into()));
    assert_eq!((&person["id"], &person["username"], &person["role"]), (&id.into(), &"alice".into(), &"admin".into()));
    assert!(person["last_login_at"].is_string() && !person.to_string().contains("argon2"));
    fails(&app, &["user", "show", "nobody"], 1, "nobody called");
}

#[actix_web::test]
async fn sessions_are_listed_and_ended() {
    let app = in_time().await;
    app.person("alice").await;
    app.person("bob").await;
    let (mut one, mut other, mut bob) =
        (sign_in(&app, "alice").await, sign_in(&app, "alice").await, sign_in(&app, "bob").await);
    let list = succeeds(&app, &["session", "list", "alice"]);
    assert!(list.starts_with("ID ") && list.contains("Firefox on Linux") && list.contains("127.0.0.1"), "{list}");
    assert_eq!(list.lines().count(), 3);
    let first = one.get("/api/me").await.json()["session"]["id"].as_str().unwrap().to_owned();
    let json = succeeds(&app, &["session", "list", "alice", "--json"]);
    let (newest, oldest) = json.split_once('\n').unwrap();
    assert_eq!((&json_of(oldest)["id"], &json_of(oldest)["status"]), (&first.clone().into(), &"active".into()));
    assert_ne!(json_of(newest)["id"], first);

    assert_eq!(succeeds(&app, &["session", "end", &first]), "The session is ended.\n");
    let refused = one.get("/api/me").await;
    assert_eq!(refused.is(401, "session_ended").json()["reason"], "revoked");
    other.get("/api/me").await.is(200, "");
    fails(&app, &["session", "end", &first], 1, "ended already");
    fails(&app, &["session", "end", "junk"], 1, "no session with the id junk");
    fails(&app, &["session", "end", "0190163d-8694-739b-aea5-966c26f8ad90"], 1, "no session");
    assert!(succeeds(&app, &["session", "list", "alice"]).contains("revoked"));

    assert_eq!(succeeds(&app, &["session", "end", "--user", "alice"]), "1 sessions of alice are ended.\n");
    other.get("/api/me").await.is(401, "session_ended");
    bob.get("/api/me").await.is(200, "");
    let noted = events(&app, "alice").await;
    assert_eq!(noted[0], ("sessions_ended".to_owned(), Some("1".to_owned())));
    assert_eq!(noted[1], ("session_ended".to_owned(), Some("revoked".to_owned())));
    assert_eq!(noted.iter().filter(|(event, _)| event == "session_ended").count(), 1, "what failed is not noted");

    fails(&app, &["session", "end"], 2, "required");
    fails(&app, &["session", "end", &first, "--user", "alice"], 2, "cannot be used with");
    fails(&app, &["session", "end", "--user", "nobody"], 1, "nobody called");
    fails(&app, &["session", "list", "nobody"], 1, "nobody called");
}

#[actix_web::test]
async fn a_session_that_has_run_out_is_listed_as_such() {
    // Its server's clock stands still, months before that of the command.
    let app = spawn().await;
    app.signed_in("alice").await;
    let session = json_of(&succeeds(&app, &["session", "list", "alice", "--json"]));
    assert_eq!(session["status"], "expired");
    assert_eq!(json_of(&succeeds(&app, &["user", "show", "alice", "--json"]))["sessions"], 0);
}

#[actix_web::test]
async fn an_invited_person_chooses_a_password() {
    let app = in_time().await;
    let invite = ["user", "invite", "alice", "--email", "a@example.com", "--full-name", "Alice Moore", "--admin"];
    let invitation = token(&succeeds(&app, &invite));
    let person = json_of(&succeeds(&app, &["user", "show", "alice", "--json"]));
    assert_eq!(
        (&person["has_password"], &person["role"], &person["full_name"]),
        (&false.into(), &"admin".into(), &"Alice Moore".into())
    );
    assert!(succeeds(&app, &["user", "show", "alice"]).contains("Password    none yet"));
    let mut browser = app.browser();
    let path = format!("/api/links/{invitation}");
    assert_eq!(browser.get(&path).await.json()["purpose"], "invitation");
    browser.post(&path, json!({"password": PASSWORD})).await.is(204, "");
    browser.post(&path, json!({"password": PASSWORD})).await.is(404, "not_found");
    sign_in(&app, "alice").await;
    let mut noted: Vec<_> = events(&app, "alice").await.into_iter().map(|(event, _)| event).collect();
    noted.sort();
    assert_eq!(noted, ["account_created", "invitation_accepted", "invitation_created", "login_succeeded"]);

    fails(&app, &["user", "invite", "ALICE"], 1, "taken");
    fails(&app, &["user", "invite", "bob", "--email", "A@example.com"], 1, "taken");
    fails(&app, &["user", "invite", "b b"], 1, "username must have");
    fails(&app, &["user", "invite", "bob", "--email", "nowhere"], 1, "e-mail address");
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 1);
}

#[actix_web::test]
async fn a_reset_link_leads_to_a_new_password() {
    let app = in_time().await;
    app.person("alice").await;
    let mut browser = sign_in(&app, "alice").await;
    let first = token(&succeeds(&app, &["user", "reset-link", "alice"]));
    let second = token(&succeeds(&app, &["user", "reset-link", "alice"]));
    let new = json!({"password": "other words nobody guesses"});
    let mut anybody = app.browser();
    anybody.post(&format!("/api/links/{first}"), new.clone()).await.is(404, "not_found");
    anybody.post(&format!("/api/links/{second}"), new).await.is(204, "");
    browser.get("/api/me").await.is(401, "session_ended");
    app.browser().login("alice", "other words nobody guesses").await.is(200, "");
    let created = events(&app, "alice").await.into_iter().filter(|(event, _)| event == "reset_link_created").count();
    assert_eq!(created, 2);
    fails(&app, &["user", "reset-link", "nobody"], 1, "nobody called");
    succeeds(&app, &["user", "disable", "alice"]);
    fails(&app, &["user", "reset-link", "alice"], 1, "enable them first");
}

#[actix_web::test]
async fn links_end_with_the_password_and_with_the_account() {
    let app = in_time().await;
    app.person("alice").await;
    let new = json!({"password": "other words nobody guesses"});
    let link = token(&succeeds(&app, &["user", "reset-link", "alice"]));
    let set = app.hallpass(&["user", "set-password", "alice", "--password-stdin"], b"more words nobody guesses\n");
    assert!(set.status.success(), "{}", text(&set));
    app.browser().post(&format!("/api/links/{link}"), new.clone()).await.is(404, "not_found");

    let link = token(&succeeds(&app, &["user", "reset-link", "alice"]));
    succeeds(&app, &["user", "disable", "alice"]);
    succeeds(&app, &["user", "enable", "alice"]);
    app.browser().post(&format!("/api/links/{link}"), new).await.is(404, "not_found");
    assert_eq!(app.number("SELECT COUNT(*) FROM link_token").await, 0);
}
