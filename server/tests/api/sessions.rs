//! A session's life: how long, in which browser, who sees and ends it, and what its holder is told afterwards.

use hallpass::db::Tx;
use hallpass::identity::EndReason;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::app::{Browser, CHROME, FIREFOX, PASSWORD, TestApp, spawn, spawn_with};
use crate::mail_server::until;

pub async fn reason(browser: &mut Browser) -> Value {
    let answer = browser.get("/api/me").await;
    answer.is(401, "session_ended");
    assert!(answer.json()["at"].as_str().unwrap().ends_with('Z'));
    answer.json()["reason"].clone()
}

#[actix_web::test]
async fn lives_seven_days_and_not_a_second_longer() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for _ in 0..6 {
        app.advance(86_400);
        assert_eq!(browser.get("/api/me").await.status, 200);
    }
    app.advance(86_400 - 1);
    assert_eq!(browser.get("/api/me").await.status, 200);
    app.advance(1);
    let answer = browser.get("/api/me").await;
    answer.is(401, "session_ended");
    assert_eq!(answer.json()["reason"], "expired");
    assert_eq!(answer.json()["at"], "2026-01-08T00:00:00.000000Z");
    assert!(answer.session_cookie().is_none(), "a GET sets no cookie");
}

#[actix_web::test]
async fn rests_no_longer_than_allowed() {
    let app = spawn_with(&[("SESSION_IDLE_MINUTES", "30")]).await;
    let mut browser = app.signed_in("alice").await;
    for _ in 0..10 {
        app.advance(29 * 60);
        assert_eq!(browser.get("/api/me").await.status, 200);
        touched(&app).await;
    }
    app.advance(30 * 60);
    assert_eq!(reason(&mut browser).await, "idle");
}

/// Waits until the writer of `last_seen_at` has caught up.
pub async fn touched(app: &TestApp) {
    for _ in 0..1_000 {
        if app.number("SELECT MAX(last_seen_at) FROM session").await == app.clock.now().as_micros() {
            return;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("last_seen_at was not written");
}

#[actix_web::test]
async fn last_seen_is_written_at_most_once_a_minute() {
    let app = spawn().await;
    let (mut browser, mut other) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let earliest = async || app.number("SELECT MIN(last_seen_at) FROM session").await;
    let start = app.clock.now().as_micros();
    app.advance(59);
    browser.get("/api/me").await;
    app.advance(1);
    other.get("/api/me").await;
    // Written in the order in which they were seen.
    touched(&app).await;
    assert_eq!(earliest().await, start);
    browser.get("/api/me").await;
    until(|| async { earliest().await == app.clock.now().as_micros() }).await;
}

#[actix_web::test]
async fn belongs_to_its_browser() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    browser.user_agent = Some(FIREFOX.replace("137", "151"));
    assert_eq!(browser.get("/api/me").await.status, 200, "an update signs nobody out");

    let mut thief = browser.clone();
    thief.user_agent = Some(CHROME.to_owned());
    assert_eq!(reason(&mut thief).await, "browser_mismatch");
    assert_eq!(reason(&mut browser).await, "browser_mismatch");
    assert_eq!(app.number("SELECT COUNT(*) FROM session WHERE status = 'revoked'").await, 1);

    let mut again = app.browser();
    again.user_agent = None;
    assert_eq!(again.login("alice", PASSWORD).await.status, 200);
    assert_eq!(again.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn binding_can_be_switched_off() {
    let app = spawn_with(&[("SESSION_BINDING", "off")]).await;
    let mut browser = app.signed_in("alice").await;
    browser.user_agent = Some(CHROME.to_owned());
    assert_eq!(browser.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn are_listed_with_what_their_owner_needs() {
    let app = spawn().await;
    let mut firefox = app.signed_in("alice").await;
    app.advance(10);
    let mut chrome = app.browser();
    chrome.user_agent = Some(CHROME.to_owned());
    chrome.login("alice", PASSWORD).await;
    app.signed_in("bob").await;

    let list = firefox.get("/api/sessions").await.json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    assert_eq!(list["next_cursor"], Value::Null);
    let devices: Vec<_> = items.iter().map(|item| item["device"].as_str().unwrap()).collect();
    assert_eq!(devices, ["Chrome on Windows", "Firefox on Linux"]);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&Value::Bool(false), &Value::Bool(true)));
    let mut members: Vec<_> = items[1].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let expected = ["created_at", "current", "device", "expires_at", "id", "ip", "kind", "last_seen_at", "status"];
    assert_eq!(members, expected);
    assert_eq!((&items[1]["kind"], &items[1]["status"]), (&Value::from("cookie"), &Value::from("active")));
    assert_eq!(items[1]["ip"], "127.0.0.1");
}

#[actix_web::test]
async fn ended_ones_stay_listed_as_what_they_are() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    browser.logout().await;
    app.advance(1);
    browser.login("alice", PASSWORD).await;
    app.advance(8 * 86_400);
    browser.cookie = None;
    browser.login("alice", PASSWORD).await;
    let all = browser.get("/api/sessions").await.json();
    let statuses: Vec<_> = all["items"].as_array().unwrap().iter().map(|item| item["status"].clone()).collect();
    assert_eq!(statuses, ["active", "expired", "logged_out"]);
    let alive = browser.get("/api/sessions?status=active").await.json();
    assert_eq!(alive["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn the_list_pages() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for _ in 0..4 {
        app.advance(1);
        app.browser().login("alice", PASSWORD).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/sessions?limit=2".to_owned();
    loop {
        let page = browser.get(&path).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/sessions?limit=2&cursor={cursor}");
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|one, other| other.cmp(one));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (5, &sorted));
}

#[actix_web::test]
async fn their_owner_ends_one_and_it_is_refused_at_once() {
    let app = spawn().await;
    let mut one = app.signed_in("alice").await;
    let mut other = app.browser();
    let id = other.login("alice", PASSWORD).await.json()["session"]["id"].as_str().unwrap().to_owned();
    assert_eq!(one.delete(&format!("/api/sessions/{id}")).await.status, 204);
    assert_eq!(reason(&mut other).await, "revoked");
    one.delete(&format!("/api/sessions/{id}")).await.is(404, "not_found");
    assert_eq!(one.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn somebody_elses_is_404_and_lives_on() {
    let app = spawn().await;
    let mut alice = app.signed_in("alice").await;
    let id = alice.get("/api/me").await.json()["session"]["id"].as_str().unwrap().to_owned();
    let mut bob = app.signed_in("bob").await;
    for path in [id.as_str(), "nonsense", "00000000-0000-7000-8000-000000000000", "%00", "..%2f..", &"9".repeat(5000)] {
        bob.delete(&format!("/api/sessions/{path}")).await.is(404, "not_found");
    }
    assert_eq!(alice.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn all_others_end_at_once() {
    let app = spawn().await;
    let mut one = app.signed_in("alice").await;
    let mut bob = app.signed_in("bob").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let mut other = app.browser();
        other.login("alice", PASSWORD).await;
        others.push(other);
    }
    assert_eq!(one.delete("/api/sessions").await.json(), serde_json::json!({"ended": 3}));
    assert_eq!(one.delete("/api/sessions").await.json(), serde_json::json!({"ended": 0}));
    for other in &mut others {
        assert_eq!(reason(other).await, "revoked");
    }
    assert_eq!(one.get("/api/me").await.status, 200);
    assert_eq!(bob.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn every_ending_tells_its_reason() {
    let app = spawn().await;
    for (name, expected) in [
        (EndReason::LoggedOut, "logged_out"),
        (EndReason::Revoked, "revoked"),
        (EndReason::PasswordChanged, "password_changed"),
        (EndReason::Disabled, "disabled"),
    ] {
        let mut browser = app.signed_in(expected).await;
        let id = browser.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
        let now = app.clock.now();
        let end = async |tx: &mut Tx| hallpass::sessions::queries::end_all(tx, &id, None, name, now).await;
        app.db.write(end).await.unwrap();
        assert_eq!(reason(&mut browser).await, expected);
    }
}

#[actix_web::test]
async fn a_disabled_persons_session_is_refused_even_if_its_row_lives() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.execute("UPDATE user_account SET disabled = TRUE").await;
    assert_eq!(reason(&mut browser).await, "disabled");
}

#[actix_web::test]
async fn ten_thousand_random_cookies_store_nothing() {
    let app = spawn().await;
    let mut browser = app.browser();
    for number in 0..10_000_usize {
        // Every length from 0 to 300, random letters.
        let length = number % 301;
        let mut value: String =
            hallpass::random::bytes::<301>().map(|byte| char::from(b'a' + byte % 26)).iter().collect();
        value.truncate(length);
        browser.cookie = Some(format!("session_id={value}"));
        let answer = browser.get("/api/me").await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "not_authenticated"));
        assert!(answer.session_cookie().is_none());
        assert!(length < 8 || !answer.text().contains(&value), "echoed");
        if number % 1000 == 0 {
            assert_eq!(crate::app::log_line(&answer)["queries"], 0);
        }
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM session").await, 0);
}

#[actix_web::test]
async fn of_two_cookies_the_one_that_our_key_signed_is_ours() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let good = browser.cookie.clone().unwrap();
    let (name, value) = good.split_once('=').unwrap();
    let bent = format!("{name}={}{}", if value.starts_with('A') { 'B' } else { 'A' }, &value[1..]);
    let crowd: Vec<_> = (0..20).map(|number| format!("{bent}{number}")).collect();
    for planted in ["session_id=bad", "session_id=", "session_id", &bent, &good, &crowd.join("; ")] {
        for cookies in [format!("{planted}; {good}"), format!("{good}; {planted}")] {
            browser.cookie = Some(cookies.clone());
            assert_eq!(browser.get("/api/me").await.status, 200, "{cookies}");
        }
    }
    // A session of somebody else's is signed as well: nobody knows which is planted.
    let other = app.signed_in("mallory").await.cookie.unwrap();
    for cookies in [format!("{other}; {good}"), format!("{good}; {other}"), format!("{bent}; session_id=bad")] {
        browser.cookie = Some(cookies);
        browser.get("/api/me").await.is(401, "not_authenticated");
    }
    browser.cookie = Some(format!("session_id=bad; {good}"));
    browser.logout().await.is(204, "");
    browser.cookie = Some(good.clone());
    browser.get("/api/me").await.is(401, "session_ended");
    let mut browser = app.browser();
    browser.login("alice", PASSWORD).await.is(200, "");
    let good = browser.cookie.clone().unwrap();
    let junk: Vec<_> = (0..100).map(|number| format!("junk{number}=x")).collect();
    for cookies in [format!("{}; {good}", junk.join("; ")), format!("=; ;; a; {good}; b=\"")] {
        browser.cookie = Some(cookies);
        assert_eq!(browser.get("/api/me").await.status, 200);
    }
}

#[actix_web::test]
async fn keys_rotate_without_signing_anybody_out() {
    const OLD: &str = "the first key of the tests is long enough";
    const NEW: &str = "the second key of the tests is long enough";
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;

    let rotated = format!("{NEW},{OLD}");
    let database = app.config.database.url.expose_secret();
    let second = spawn_with(&[("SESSION_KEY", &rotated), ("DATABASE_URL", database)]).await;
    browser.base = second.url("");
    let before = browser.cookie.clone();
    let answer = browser.get("/api/me").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer.header("set-cookie").contains("; HttpOnly; SameSite=Lax; Path=/; Max-Age=6048"),
        "{}",
        answer.header("set-cookie")
    );
    assert_ne!(browser.cookie, before);
    assert!(browser.get("/api/me").await.session_cookie().is_none(), "signed anew only once");

    let third = spawn_with(&[("SESSION_KEY", NEW), ("DATABASE_URL", database)]).await;
    browser.base = third.url("");
    assert_eq!(browser.get("/api/me").await.status, 200);
    browser.cookie = before;
    browser.get("/api/me").await.is(401, "not_authenticated");
}

#[actix_web::test]
async fn pruning_marks_what_has_run_out_and_deletes_old_history() {
    use hallpass::sessions::model::Lifetime;
    use hallpass::sessions::prune::{self, Pruned};

    let app = spawn().await;
    for _ in 0..3 {
        let mut browser = app.browser();
        if app.number("SELECT COUNT(*) FROM user_account").await == 0 {
            app.person("alice").await;
        }
        browser.login("alice", PASSWORD).await;
    }
    let lifetime = Lifetime { absolute: std::time::Duration::from_hours(168), idle: None };
    let run = async || prune::run(&app.db, &app.clock, &lifetime).await.unwrap();
    assert_eq!(run().await, Pruned::default());
    app.advance(7 * 86_400);
    assert_eq!(run().await, Pruned { expired: 3, deleted: 0 });
    assert_eq!(app.number("SELECT COUNT(*) FROM session WHERE status = 'expired' AND ended_at = expires_at").await, 3);
    app.advance(30 * 86_400 + 1);
    assert_eq!(run().await, Pruned { expired: 0, deleted: 3 });
}
