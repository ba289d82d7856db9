//! Guessing is slowed down by account as well, however many addresses it comes from, and never for the owner's own browser.

use std::cell::Cell;

use futures_util::future::join_all;
use hallpass::identity::Role;
use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, Body, Browser, FullQueue, PASSWORD, TestApp, log_line, spawn_with};

const NEW: &str = "other words nobody guesses";
const PROXIED: [(&str, &str); 1] = [("TRUSTED_PROXIES", "127.0.0.0/8")];

/// People who know a name, each of whom tries once, from an address of their own.
struct Strangers<'a> {
    app: &'a TestApp,
    seen: Cell<u32>,
}

impl<'a> Strangers<'a> {
    fn of(app: &'a TestApp) -> Self {
        Self { app, seen: Cell::new(0) }
    }

    fn next(&self) -> Browser {
        let number = self.seen.replace(self.seen.get() + 1);
        let mut browser = self.app.browser();
        let [.., high, low] = number.to_be_bytes();
        browser.headers.push(("x-forwarded-for", format!("10.9.{high}.{low}")));
        browser
    }

    async fn try_with(&self, name: &str, password: &str) -> Answer {
        self.next().login(name, password).await
    }

    /// Wrong passwords, each of which is looked at.
    async fn fail(&self, name: &str, times: usize) {
        for _ in 0..times {
            self.try_with(name, "wrong").await.is(401, "invalid_credentials");
        }
    }

    /// Fails until the next wait takes so many seconds.
    async fn hammer(&self, name: &str, until: u64) {
        loop {
            let answer = self.try_with(name, "wrong").await;
            if answer.status == 429 {
                let wait = answer.header("retry-after").parse().unwrap();
                if wait >= until {
                    return;
                }
                self.app.advance(wait);
            }
        }
    }
}

async fn spawn() -> TestApp {
    let app = spawn_with(&PROXIED).await;
    app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
    app
}

/// A browser in which Alice has signed in before, and is not signed in.
async fn known(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    let answer = browser.login("alice", PASSWORD).await;
    let (name, value) = answer.is(200, "").cookie("device").unwrap();
    browser.cookie = Some(format!("{name}={value}"));
    browser
}

#[actix_web::test]
async fn five_failures_are_free_then_the_wait_doubles() {
    let app = spawn().await;
    let strangers = Strangers::of(&app);
    strangers.fail("alice", 5).await;
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let before = app.hasher.computed();
        for password in ["wrong", PASSWORD] {
            let answer = strangers.try_with("ALICE", password).await;
            assert_eq!(answer.is(429, "too_many_attempts").header("retry-after"), wait.to_string());
        }
        app.advance(wait - 1);
        if wait > 1 {
            let answer = strangers.try_with(" alice", PASSWORD).await;
            assert_eq!(
                answer.is(429, "too_many_attempts").header("retry-after"),
                "1",
                "trying does not extend the wait"
            );
        }
        assert_eq!(app.hasher.computed(), before, "a refused attempt costs no hash");
        app.advance(1);
        strangers.fail("alice", 1).await;
    }
    app.advance(900);
    strangers.try_with("alice", PASSWORD).await.is(200, "");
    strangers.fail("alice", 5).await;
    strangers.try_with("alice", PASSWORD).await.is(429, "too_many_attempts");
}

#[actix_web::test]
async fn a_day_without_a_failure_forgets_all() {
    let app = spawn().await;
    let strangers = Strangers::of(&app);
    strangers.hammer("alice", 8).await;
    app.advance(8 + 24 * 3600);
    strangers.fail("alice", 5).await;
    assert_eq!(strangers.try_with("alice", "wrong").await.header("retry-after"), "1");
}

#[actix_web::test]
async fn failures_under_all_spellings_of_an_address_add_up() {
    let app = spawn().await;
    app.person_with("juergen", Some("jürgen@exämple.de"), "", Role::Member).await;
    let strangers = Strangers::of(&app);
    let alice = [
        "alice@example.com",
        "ALICE@Example.COM",
        "alice@ example.com",
        "alice @example.com",
        "al\u{ff49}ce@ex\u{ad}ample.com",
        "alice@e\u{ad}x\u{ad}ample.com",
        "alice@example\u{3002}com",
        "alice@e\u{ff58}ample.com",
    ];
    let juergen = [
        "jürgen@exämple.de",
        "jürgen@xn--exmple-cua.de",
        "jürgen@XN--EXMPLE-CUA.DE",
        "ju\u{308}rgen@exa\u{308}mple.de",
        "jürgen@exämple\u{ff0e}de",
        "jürgen@ ex\u{ad}ämple.de",
    ];
    for spellings in [&alice[..], &juergen[..]] {
        for spelling in spellings {
            strangers.try_with(spelling, PASSWORD).await.is(200, "");
        }
        for spelling in spellings.iter().cycle().take(5) {
            strangers.fail(spelling, 1).await;
        }
        for spelling in spellings {
            let before = app.hasher.computed();
            strangers.try_with(spelling, PASSWORD).await.is(429, "too_many_attempts");
            assert_eq!(app.hasher.computed(), before, "{spelling}");
        }
        app.advance(1);
        strangers.fail(spellings[spellings.len() - 1], 1).await;
        assert_eq!(strangers.try_with(spellings[0], "wrong").await.header("retry-after"), "2");
    }
}

#[actix_web::test]
async fn an_address_that_only_folds_alike_is_another_one() {
    let app = spawn().await;
    app.person_with("bob", Some("bob@strasse.example"), "", Role::Member).await;
    let strangers = Strangers::of(&app);
    for other in ["bob@straße.example", "bob@xn--strae-oqa.example"] {
        strangers.try_with(other, PASSWORD).await.is(401, "invalid_credentials");
    }
    strangers.try_with("bob@STRASSE.example", PASSWORD).await.is(200, "");
}

/// What can be told apart of an answer.
fn visible(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut body = answer.json();
    body["request_id"] = json!(null);
    let mut headers = answer.headers.clone();
    for name in ["x-request-id", "date"] {
        headers.remove(name);
    }
    let mut headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    headers.sort();
    (answer.status, headers, body.to_string())
}

#[actix_web::test]
async fn nobody_learns_from_the_waits_who_has_an_account_or_whose_address_it_is() {
    let app = spawn().await;
    app.disable(&app.person("bob").await).await;
    let strangers = Strangers::of(&app);
    // The last two begin when Alice's name has to be waited for already.
    let names = ["alice", "bob", "nobody", "alice@example.com", "no@body.example"];
    let mut answers = names.map(|_| Vec::new());
    for round in 0..30 {
        for (name, answers) in names.iter().zip(&mut answers) {
            if round >= 8 || !name.contains('@') {
                let before = app.hasher.computed();
                let answer = strangers.try_with(name, "wrong").await;
                answers.push((visible(&answer), app.hasher.computed() - before));
            }
        }
        app.advance(if round % 3 == 0 { 5 } else { 0 });
    }
    assert!(answers[0].iter().any(|((status, ..), _)| *status == 429));
    assert_eq!(answers[0], answers[2], "a name that nobody has");
    assert_eq!(answers[1], answers[2], "a disabled person");
    assert_eq!(answers[3], answers[4], "the address of somebody whose username is tried as well");
}

#[actix_web::test]
async fn the_owners_browser_does_not_wait_for_strangers_nor_they_for_it() {
    let app = spawn().await;
    let mut home = known(&app).await;
    let strangers = Strangers::of(&app);
    strangers.hammer("alice", 900).await;
    home.clone().login("alice", PASSWORD).await.is(200, "");
    home.clone().login("alice@example.com", PASSWORD).await.is(200, "");
    strangers.try_with("alice", PASSWORD).await.is(429, "too_many_attempts");

    // Whoever has stolen the cookie guesses no faster with it.
    app.advance(24 * 3600);
    for _ in 0..5 {
        home.login("alice", "wrong").await.is(401, "invalid_credentials");
    }
    assert_eq!(home.login("alice", PASSWORD).await.is(429, "too_many_attempts").header("retry-after"), "1");
    strangers.fail("alice", 1).await;
    // It is the cookie of that person, and of nobody else.
    app.person("carol").await;
    strangers.fail("carol", 5).await;
    let mut borrowed = strangers.next();
    borrowed.cookie = home.cookie.clone();
    borrowed.login("carol", PASSWORD).await.is(429, "too_many_attempts");
    app.advance(1);
    home.login("alice", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn an_owners_browser_that_has_waited_is_not_judged_by_what_strangers_do_at_the_other_name() {
    let app = spawn().await;
    let mut home = known(&app).await;
    for _ in 0..5 {
        home.login("alice", "wrong").await.is(401, "invalid_credentials");
    }
    Strangers::of(&app).hammer("alice@example.com", 64).await;
    app.advance(1);
    home.login("alice", PASSWORD).await.is(200, "");
}

/// Whoever once had the password may have made any number of browsers known.
#[actix_web::test]
async fn known_browsers_add_up_to_no_more_guesses() {
    let app = spawn().await;
    let home = known(&app).await;
    let mut browsers = Vec::new();
    for _ in 0..20 {
        browsers.push(known(&app).await);
    }
    let before = app.hasher.computed();
    for browser in &mut browsers {
        for _ in 0..5 {
            browser.login("alice", "wrong").await;
        }
    }
    // Sixty of theirs, and then those of strangers: five.
    assert_eq!(app.hasher.computed() - before, 65);
    // What is used up comes back, and a sign-in in a known browser is one again.
    home.clone().login("alice", PASSWORD).await.is(429, "too_many_attempts");
    app.advance(300);
    home.clone().login("alice", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn a_browser_whose_sign_in_was_denied_is_a_stranger() {
    let app = spawn().await;
    let mut home = app.browser();
    let answer = home.login("alice", PASSWORD).await;
    let (name, value) = answer.is(200, "").cookie("device").unwrap();
    let session = home.cookie.clone().unwrap();
    home.cookie = Some(format!("{session}; {name}={value}"));
    app.advance(2 * 24 * 3600);
    let mut thief = known(&app).await;
    let asked = home.get("/api/me/new-sign-ins").await.json();
    let path = format!("/api/me/new-sign-ins/{}", asked["items"][0]["session_id"].as_str().unwrap());
    home.post(&path, json!({"was_me": false})).await.is(204, "");
    Strangers::of(&app).hammer("alice", 8).await;
    thief.login("alice", PASSWORD).await.is(429, "too_many_attempts");
    home.cookie = Some(format!("{name}={value}"));
    home.login("alice", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn username_and_address_are_not_worth_twice_as_many_guesses() {
    let app = spawn().await;
    let strangers = Strangers::of(&app);
    strangers.hammer("alice", 64).await;
    // Its free failures are looked at all the same, so that Alice comes in by her other name.
    strangers.fail("alice@example.com", 4).await;
    strangers.try_with("Alice@Example.com", PASSWORD).await.is(200, "");

    strangers.fail("alice@example.com", 5).await;
    app.advance(1);
    strangers.try_with("alice@example.com", PASSWORD).await.is(401, "invalid_credentials");
    app.advance(63);
    strangers.try_with("alice@example.com", PASSWORD).await.is(200, "");

    // And the other way round.
    strangers.hammer("alice@example.com", 64).await;
    strangers.try_with("alice", PASSWORD).await.is(401, "invalid_credentials");
}

#[actix_web::test]
async fn of_many_at_once_no_more_are_looked_at_than_one_after_the_other() {
    let app = spawn().await;
    let strangers = Strangers::of(&app);
    for (name, wait, expected) in [("alice", 0, 5), ("alice", 1, 1), ("alice", 2, 1), ("nobody", 0, 5)] {
        app.advance(wait);
        let before = app.hasher.computed();
        let tries = (0..50).map(|_| {
            let mut stranger = strangers.next();
            async move { stranger.login(name, "wrong").await.status }
        });
        let statuses = join_all(tries).await;
        let wrong = statuses.iter().filter(|status| **status == 401).count();
        assert_eq!((wrong, app.hasher.computed() - before), (expected, expected as u64), "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    }
}

#[actix_web::test]
async fn signing_in_forgets_and_leaves_nothing_behind() {
    let app = spawn().await;
    let strangers = Strangers::of(&app);
    let rows = "SELECT COUNT(*) FROM login_guard";
    strangers.try_with("alice", PASSWORD).await.is(200, "");
    assert_eq!(app.number(rows).await, 0);
    strangers.fail("alice", 4).await;
    assert_eq!(app.number(rows).await, 1);
    strangers.try_with("alice", PASSWORD).await.is(200, "");
    assert_eq!(app.number(rows).await, 0);
    strangers.fail("alice", 5).await;
}

#[actix_web::test]
async fn a_session_has_a_count_of_its_own() {
    let app = spawn().await;
    let (mut thief, mut owner) = (app.browser(), app.browser());
    thief.login("alice", PASSWORD).await.is(200, "");
    owner.login("alice", PASSWORD).await.is(200, "");
    for number in 0..5 {
        let answer = match number % 3 {
            0 => thief.post("/api/reauth", json!({"password": "wrong"})).await,
            1 => thief.post("/api/password", json!({"current_password": "wrong", "new_password": NEW})).await,
            _ => thief.send(Method::DELETE, "/api/me", Body::Json(json!({"password": "wrong"}))).await,
        };
        answer.is(401, "invalid_credentials");
    }
    thief.post("/api/reauth", json!({"password": PASSWORD})).await.is(429, "too_many_attempts");
    owner.post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
    Strangers::of(&app).try_with("alice", PASSWORD).await.is(200, "");
    // A new password is one that nobody has tried.
    owner.post("/api/password", json!({"current_password": PASSWORD, "new_password": NEW})).await.is(204, "");
    assert_eq!(app.number("SELECT COUNT(*) FROM login_guard").await, 0);
}

#[actix_web::test]
async fn a_reset_link_works_and_its_password_can_be_used_at_once() {
    let app = spawn().await;
    let strangers = Strangers::of(&app);
    strangers.hammer("alice", 900).await;
    strangers.hammer("alice@example.com", 900).await;
    let output = app.hallpass(&["user", "reset-link", "alice"], b"");
    let said = String::from_utf8(output.stdout).unwrap();
    let token = said.split("/link/").nth(1).unwrap().split_whitespace().next().unwrap();
    strangers.next().post(&format!("/api/links/{token}"), json!({"password": NEW})).await.is(204, "");
    strangers.try_with("alice@example.com", NEW).await.is(200, "");
    assert_eq!(app.number("SELECT COUNT(*) FROM login_guard").await, 0);

    strangers.hammer("alice", 900).await;
    let output =
        app.hallpass(&["user", "set-password", "alice", "--password-stdin"], format!("{PASSWORD}\n").as_bytes());
    assert!(output.status.success());
    strangers.try_with("alice", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn what_the_server_could_not_find_out_is_nobodys_failure() {
    let app = spawn_with(&[PROXIED[0], ("HASH_THREADS", "1")]).await;
    let strangers = Strangers::of(&app);
    strangers.hammer("alice", 4).await;
    app.advance(4);
    let state = async || {
        (app.number("SELECT failures FROM login_guard").await, app.number("SELECT allowed_at FROM login_guard").await)
    };
    let before = state().await;
    let _full = FullQueue::of(&app).await;
    strangers.try_with("alice", "wrong").await.is(503, "overloaded");
    assert_eq!(state().await, before);
}

/// A hash costs so much that a crowd is there before a few are done.
const DEAR: [(&str, &str); 4] =
    [PROXIED[0], ("ARGON2_MEMORY_KIB", "65536"), ("ARGON2_ITERATIONS", "1"), ("HASH_THREADS", "1")];

/// Alice signs in from 150 browsers with such headers at once. What each twentieth of those who were refused cost in queries.
async fn crowd(app: &TestApp, headers: &[(&'static str, String)]) -> Vec<u64> {
    let answers = join_all((0..150).map(|_| {
        let mut stranger = app.browser();
        stranger.headers.extend_from_slice(headers);
        async move { stranger.login("alice", PASSWORD).await }
    }));
    let refused: Vec<_> = answers.await.into_iter().filter(|answer| answer.status != 200).collect();
    for answer in &refused {
        answer.is(503, "overloaded");
    }
    refused.iter().step_by(20).map(|answer| log_line(answer)["queries"].as_u64().unwrap()).collect()
}

#[actix_web::test]
async fn a_crowd_at_one_name_is_refused_without_a_query_and_keeps_nobody_else_out() {
    let app = spawn_with(&DEAR).await;
    app.person("alice").await;
    app.person("bob").await;
    let (mut owner, mut other) = (known(&app).await, app.browser());
    let (queries, owner, other) =
        futures_util::join!(crowd(&app, &[]), owner.login("alice", PASSWORD), other.login("bob", PASSWORD));
    assert!(!queries.is_empty() && queries.iter().all(|queries| *queries == 0), "{queries:?}");
    assert_eq!((owner.status, other.status), (200, 200));
    assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200, "afterwards everything is as before");
}

#[actix_web::test]
async fn so_is_a_crowd_of_browsers_that_pretend_to_be_known() {
    let app = spawn_with(&DEAR).await;
    app.person("alice").await;
    app.person("bob").await;
    let mut owner = known(&app).await;
    owner.headers.push(("x-forwarded-for", "203.0.113.1".to_owned()));
    let pretence = [("cookie", format!("device={}", "A".repeat(75))), ("x-forwarded-for", "203.0.113.2".to_owned())];
    let mut housemate = owner.clone();
    housemate.headers = vec![pretence[1].clone()];
    let (mut stranger, mut neighbour, mut late) = (app.browser(), app.browser(), app.browser());
    neighbour.headers.extend_from_slice(&pretence);
    late.headers.extend_from_slice(&pretence);
    let (queries, owner, housemate, stranger, neighbour) = futures_util::join!(
        crowd(&app, &pretence),
        owner.login("alice", PASSWORD),
        housemate.login("alice", PASSWORD),
        stranger.login("alice", PASSWORD),
        neighbour.login("bob", PASSWORD)
    );
    assert!(!queries.is_empty() && queries.iter().all(|queries| *queries == 0), "{queries:?}");
    assert_eq!((owner.status, housemate.status), (200, 200), "an owner's browser, also at the address of the crowd");
    assert_eq!((stranger.status, neighbour.status), (200, 200));
    assert_eq!(late.login("alice", PASSWORD).await.status, 200, "afterwards everything is as before");
}
