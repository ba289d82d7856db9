//! Signing in: the answer, the cookie, one refusal for every failure, fixation.

use hallpass::config::{DatabaseConfig, PasswordConfig};
use hallpass::db::{Db, Tx};
use hallpass::identity::Role;
use hallpass::secret::hasher::Hasher;
use hallpass::users::queries as users;
use serde_json::json;

use crate::app::{FIREFOX, PASSWORD, TestApp, spawn, spawn_with};

#[actix_web::test]
async fn answers_as_me_does_and_sets_the_cookie() {
    let app = spawn().await;
    let id = app.person_with("Alice", Some("alice@example.com"), "Alice Moore", Role::Admin).await;
    let mut browser = app.browser();
    let answer = browser.login("alice", PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let me = answer.json();
    assert_eq!(
        (&me["id"], &me["username"], &me["email"], &me["full_name"], &me["role"], &me["created_at"]),
        (
            &json!(id),
            &json!("Alice"),
            &json!("alice@example.com"),
            &json!("Alice Moore"),
            &json!("admin"),
            &json!("2026-01-01T00:00:00.000000Z")
        )
    );
    assert_eq!(me["session"]["expires_at"], "2026-01-08T00:00:00.000000Z");
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("session_id="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800"), "{cookie}");
    assert_eq!(browser.get("/api/me").await.json(), me);
}

#[actix_web::test]
async fn the_name_may_be_the_address_in_any_case() {
    let app = spawn().await;
    app.person_with("Jürgen", Some("J@Example.com"), "", Role::Member).await;
    for name in ["jürgen", "JÜRGEN", "  Ju\u{308}rgen ", "j@example.com", "J@EXAMPLE.COM"] {
        assert_eq!(app.browser().login(name, PASSWORD).await.status, 200, "{name}");
    }
}

#[actix_web::test]
async fn over_https_the_cookie_is_host_bound() {
    let app = spawn_with(&[("PUBLIC_URL", "https://login.example.com"), ("COOKIE_SAMESITE", "strict")]).await;
    let mut browser = app.signed_in("alice").await;
    let answer = browser.login("alice", PASSWORD).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-session_id="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800"), "{cookie}");
    assert!(!cookie.to_lowercase().contains("domain"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000; includeSubDomains");
    assert_eq!(browser.get("/api/me").await.status, 200);

    browser.cookie = browser.cookie.map(|cookie| cookie.replace("__Host-", ""));
    browser.get("/api/me").await.is(401, "not_authenticated");
}

#[actix_web::test]
async fn without_remember_the_cookie_ends_with_the_browser_and_the_session_within_a_day() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let answer =
        browser.post("/api/login", json!({"username": "alice", "password": PASSWORD, "remember": false})).await;
    assert!(
        answer.header("set-cookie").ends_with("; HttpOnly; SameSite=Lax; Path=/"),
        "{}",
        answer.header("set-cookie")
    );
    assert_eq!(answer.json()["session"]["expires_at"], "2026-01-02T00:00:00.000000Z");
    app.advance(86_400 - 1);
    assert_eq!(browser.get("/api/me").await.status, 200);
    app.advance(1);
    browser.get("/api/me").await.is(401, "session_ended");
}

#[actix_web::test]
async fn unknown_name_wrong_password_and_disabled_person_are_one_answer() {
    let app = spawn().await;
    app.person("alice").await;
    let disabled = app.person("bob").await;
    app.disable(&disabled).await;
    let mut answers = Vec::new();
    for (name, password) in
        [("nobody", PASSWORD), ("alice", "not her password"), ("bob", PASSWORD), ("no@body.example", "x")]
    {
        let answer = app.browser().login(name, password).await;
        answer.is(401, "invalid_credentials");
        let mut body = answer.json();
        body["request_id"] = json!(null);
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        assert!(answer.session_cookie().is_none());
        answers.push((body, names));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[actix_web::test]
async fn every_refusal_costs_exactly_one_hash() {
    let app = spawn().await;
    app.person("alice").await;
    app.person("broken").await;
    let disabled = app.person("bob").await;
    app.disable(&disabled).await;
    app.execute("UPDATE user_account SET password_hash = 'junk' WHERE username = 'broken'").await;
    for (name, password) in
        [("nobody", "x"), ("alice", "wrong"), ("bob", PASSWORD), ("broken", PASSWORD), ("alice", PASSWORD)]
    {
        let before = app.hasher.computed();
        app.browser().login(name, password).await;
        assert_eq!(app.hasher.computed() - before, 1, "{name} {password}");
    }
}

/// What of a refusal can be measured: how much was hashed for it.
#[actix_web::test]
async fn the_work_of_a_refusal_tells_nothing_of_the_account_however_its_password_was_stored() {
    let app = spawn_with(&[("ARGON2_MEMORY_KIB", "128"), ("ARGON2_ITERATIONS", "2")]).await;
    let work = async |name: &str, password: &str| {
        let before = app.hasher.worked();
        app.browser().login(name, password).await.is(401, "invalid_credentials");
        app.advance(6);
        app.hasher.worked() - before
    };
    for name in ["ours", "older", "disabled", "broken", "imported", "dear"] {
        app.person(name).await;
    }
    let older = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$hKAbWgyQdV+xg8l/rwb/M8JbLs4epFAbdbuSAw1BK9I";
    for name in ["older", "disabled"] {
        app.store_hash(name, older).await;
    }
    app.disable(&users::find_by_name(&app.db, "disabled").await.unwrap().unwrap().id).await;
    app.store_hash("broken", "junk").await;
    app.store_hash("imported", "pbkdf2_sha256$300$salt$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ").await;
    let refusals = [
        ("nobody", "wrong"),
        ("ours", "wrong"),
        ("older", "wrong"),
        ("disabled", "wrong"),
        ("disabled", "correct horse battery"),
        ("broken", "wrong"),
        ("imported", "wrong"),
    ];
    for (name, password) in refusals {
        assert_eq!(work(name, password).await, 256, "{name} {password}");
    }
    // Once a dearer hash was met, all are as dear.
    app.store_hash("dear", "$2b$05$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S").await;
    let dear = work("dear", "wrong").await;
    assert!(dear > 1000, "{dear}");
    for (name, password) in refusals {
        let work = work(name, password).await;
        assert!(work.abs_diff(dear) <= 32, "{name} {password}: {work}, not {dear}");
    }
}

#[actix_web::test]
async fn passwords_are_compared_as_they_are_but_for_their_normal_form() {
    let app = spawn().await;
    app.person("alice").await;
    let hash = app.hasher.hash("p\u{e4}ssword with caf\u{e9}".into()).await.unwrap();
    app.store_hash("alice", &hash).await;
    assert_eq!(app.browser().login("alice", "pa\u{308}ssword with cafe\u{301}").await.status, 200);
    for wrong in
        ["pässword with café ", " pässword with café", "Pässword with café", "pässword with caf", "passwörd with café"]
    {
        app.browser().login("alice", wrong).await.is(401, "invalid_credentials");
    }
}

#[actix_web::test]
async fn raised_parameters_rehash_at_the_next_login() {
    let app = spawn_with(&[("ARGON2_MEMORY_KIB", "128")]).await;
    app.person("alice").await;
    let weak = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$hKAbWgyQdV+xg8l/rwb/M8JbLs4epFAbdbuSAw1BK9I";
    app.store_hash("alice", weak).await;

    let before = app.hasher.computed();
    assert_eq!(app.browser().login("alice", "correct horse battery").await.status, 200);
    assert_eq!(app.hasher.computed() - before, 2);
    let strong = users::find_by_name(&app.db, "alice").await.unwrap().unwrap().password_hash;
    assert!(strong.starts_with("$argon2id$v=19$m=128,t=1,p=1$"), "{strong}");
    let before = app.hasher.computed();
    assert_eq!(app.browser().login("alice", "correct horse battery").await.status, 200);
    assert_eq!(app.hasher.computed() - before, 1);
}

#[actix_web::test]
async fn signing_in_over_a_live_session_ends_it_and_makes_a_new_token() {
    let app = spawn().await;
    app.person("bob").await;
    let mut browser = app.signed_in("alice").await;
    let before = browser.clone().cookie;
    assert_eq!(browser.login("bob", PASSWORD).await.status, 200);
    assert_ne!(browser.cookie, before);
    let mut planted = app.browser();
    planted.cookie = before;
    let answer = planted.get("/api/me").await;
    answer.is(401, "session_ended");
    assert_eq!(answer.json()["reason"], "replaced");
    assert_eq!(browser.get("/api/me").await.json()["username"], "bob");
    assert_eq!(app.number("SELECT COUNT(*) FROM session WHERE status = 'active'").await, 1);
}

#[actix_web::test]
async fn a_planted_token_is_never_adopted() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    browser.cookie = Some("session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let answer = browser.login("alice", PASSWORD).await;
    assert_eq!(answer.status, 200);
    assert!(!browser.cookie.unwrap().contains("AAAAAAAAAAAAAAAA"));
}

#[actix_web::test]
async fn a_login_that_was_overtaken_by_a_new_password_is_refused() {
    let app = spawn().await;
    app.person("alice").await;
    // What `note_login` decides: the hash that was verified is no longer the one that is stored.
    let account = users::find_by_name(&app.db, "alice").await.unwrap().unwrap();
    app.store_hash("alice", "another").await;
    let now = app.clock.now();
    let note = async |tx: &mut Tx| users::note_login(tx, &account.id, &account.password_hash, now).await;
    assert!(!app.db.write(note).await.unwrap());
}

#[actix_web::test]
async fn a_person_has_at_most_so_many_sessions_and_the_oldest_ends_first() {
    let app = spawn_with(&[("MAX_SESSIONS_PER_USER", "3")]).await;
    app.person("alice").await;
    let mut browsers = Vec::new();
    for _ in 0..5 {
        app.advance(1);
        let mut browser = app.browser();
        assert_eq!(browser.login("alice", PASSWORD).await.status, 200);
        browsers.push(browser);
    }
    for browser in &mut browsers[..2] {
        let answer = browser.get("/api/me").await;
        answer.is(401, "session_ended");
        assert_eq!(answer.json()["reason"], "replaced");
    }
    for browser in &mut browsers[2..] {
        assert_eq!(browser.get("/api/me").await.status, 200);
    }
}

#[actix_web::test]
async fn the_limit_holds_against_logins_at_once() {
    let app = spawn_with(&[("MAX_SESSIONS_PER_USER", "5")]).await;
    app.person("alice").await;
    let logins = (0..40).map(|_| {
        let mut browser = app.browser();
        async move { browser.login("alice", PASSWORD).await.status }
    });
    let statuses = futures_util::future::join_all(logins).await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    assert!(statuses.contains(&200));
    assert!(app.number("SELECT COUNT(*) FROM session WHERE status = 'active'").await <= 5);
}

/// All that the database holds, as the bytes of an SQLite file.
async fn everything_stored(app: &TestApp) -> Vec<u8> {
    let file = app.folder.path().join("everything.db");
    let url = format!("sqlite://{}", file.display());
    let copy = Db::connect(&DatabaseConfig::new(url.into()).unwrap()).await.unwrap();
    hallpass::db::copy::run(&app.db, &copy, |_| ()).await.unwrap();
    copy.close().await;
    std::fs::read(file).unwrap()
}

#[actix_web::test]
async fn the_token_is_nowhere_but_in_the_cookie() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let cookie = browser.cookie.clone().unwrap();
    let token = &cookie[cookie.len() - 43..];
    for path in ["/api/me", "/api/sessions", "/api/users"] {
        let answer = browser.get(path).await;
        assert!(!answer.text().contains(token) && !format!("{:?}", answer.headers).contains(token));
    }
    let bytes = everything_stored(&app).await;
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("alice") && !holds(token), "the token is stored in clear");
    let mut other = app.browser();
    other.get(&format!("/api/me?session_id={token}")).await.is(401, "not_authenticated");
    other.headers.push(("x-session-id", token.to_owned()));
    other.get("/api/me").await.is(401, "not_authenticated");
    assert_eq!(other.user_agent.as_deref(), Some(FIREFOX));
}

#[actix_web::test]
async fn signing_in_twice_at_once_survives_the_new_hash() {
    let app = spawn().await;
    app.person("alice").await;
    // Under parameters that are not today's: the first sign-in stores another hash.
    let old = Hasher::start(&PasswordConfig { memory_kib: 128, ..app.config.password.clone() });
    let hash = old.hash(PASSWORD.into()).await.unwrap();
    app.store_hash("alice", &hash).await;
    let logins = (0..8).map(|_| {
        let mut browser = app.browser();
        async move { browser.login("alice", PASSWORD).await.status }
    });
    assert_eq!(futures_util::future::join_all(logins).await, [200; 8]);
}

#[actix_web::test]
async fn a_cookie_in_disguise_is_not_ours() {
    let app = spawn_with(&[("PUBLIC_URL", "https://login.example.com")]).await;
    let mut attacker = app.signed_in("mallory").await;
    attacker.get("/api/me").await.is(200, "");
    let own = attacker.cookie.clone().unwrap();
    let mut victim = app.signed_in("alice").await;
    let theirs = victim.cookie.clone().unwrap();
    // Browsers let a sister subdomain set all of these: to them, the names begin otherwise than with `__Host-`.
    for disguise in ["__%48ost", "\u{3000}__Host", "\u{2000}__Host", "\u{a0}__Host", "\u{85}__Host", "%E3%80%80__Host"]
    {
        let planted = own.replace("__Host", disguise);
        attacker.cookie = Some(planted.clone());
        attacker.get("/api/me").await.is(401, "not_authenticated");
        for _ in 0..2 {
            victim.cookie = Some(format!("a=1; {planted}; {theirs}"));
            assert_eq!(victim.get("/api/me").await.json()["username"], "alice", "{disguise:?}");
            victim.patch("/api/me", json!({"full_name": "Alice"})).await.is(200, "");
        }
    }
}
