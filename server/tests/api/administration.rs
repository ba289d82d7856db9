//! What administrators do to people.

use hallpass::db::Tx;
use hallpass::identity::{EndReason, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Body, Browser, PASSWORD, TestApp, spawn};
use crate::meanwhile;

const NEW: &str = "other words nobody guesses";

async fn my_id(browser: &mut Browser) -> String {
    browser.get("/api/me").await.json()["id"].as_str().unwrap().to_owned()
}

fn token_of(link: &Value) -> String {
    link["url"].as_str().unwrap().rsplit_once("/link/").unwrap().1.to_owned()
}

async fn people(browser: &mut Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/api/users?{query}")).await.json();
    page["items"].as_array().unwrap().iter().map(|item| item["username"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_person_is_made_with_a_password() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let wish = json!({"username": "Carol", "password": NEW, "email": "carol@example.com", "full_name": "Carol C", "role": "admin"});
    let made = admin.post("/api/users", wish).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!((made["username"].as_str(), made["role"].as_str()), (Some("Carol"), Some("admin")));
    assert_eq!((&made["invitation"], &made["last_login_at"]), (&Value::Null, &Value::Null));
    assert!(!made.to_string().contains("password"));
    app.browser().login("carol@example.com", NEW).await.is(200, "");
    admin.post("/api/users", json!({"username": "x", "password": "short"})).await.is(422, "invalid_input");
    admin.post("/api/users", json!({"username": "a b"})).await.is(422, "invalid_input");
}

#[actix_web::test]
async fn a_person_without_a_password_is_invited() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let made = admin.post("/api/users", json!({"username": "carol"})).await.json();
    let token = token_of(&made["invitation"]);
    for password in ["", " ", PASSWORD, "nobody's password"] {
        assert!(matches!(app.browser().login("carol", password).await.status, 401 | 422), "{password:?}");
    }
    let mut carol = app.browser();
    let info = carol.get(&format!("/api/links/{token}")).await.json();
    assert_eq!((info["purpose"].as_str(), info["username"].as_str()), (Some("invitation"), Some("carol")));
    carol.post(&format!("/api/links/{token}"), json!({"password": NEW})).await.is(204, "");
    assert!(carol.cookie.is_none(), "nobody is signed in by a link");
    carol.login("carol", NEW).await.is(200, "");
}

#[actix_web::test]
async fn administrators_see_more_of_people_than_others_do() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let bob = app.person_with("bob", Some("bob@example.com"), "Bob B", Role::Member).await;
    let gone = app.person("gone").await;
    app.disable(&gone).await;
    let mut member = app.signed_in("zoe").await;
    assert_eq!(people(&mut admin, "").await, ["bob", "gone", "root", "zoe"]);
    assert_eq!(people(&mut member, "").await, ["bob", "root", "zoe"]);
    assert_eq!(people(&mut admin, "state=disabled").await, ["gone"]);
    assert_eq!(people(&mut admin, "state=enabled&role=member").await, ["bob", "zoe"]);
    assert_eq!(people(&mut admin, "q=BOB&role=admin").await, Vec::<String>::new());
    let shown = admin.get(&format!("/api/users/{bob}")).await.json();
    assert_eq!(shown["email"], "bob@example.com");
    assert_eq!(shown, admin.get("/api/users?q=bob").await.json()["items"][0]);
    for path in [format!("/api/users/{bob}"), "/api/audit".to_owned(), "/api/users?role=admin".to_owned()] {
        member.get(&path).await.is(403, "forbidden");
    }
    for path in ["/api/users?sort=email", "/api/users?role=root", "/api/users?cursor=!"] {
        admin.get(path).await.is(422, "invalid_input");
    }
    admin.get("/api/users/junk").await.is(404, "not_found");
}

#[actix_web::test]
async fn people_are_sorted_and_paged_in_every_order() {
    let app = spawn().await;
    let mut admin = app.admin("m").await;
    for name in ["b", "A", "z", "\u{e9}", "c"] {
        app.advance(1);
        app.person(name).await;
    }
    app.advance(1);
    app.browser().login("c", PASSWORD).await;
    app.advance(1);
    app.browser().login("A", PASSWORD).await;
    let id = |name: &str| name.to_owned();
    let by_name: Vec<_> = ["A", "b", "c", "m", "z", "\u{e9}"].map(id).into();
    let by_age: Vec<_> = ["m", "b", "A", "z", "\u{e9}", "c"].map(id).into();
    let by_login: Vec<_> = ["b", "z", "\u{e9}", "m", "c", "A"].map(id).into();
    for (sort, order) in [("username", by_name), ("created_at", by_age), ("last_login_at", by_login)] {
        for (sort, order) in [(sort.to_owned(), order.clone()), (format!("-{sort}"), order.into_iter().rev().collect())]
        {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = admin.get(&format!("/api/users?sort={sort}&limit=2{cursor}")).await.json();
                let names = page["items"].as_array().unwrap().iter();
                seen.extend(names.map(|item| item["username"].as_str().unwrap().to_owned()));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen, order, "{sort}");
        }
    }
    let by_name = admin.get("/api/users?limit=2").await.json()["next_cursor"].as_str().unwrap().to_owned();
    admin.get(&format!("/api/users?sort=created_at&cursor={by_name}")).await.is(422, "invalid_input");
}

#[actix_web::test]
async fn a_change_counts_at_the_very_next_request() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let mut bob = app.signed_in("bob").await;
    let path = format!("/api/users/{}", my_id(&mut bob).await);
    let changes = json!({"email": "bob@example.com", "full_name": "Bob B", "role": "admin"});
    let changed = admin.patch(&path, changes).await.json();
    assert_eq!((changed["email"].as_str(), changed["role"].as_str()), (Some("bob@example.com"), Some("admin")));
    bob.get("/api/audit").await.is(200, "");
    admin.patch(&path, json!({"role": "member", "email": null})).await.is(200, "");
    bob.get("/api/audit").await.is(403, "forbidden");
    assert_eq!(bob.get("/api/me").await.json()["email"], Value::Null);

    let token = json!({"name": "leaked", "expires_in_days": 1, "scopes": ["read"]});
    let token = bob.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
    admin.patch(&path, json!({"disabled": true})).await.is(200, "");
    let refused = bob.get("/api/me").await;
    assert_eq!(refused.is(401, "session_ended").json()["reason"], "disabled");
    app.browser().login("bob", PASSWORD).await.is(401, "invalid_credentials");
    admin.patch(&path, json!({"disabled": false})).await.is(200, "");
    bob.get("/api/me").await.is(401, "session_ended");
    bob.with_bearer(&token).get("/api/me").await.is(401, "not_authenticated");
    app.browser().login("bob", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn the_last_administrator_stays() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let other = app.person_with("other", None, "", Role::Admin).await;
    app.disable(&other).await;
    let path = format!("/api/users/{}", my_id(&mut admin).await);
    for change in [json!({"role": "member"}), json!({"disabled": true})] {
        admin.patch(&path, change).await.is(409, "last_admin");
    }
    admin.delete(&path).await.is(409, "last_admin");
    let leave = Body::Json(json!({"password": PASSWORD}));
    admin.send(Method::DELETE, "/api/me", leave).await.is(409, "last_admin");
    admin.get("/api/me").await.is(200, "");
    admin.patch(&format!("/api/users/{other}"), json!({"disabled": false})).await.is(200, "");
    admin.patch(&path, json!({"role": "member"})).await.is(200, "");
}

#[actix_web::test]
async fn an_administrator_without_a_password_is_no_other() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let id = my_id(&mut admin).await;
    let invited = admin.post("/api/users", json!({"username": "other", "role": "admin"})).await;
    let invited = invited.is(201, "").json();
    let path = format!("/api/users/{id}");
    for change in [json!({"role": "member"}), json!({"disabled": true})] {
        admin.patch(&path, change).await.is(409, "last_admin");
    }
    admin.delete(&path).await.is(409, "last_admin");
    admin.send(Method::DELETE, "/api/me", Body::Json(json!({"password": PASSWORD}))).await.is(409, "last_admin");
    let refused = app.hallpass(&["user", "disable", "root"], b"");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("last administrator who can sign in"), "{message}");
    let token = invited["invitation"]["url"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
    let password = json!({"password": "other words nobody guesses"});
    app.browser().post(&format!("/api/links/{token}"), password).await.is(204, "");
    admin.patch(&path, json!({"role": "member"})).await.is(200, "");
}

#[actix_web::test]
async fn of_two_administrators_who_demote_each_other_one_stays() {
    let app = spawn().await;
    let (mut one, mut other) = (app.admin("one").await, app.admin("other").await);
    let (of_one, of_other) = (my_id(&mut one).await, my_id(&mut other).await);
    let (path, other_path) = (format!("/api/users/{of_other}"), format!("/api/users/{of_one}"));
    let (first, second) = futures_util::join!(
        one.patch(&path, json!({"role": "member"})),
        other.patch(&other_path, json!({"role": "member"})),
    );
    let mut codes = [first.status, second.status];
    codes.sort_unstable();
    assert!(codes == [200, 409] || codes == [200, 403], "{codes:?}");
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account WHERE role = 'admin'").await, 1);
}

#[actix_web::test]
async fn who_is_demoted_or_signed_out_meanwhile_changes_nothing() {
    let app = spawn().await;
    let (mut root, mut other) = (app.admin("root").await, app.admin("other").await);
    let (root_id, other_id) = (my_id(&mut root).await, my_id(&mut other).await);
    let while_it_waits = async |wish: Value, browser: &mut Browser, take: &str| {
        let change = async |tx: &mut Tx| {
            hallpass::users::queries::lock_enabled_admins(tx).await?;
            if take == "role" {
                hallpass::users::queries::set_role(tx, &other_id, Role::Member).await.map(drop)
            } else {
                let now = app.clock.now();
                hallpass::sessions::queries::end_all(tx, &root_id, None, EndReason::Revoked, now).await.map(drop)
            }
        };
        meanwhile::while_it_waits(&app, change, browser.post("/api/users", wish)).await
    };
    let wish = json!({"username": "mallory", "role": "admin"});
    while_it_waits(wish.clone(), &mut other, "role").await.is(403, "forbidden");
    while_it_waits(wish, &mut root, "session").await;
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 2);
}

#[actix_web::test]
async fn disabling_and_a_new_password_take_links_back_and_edits_say_what_they_changed() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let bob = app.person("bob").await;
    let link = format!("/api/links/{}", token_of(&reset_link(&app, &mut admin, "bob").await.json()));
    let path = format!("/api/users/{bob}");
    admin.patch(&path, json!({"disabled": true})).await.is(200, "");
    admin.patch(&path, json!({"disabled": false, "email": "bob@example.com", "full_name": ""})).await.is(200, "");
    app.browser().get(&link).await.is(404, "not_found");

    let link = format!("/api/links/{}", token_of(&reset_link(&app, &mut admin, "bob").await.json()));
    let mut browser = app.browser();
    browser.login("bob", PASSWORD).await.is(200, "");
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    browser.post("/api/password", change).await.is(204, "");
    app.browser().get(&link).await.is(404, "not_found");
    let audit = admin.get("/api/audit?event=profile_changed").await.json();
    assert_eq!(audit["items"][0]["detail"], "email");
}

#[actix_web::test]
async fn the_living_sessions_of_a_person_can_be_listed_alone() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let bob = app.person("bob").await;
    let mut ended = app.browser();
    ended.login("bob", PASSWORD).await.is(200, "");
    ended.logout().await.is(204, "");
    app.browser().login("bob", PASSWORD).await.is(200, "");
    let path = format!("/api/users/{bob}/sessions");
    let count = async |admin: &mut Browser, query: &str| {
        admin.get(&format!("{path}{query}")).await.json()["items"].as_array().unwrap().len()
    };
    assert_eq!((count(&mut admin, "").await, count(&mut admin, "?status=active").await), (2, 1));
}

#[actix_web::test]
async fn a_deleted_person_is_gone_with_all_that_was_theirs() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let mut bob = app.signed_in("bob").await;
    let id = my_id(&mut bob).await;
    let token = json!({"name": "secret project", "expires_in_days": 1, "scopes": ["read"]});
    let token = bob.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
    admin.send(Method::POST, &format!("/api/users/{id}/reset-link"), Body::None).await.is(201, "");
    app.advance(1);
    admin.delete(&format!("/api/users/{id}")).await.is(204, "");
    bob.get("/api/me").await.is(401, "not_authenticated");
    bob.with_bearer(&token).get("/api/me").await.is(401, "not_authenticated");
    admin.get(&format!("/api/users/{id}")).await.is(404, "not_found");
    for table in [
        "SELECT COUNT(*) FROM api_token",
        "SELECT COUNT(*) FROM link_token",
        "SELECT COUNT(*) FROM session s JOIN user_account u ON u.id = s.user_id WHERE u.username = 'bob'",
        "SELECT COUNT(*) FROM audit_event WHERE detail = 'secret project'",
    ] {
        assert_eq!(app.number(table).await, 0, "{table}");
    }
    let audit = admin.get("/api/audit").await.json();
    let lines: Vec<_> = audit["items"].as_array().unwrap().iter().filter(|line| line["user_id"] == *id).collect();
    assert_eq!(lines[0]["event"], "account_deleted");
    assert!(
        lines
            .iter()
            .skip(1)
            .all(|line| line["username"].is_null() && (line["ip"].is_null() || line["actor"] == "root"))
    );
    app.person("bob").await;
}

#[actix_web::test]
async fn access_is_seen_and_ended() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let mut bob = app.signed_in("bob").await;
    let id = my_id(&mut bob).await;
    let token = json!({"name": "ci", "expires_in_days": 1, "scopes": ["read"]});
    let token = bob.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
    let sessions = admin.get(&format!("/api/users/{id}/sessions")).await.json();
    assert_eq!((sessions["items"].as_array().unwrap().len(), &sessions["items"][0]["current"]), (1, &json!(false)));
    let tokens = admin.get(&format!("/api/users/{id}/tokens")).await.json();
    assert_eq!((tokens["items"][0]["name"].as_str(), &tokens["items"][0]["token"]), (Some("ci"), &Value::Null));
    admin.delete(&format!("/api/users/{id}/sessions")).await.is(204, "");
    assert_eq!(bob.get("/api/me").await.is(401, "session_ended").json()["reason"], "revoked");
    bob.with_bearer(&token).get("/api/me").await.is(200, "");
    admin.delete(&format!("/api/users/{id}/tokens")).await.is(204, "");
    bob.with_bearer(&token).get("/api/me").await.is(401, "not_authenticated");
}

#[actix_web::test]
async fn one_session_of_a_person_is_ended() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let mut bob = app.signed_in("bob").await;
    let mut alice = app.signed_in("alice").await;
    let mut other = app.browser();
    other.login("bob", PASSWORD).await.is(200, "");
    let id = my_id(&mut bob).await;
    let path = async |browser: &mut Browser| {
        let session = browser.get("/api/me").await.json()["session"]["id"].as_str().unwrap().to_owned();
        (format!("/api/users/{id}/sessions/{session}"), session)
    };
    let (theirs, _) = path(&mut alice).await;
    let (bobs, session) = path(&mut bob).await;
    let unknown = format!("/api/users/{id}/sessions/0191e000-0000-7000-8000-000000000000");
    for stranger in
        [theirs, unknown, format!("/api/users/{id}/sessions/x"), bobs.replace(&id, &my_id(&mut alice).await)]
    {
        admin.delete(&stranger).await.is(404, "not_found");
    }
    alice.get("/api/me").await.is(200, "");
    alice.delete(&bobs).await.is(403, "forbidden");
    admin.delete(&bobs).await.is(204, "");
    assert_eq!(bob.get("/api/me").await.is(401, "session_ended").json()["reason"], "revoked");
    other.get("/api/me").await.is(200, "");
    admin.delete(&bobs).await.is(404, "not_found");
    let lines = admin.get("/api/audit?event=session_ended").await.json();
    let lines = lines["items"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["username"], &lines[0]["actor"], &lines[0]["session_id"], &lines[0]["detail"]),
        (&json!("bob"), &json!("root"), &json!(session), &json!("revoked"))
    );
    app.advance(11 * 60);
    let (others, _) = path(&mut other).await;
    admin.delete(&others).await.is(403, "reauth_required");
}

async fn reset_link(app: &TestApp, admin: &mut Browser, name: &str) -> Answer {
    let id = hallpass::users::queries::find_by_name(&app.db, name).await.unwrap().unwrap().id;
    admin.send(Method::POST, &format!("/api/users/{id}/reset-link"), Body::None).await
}

#[actix_web::test]
async fn a_reset_link_is_good_once_and_ends_what_was_open() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let mut bob = app.signed_in("bob").await;
    let replaced = token_of(&reset_link(&app, &mut admin, "bob").await.json());
    let link = reset_link(&app, &mut admin, "bob").await;
    assert_eq!(link.status, 201);
    let token = token_of(&link.json());
    assert!(link.json()["url"].as_str().unwrap().starts_with("http://localhost:3000/link/"));
    let mut stranger = app.browser();
    stranger.get(&format!("/api/links/{replaced}")).await.is(404, "not_found");
    let path = format!("/api/links/{token}");
    stranger.post(&path, json!({"password": "short"})).await.is(422, "invalid_input");
    stranger.post(&path, json!({"password": "bob bob bob bob"})).await.is(422, "invalid_input");
    stranger.get(&path).await.is(200, "");
    stranger.post(&path, json!({"password": NEW})).await.is(204, "");
    for answer in [stranger.get(&path).await, stranger.post(&path, json!({"password": NEW})).await] {
        answer.is(404, "not_found");
    }
    assert_eq!(bob.get("/api/me").await.is(401, "session_ended").json()["reason"], "password_changed");
    app.browser().login("bob", PASSWORD).await.is(401, "invalid_credentials");
    app.browser().login("bob", NEW).await.is(200, "");
    assert!(!crate::app::whole_log().contains(&token), "the log knows the token");
    for junk in ["x", &"A".repeat(43), &"%00".repeat(3)] {
        stranger.get(&format!("/api/links/{junk}")).await.is(404, "not_found");
    }
}

#[actix_web::test]
async fn a_link_followed_twice_at_once_is_followed_once() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    app.person("bob").await;
    let path = format!("/api/links/{}", token_of(&reset_link(&app, &mut admin, "bob").await.json()));
    let follow = |number: u32| {
        let (mut browser, path) = (app.browser(), path.clone());
        async move { browser.post(&path, json!({"password": format!("{NEW} {number}")})).await.status }
    };
    let mut answers = futures_util::future::join_all((0..6).map(follow)).await;
    answers.sort_unstable();
    assert_eq!(answers, [204, 404, 404, 404, 404, 404]);
}

#[actix_web::test]
async fn a_link_ends_with_its_time_and_with_its_person() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let bob = app.person("bob").await;
    let path = format!("/api/links/{}", token_of(&reset_link(&app, &mut admin, "bob").await.json()));
    app.disable(&bob).await;
    app.browser().get(&path).await.is(404, "not_found");
    reset_link(&app, &mut admin, "bob").await.is(404, "not_found");
    admin.patch(&format!("/api/users/{bob}"), json!({"disabled": false})).await.is(200, "");
    app.browser().get(&path).await.is(200, "");
    app.advance(24 * 3600);
    app.browser().get(&path).await.is(404, "not_found");
}

#[actix_web::test]
async fn every_change_needs_a_fresh_password_and_no_reading_does() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let bob = app.person("bob").await;
    app.advance(11 * 60);
    let path = format!("/api/users/{bob}");
    admin.get(&path).await.is(200, "");
    admin.patch(&path, json!({"full_name": "x"})).await.is(403, "reauth_required");
    admin.delete(&path).await.is(403, "reauth_required");
    admin.post("/api/users", json!({"username": "carol"})).await.is(403, "reauth_required");
    admin.post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
    admin.patch(&path, json!({"full_name": "x"})).await.is(200, "");
}

#[actix_web::test]
async fn a_token_for_scripts_does_not_administer() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let bob = app.person("bob").await;
    let token = json!({"name": "ci", "expires_in_days": 1, "scopes": ["read", "write"]});
    let token = admin.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
    let mut script = admin.with_bearer(&token);
    script.get("/api/audit").await.is(403, "insufficient_scope");
    script.get(&format!("/api/users/{bob}")).await.is(403, "insufficient_scope");
    script.patch(&format!("/api/users/{bob}"), json!({"role": "admin"})).await.is(403, "insufficient_scope");
    let listed = script.get("/api/users?q=bob").await.json()["items"][0].clone();
    assert_eq!(listed.as_object().unwrap().len(), 3, "{listed}");
}
