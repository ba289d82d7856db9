//! Mails: what is sent to whom, and that none is lost, doubled or told to the wrong one, whatever the mail server does.

use std::time::Duration;

use hallpass::config::DatabaseConfig;
use hallpass::db::Db;
use hallpass::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Body, Browser, PASSWORD, TestApp, spawn, spawn_configured, start, whole_log};
use crate::database;
use crate::mail_server::{Mail, MailServer, Manner, until};
use crate::process::{Server, command, create_person};

const NEW: &str = "other words nobody guesses";
const FROM: &str = "Hallpass <hallpass@example.com>";
const WAITING: &str = "SELECT COUNT(*) FROM mail";
const REQUESTS: &str = "SELECT COUNT(*) FROM audit_event WHERE event = 'password_reset_requested'";

/// A server that sends its mails through `url`.
async fn spawn_to(url: &str) -> TestApp {
    spawn_impatient(url, Duration::from_secs(5)).await
}

/// The same with so much time for a mail.
async fn spawn_impatient(url: &str, send_within: Duration) -> TestApp {
    let settings = [("SMTP_URL", url), ("MAIL_FROM", FROM), ("REGISTRATION", "open")];
    spawn_configured(&settings, |config| {
        let mail = config.mail.as_mut().unwrap();
        mail.look_every = Duration::from_millis(20);
        mail.send_within = send_within;
    })
    .await
}

/// A server with a mail server, and alice, whose address is alice@example.com.
async fn with_alice() -> (TestApp, MailServer) {
    let post = MailServer::start().await;
    let app = spawn_to(&post.url()).await;
    app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
    (app, post)
}

async fn forgot(app: &TestApp, username: &str) -> Answer {
    app.browser().post("/api/forgot-password", json!({"username": username})).await
}

async fn follow(app: &TestApp, mail: &Mail, body: Value) -> Answer {
    app.browser().post(&format!("/api/links/{}", mail.token()), body).await
}

async fn signed_in(app: &TestApp, username: &str) -> Browser {
    let mut browser = app.browser();
    browser.login(username, PASSWORD).await.is(200, "");
    browser
}

/// Waits until the one mail there is has been put off until so many seconds after it was written.
async fn put_off(app: &TestApp, seconds: usize) {
    let seconds = i64::try_from(seconds).unwrap();
    until(|| async { app.number("SELECT next_attempt_at - created_at FROM mail").await == seconds * 1_000_000 }).await;
}

#[actix_web::test]
async fn who_has_forgotten_a_password_gets_a_link_by_mail() {
    let (app, post) = with_alice().await;
    let answer = forgot(&app, "ALICE@example.com").await;
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    let [mail] = post.mails(1).await.try_into().unwrap();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("alice@example.com", "Choose a new password"));
    assert_eq!(mail.header("From"), "Hallpass <hallpass@example.com>");
    assert_eq!(mail.header("To"), "alice@example.com");
    assert_eq!(mail.header("Date"), "Thu, 01 Jan 2026 00:00:00 +0000");
    assert_eq!(mail.header("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(mail.header("MIME-Version"), "1.0");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert!(mail.header("Message-ID").ends_with("@example.com>"));
    assert!(mail.body.starts_with("Hello alice,\n") && mail.url().starts_with("http://localhost:3000/link/"));
    until(|| async { app.number(WAITING).await == 0 }).await;

    let info = app.browser().get(&format!("/api/links/{}", mail.token())).await.json();
    assert_eq!((&info["purpose"], &info["email"]), (&json!("password_reset"), &Value::Null));
    follow(&app, &mail, json!({})).await.is(422, "invalid_input");
    follow(&app, &mail, json!({"password": NEW})).await.is(204, "");
    follow(&app, &mail, json!({"password": NEW})).await.is(404, "not_found");
    app.browser().login("alice", NEW).await.is(200, "");
    let log = whole_log();
    let leak = log.lines().find(|line| {
        let is_ours = !line.contains("\"target\":\"hyper") && !line.contains("\"target\":\"reqwest");
        is_ours && (line.contains(mail.token()) || line.contains("alice@example.com"))
    });
    assert!(leak.is_none(), "{leak:?}");
}

#[actix_web::test]
async fn nobody_learns_from_the_answer_whether_there_is_a_mail() {
    let (app, post) = with_alice().await;
    app.person("bob").await;
    let gone = app.person_with("gone", Some("gone@example.com"), "", Role::Member).await;
    app.disable(&gone).await;
    let off = spawn().await;
    off.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
    let mut answers = vec![forgot(&off, "alice").await];
    for name in ["alice", "bob", "gone", "nobody", "nobody@example.com"] {
        answers.push(forgot(&app, name).await);
        until(|| async { app.number(REQUESTS).await == i64::try_from(answers.len()).unwrap() - 1 }).await;
        app.advance(60);
    }
    let shown = |answer: &Answer| {
        let names: std::collections::BTreeSet<_> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, answer.text(), names)
    };
    assert!(answers.iter().all(|answer| shown(answer) == shown(&answers[0])), "{:?}", shown(&answers[0]));
    until(|| async { app.number(REQUESTS).await == 5 }).await;
    until(|| async { app.number(WAITING).await == 0 }).await;
    assert_eq!(post.taken().iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["alice@example.com"]);
    assert_eq!(off.number(REQUESTS).await, 0);
    for bad in [json!({"username": ""}), json!({"username": "a\u{0}"}), json!({"username": "a", "email": "x"})] {
        app.browser().post("/api/forgot-password", bad).await.is(422, "invalid_input");
    }
}

#[actix_web::test]
async fn an_address_asks_ten_times_and_a_person_is_mailed_once_in_five_minutes() {
    let (app, post) = with_alice().await;
    for number in 0..10 {
        forgot(&app, if number % 2 == 0 { "alice" } else { "nobody" }).await.is(202, "");
    }
    for name in ["alice", "nobody"] {
        assert_eq!(forgot(&app, name).await.is(429, "too_many_attempts").header("retry-after"), "6");
    }
    // A line for the mail; another that comes to nothing has to wait for a minute.
    until(|| async { app.number(REQUESTS).await == 1 }).await;
    let [first] = post.mails(1).await.try_into().unwrap();
    app.advance(299);
    forgot(&app, "alice").await.is(202, "");
    until(|| async { app.number(REQUESTS).await == 2 }).await;
    app.advance(1);
    forgot(&app, "alice").await.is(202, "");
    let [_, second] = post.mails(2).await.try_into().unwrap();
    until(|| async { app.number(REQUESTS).await == 3 }).await;
    // Anybody could have asked the second time: the first is as good, until one of them is used.
    follow(&app, &first, json!({"password": NEW})).await.is(204, "");
    follow(&app, &second, json!({"password": NEW})).await.is(404, "not_found");
    for asked in 4..=23 {
        app.advance(300);
        forgot(&app, "alice").await.is(202, "");
        // What is asked is worked on after the answer, by the clock of that moment.
        until(|| async { app.number(REQUESTS).await == asked }).await;
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE detail = 'mailed'").await, 10);
}

#[actix_web::test]
async fn a_mail_waits_for_a_mail_server_that_is_away() {
    let (app, post) = with_alice().await;
    let port = post.stop().await;
    forgot(&app, "alice").await.is(202, "");
    let tried = "SELECT COUNT(*) FROM mail WHERE attempts = 1 AND last_error IS NOT NULL";
    until(|| async { app.number(tried).await == 1 }).await;
    let post = MailServer::start_on(port).await;
    app.advance(59);
    // Mails are sent in the order of their turns: one that is sent now shows that the first one's has not come.
    app.person_with("bob", Some("bob@example.com"), "", Role::Member).await;
    forgot(&app, "bob").await.is(202, "");
    let [other] = post.mails(1).await.try_into().unwrap();
    assert_eq!((other.to.as_str(), post.tries()), ("bob@example.com", 1));
    until(|| async { app.number(WAITING).await == 1 }).await;
    app.advance(1);
    let [_, mail] = post.mails(2).await.try_into().unwrap();
    follow(&app, &mail, json!({"password": NEW})).await.is(204, "");
    until(|| async { app.number(WAITING).await == 0 }).await;
}

#[actix_web::test]
async fn requests_that_come_to_nothing_fill_no_audit() {
    const NOBODYS: &str =
        "SELECT COUNT(*) FROM audit_event WHERE event = 'password_reset_requested' AND user_id IS NULL";
    const MAILED: &str =
        "SELECT COUNT(*) FROM audit_event WHERE event = 'password_reset_requested' AND detail = 'mailed'";
    let settings = [("SMTP_URL", "smtp://127.0.0.1:1"), ("MAIL_FROM", FROM), ("TRUSTED_PROXIES", "127.0.0.0/8")];
    let app = crate::app::spawn_with(&settings).await;
    let ask = async |from: String, name: &str| {
        let mut browser = app.browser();
        browser.headers.push(("x-forwarded-for", from));
        browser.post("/api/forgot-password", json!({"username": name})).await.is(202, "");
    };
    // What is asked is worked on one after the other: when the mail of the last is there, all are done.
    let worked_on = async |number: i64| {
        let (name, email) = (format!("alice{number}"), format!("alice{number}@example.com"));
        app.person_with(&name, Some(&email), "", Role::Member).await;
        ask(format!("192.0.2.{number}"), &name).await;
        until(|| async { app.number(MAILED).await == number }).await;
    };
    for _ in 0..10 {
        ask("198.51.100.1".to_owned(), "nobody").await;
    }
    worked_on(1).await;
    assert_eq!(app.number(NOBODYS).await, 1);
    app.advance(60);
    ask("198.51.100.1".to_owned(), "nobody").await;
    worked_on(2).await;
    assert_eq!(app.number(NOBODYS).await, 2);
    for number in 0..200 {
        ask(format!("203.0.113.{number}"), "nobody").await;
    }
    worked_on(3).await;
    let noted = app.number(NOBODYS).await;
    assert!((50..=62).contains(&noted), "{noted}");
}

#[actix_web::test]
async fn a_mail_server_that_is_busy_hangs_or_goes_is_tried_again() {
    let post = MailServer::start().await;
    let app = spawn_impatient(&post.url(), Duration::from_secs(2)).await;
    app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
    post.behave(Manner::Refuse("451 later"));
    forgot(&app, "alice").await.is(202, "");
    let mut now = 0;
    for (attempt, next, manner) in [(1, 60, Manner::Hang), (2, 180, Manner::Drop), (3, 420, Manner::Take)] {
        until(|| async { post.tries() == attempt }).await;
        put_off(&app, next).await;
        post.behave(manner);
        app.advance(u64::try_from(next - now).unwrap());
        now = next;
    }
    post.mails(1).await;
    until(|| async { app.number(WAITING).await == 0 }).await;
    assert_eq!((post.tries(), post.taken().len()), (4, 1));
}

#[actix_web::test]
async fn what_is_refused_for_good_is_given_up_and_told() {
    let (app, post) = with_alice().await;
    post.behave(Manner::Refuse("550 5.1.1 <alice@example.com>: no such user http://localhost:3000/link/x here"));
    forgot(&app, "alice").await.is(202, "");
    for attempt in 1..=5 {
        until(|| async { post.tries() == attempt }).await;
        if attempt < 5 {
            put_off(&app, (attempt - 1) * 3600 + (60 << (attempt - 1))).await;
            app.advance(3600);
        }
    }
    until(|| async { app.number(WAITING).await == 0 }).await;
    app.advance(24 * 3600);
    // Nothing is left of it that could be sent: the next attempt is that of another mail.
    app.person_with("bob", Some("bob@example.com"), "", Role::Member).await;
    post.behave(Manner::Take);
    forgot(&app, "bob").await.is(202, "");
    let [other] = post.mails(1).await.try_into().unwrap();
    assert_eq!((other.to.as_str(), post.tries()), ("bob@example.com", 6));
    let undelivered = |page: Value| {
        page["items"].as_array().unwrap().iter().find(|line| line["event"] == "mail_undelivered").unwrap().clone()
    };
    let own = undelivered(signed_in(&app, "alice").await.get("/api/me/activity").await.json());
    assert_eq!(own["detail"], Value::Null, "what a mail server says is for administrators");
    let told = undelivered(app.admin("root").await.get("/api/audit").await.json());
    let detail = "Choose a new password: permanent error (550): 5.1.1 … no such user … here";
    assert_eq!(told["detail"], detail);
    assert!(!whole_log().contains("no such user http"));
}

#[actix_web::test]
async fn a_mail_waits_for_an_operator_who_mends_the_password() {
    let (app, post) = with_alice().await;
    post.behave(Manner::Refuse("530 5.7.0 authentication required"));
    forgot(&app, "alice").await.is(202, "");
    for attempt in 1..=6 {
        until(|| async { post.tries() == attempt }).await;
        put_off(&app, (attempt - 1) * 3600 + (60 << (attempt - 1))).await;
        if attempt == 6 {
            post.behave(Manner::Take);
        }
        app.advance(3600);
    }
    post.mails(1).await;
}

#[actix_web::test]
async fn where_mails_are_turned_off_no_link_stays_in_clear() {
    let (app, post) = with_alice().await;
    post.stop().await;
    forgot(&app, "alice").await.is(202, "");
    until(|| async { app.number(WAITING).await == 1 }).await;
    let mut config = app.config.clone();
    config.mail = None;
    app.stop.cancel();
    until(|| async { app.server.as_ref().unwrap().is_finished() }).await;
    app.advance(25 * 3600);
    let without = start(config, app.clock.clone(), tempfile::tempdir().unwrap()).await;
    until(|| async { without.number(WAITING).await == 0 }).await;
}

#[actix_web::test]
async fn a_link_that_is_good_no_more_is_not_sent() {
    let (app, post) = with_alice().await;
    let port = post.stop().await;
    forgot(&app, "alice").await.is(202, "");
    until(|| async { app.number("SELECT COUNT(*) FROM mail WHERE last_error IS NOT NULL").await == 1 }).await;
    let post = MailServer::start_on(port).await;
    app.advance(24 * 3600);
    until(|| async { app.number(WAITING).await == 0 }).await;
    assert_eq!(post.tries(), 0);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE event = 'mail_undelivered'").await, 1);
}

#[actix_web::test]
async fn the_queue_survives_the_death_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let url = database::make(folder.path()).await;
    create_person(folder.path(), &url, "alice");
    let db = Db::connect(&DatabaseConfig::new(url.as_str().into()).unwrap()).await.unwrap();
    let set = async |statement: &'static str| match &db {
        Db::Sqlite { writer, .. } => drop(sqlx::query(statement).execute(writer).await.unwrap()),
        Db::MySql(remote) => drop(sqlx::query(statement).execute(&remote.pool).await.unwrap()),
        Db::Postgres(remote) => drop(sqlx::query(statement).execute(&remote.pool).await.unwrap()),
    };
    let tries = async || {
        let query = "SELECT COUNT(*) FROM mail WHERE attempts > 0";
        let tries: i64 = match &db {
            Db::Sqlite { reader, .. } => sqlx::query_scalar(query).fetch_one(reader).await.unwrap(),
            Db::MySql(remote) => sqlx::query_scalar(query).fetch_one(&remote.pool).await.unwrap(),
            Db::Postgres(remote) => sqlx::query_scalar(query).fetch_one(&remote.pool).await.unwrap(),
        };
        tries
    };
    set("UPDATE user_account SET email = 'alice@example.com', email_folded = 'alice@example.com'").await;
    let post = MailServer::start().await;
    post.behave(Manner::Hang);
    let smtp = post.url();
    let settings = [("DATABASE_URL", url.as_str()), ("SMTP_URL", smtp.as_str()), ("MAIL_FROM", FROM)];
    let mut server = Server::start(folder.path(), &settings);
    let ask = reqwest::Client::new().post(format!("http://{}/api/forgot-password", server.address));
    assert_eq!(ask.json(&json!({"username": "alice"})).send().await.unwrap().status(), 202);
    // It dies while it is sending.
    until(|| async { post.tries() == 1 && tries().await == 1 }).await;
    server.kill();
    post.behave(Manner::Take);
    // Its claim has run out.
    set("UPDATE mail SET next_attempt_at = 0").await;
    let _server = Server::start(folder.path(), &settings);
    assert_eq!(post.mails(1).await[0].to, "alice@example.com");
}

#[actix_web::test]
async fn two_servers_send_each_mail_once() {
    let (one, post) = with_alice().await;
    let other = one.twin().await;
    let mut admins = [one.admin("root").await, one.admin("toor").await];
    admins[1].base = other.url("");
    for number in 0..15 {
        for (index, admin) in admins.iter_mut().enumerate() {
            let name = format!("p{index}-{number}");
            let wish = json!({"username": name, "email": format!("{name}@example.com")});
            assert_eq!(admin.post("/api/users", wish).await.is(201, "").json()["invitation"]["mailed"], true);
        }
    }
    until(|| async { one.number(WAITING).await == 0 }).await;
    let mut recipients: Vec<_> = post.taken().into_iter().map(|mail| mail.to).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!((recipients.len(), post.taken().len()), (30, 30));
}

#[actix_web::test]
async fn a_link_that_an_administrator_makes_is_mailed_too() {
    let (app, post) = with_alice().await;
    let mut admin = app.admin("root").await;
    let wish = json!({"username": "jürgen", "email": "Jürgen@Exämple.com", "full_name": "J"});
    let made = admin.post("/api/users", json!({"username": "carol", "email": "carol@example.com"})).await.json();
    let [mail] = post.mails(1).await.try_into().unwrap();
    assert_eq!((mail.subject.as_str(), mail.url()), ("You are invited", made["invitation"]["url"].as_str().unwrap()));
    follow(&app, &mail, json!({"password": NEW})).await.is(204, "");
    app.browser().login("carol@example.com", NEW).await.is(200, "");

    let alice = app.browser().login("alice", PASSWORD).await.json()["id"].as_str().unwrap().to_owned();
    let reset = admin.send(Method::POST, &format!("/api/users/{alice}/reset-link"), Body::None).await.json();
    let [_, mail] = post.mails(2).await.try_into().unwrap();
    assert_eq!((reset["mailed"].as_bool(), reset["url"].as_str()), (Some(true), Some(mail.url())));
    // Without an address there is no mail, nor where the server does not take such addresses.
    let made = admin.post("/api/users", json!({"username": "dave"})).await.json();
    assert_eq!(made["invitation"]["mailed"], false);
    assert_eq!(admin.post("/api/users", wish).await.json()["invitation"]["mailed"], true);
    until(|| async { app.number("SELECT COUNT(*) FROM mail WHERE last_error IS NOT NULL").await == 1 }).await;
    assert_eq!(app.mails().await[0].to, "Jürgen@xn--exmple-cua.com");
    // Who is deleted is not written to.
    let jurgen = app.number("SELECT COUNT(*) FROM user_account WHERE email LIKE 'J%'").await;
    assert_eq!(jurgen, 1);
    app.execute("DELETE FROM user_account WHERE email LIKE 'J%'").await;
    assert_eq!(app.number(WAITING).await, 0);
}

#[actix_web::test]
async fn an_invited_person_who_asks_is_invited_again() {
    let (app, post) = with_alice().await;
    let mut admin = app.admin("root").await;
    admin.post("/api/users", json!({"username": "carol", "email": "carol@example.com"})).await.is(201, "");
    forgot(&app, "carol").await.is(202, "");
    let [first, second] = post.mails(2).await.try_into().unwrap();
    assert_eq!(second.subject, "You are invited");
    app.advance(6 * 24 * 3600);
    follow(&app, &first, json!({"password": NEW})).await.is(204, "");
    follow(&app, &second, json!({"password": NEW})).await.is(404, "not_found");
}

#[actix_web::test]
async fn another_address_counts_once_it_is_verified() {
    let (app, post) = with_alice().await;
    let mut alice = signed_in(&app, "alice").await;
    let change = json!({"email": "Alice@new.example", "full_name": "Alice Moore"});
    let me = alice.patch("/api/me", change).await.is(200, "").json();
    assert_eq!((&me["email"], &me["full_name"]), (&json!("alice@example.com"), &json!("Alice Moore")));
    assert_eq!(me, alice.get("/api/me").await.json());
    let mut mails = post.mails(2).await;
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    let [link, notice] = mails.try_into().unwrap();
    assert_eq!((link.to.as_str(), notice.to.as_str()), ("Alice@new.example", "alice@example.com"));
    assert_eq!(link.subject, "Confirm your e-mail address");
    assert_eq!(notice.subject, "Your e-mail address is about to change");
    assert!(!link.body.contains("alice") && !notice.body.contains("/link/") && !notice.body.contains("new.example"));
    app.browser().login("alice@new.example", PASSWORD).await.is(401, "invalid_credentials");

    // A link to another end leaves it alone, and what was mailed to the old address is good no more afterwards.
    forgot(&app, "alice").await.is(202, "");
    let reset = post.mails(3).await.pop().unwrap();
    let shown = app.browser().get(&format!("/api/links/{}", link.token())).await.json();
    assert_eq!(
        (&shown["purpose"], &shown["email"], &shown["username"]),
        (&json!("email_verification"), &json!("Alice@new.example"), &json!("alice"))
    );
    follow(&app, &link, json!({})).await.is(204, "");
    follow(&app, &link, json!({})).await.is(404, "not_found");
    follow(&app, &reset, json!({"password": NEW})).await.is(404, "not_found");
    assert_eq!(alice.get("/api/me").await.json()["email"], "Alice@new.example");
    app.browser().login("alice@new.example", PASSWORD).await.is(200, "");
    app.browser().login("alice@example.com", PASSWORD).await.is(401, "invalid_credentials");
    let events = alice.get("/api/me/activity").await.json();
    let events: Vec<_> = events["items"].as_array().unwrap().iter().map(|line| line["event"].clone()).collect();
    assert!(events.contains(&json!("email_change_requested")) && events.contains(&json!("profile_changed")));
    assert_eq!(alice.patch("/api/me", json!({"email": null})).await.json()["email"], Value::Null);
}

#[actix_web::test]
async fn only_the_last_address_asked_for_waits_and_a_new_password_forgets_it() {
    let (app, post) = with_alice().await;
    let mut alice = signed_in(&app, "alice").await;
    let ask = async |alice: &mut Browser, email: &str| {
        let before = post.taken().len();
        alice.patch("/api/me", json!({"email": email})).await.is(200, "");
        let mails = post.mails(before + 2).await;
        mails.into_iter().rfind(|mail| mail.to == email).unwrap()
    };
    let first = ask(&mut alice, "first@example.com").await;
    let second = ask(&mut alice, "second@example.com").await;
    follow(&app, &first, json!({})).await.is(404, "not_found");
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    alice.post("/api/password", change).await.is(204, "");
    follow(&app, &second, json!({})).await.is(404, "not_found");
    assert_eq!(alice.get("/api/me").await.json()["email"], "alice@example.com");
    // And nobody can be flooded.
    ask(&mut alice, "third@example.com").await;
    let refused = alice.patch("/api/me", json!({"email": "fourth@example.com"})).await;
    assert_eq!(refused.is(429, "too_many_attempts").header("retry-after"), "300");
}

#[actix_web::test]
async fn whose_an_address_is_is_told_to_nobody_else() {
    let (app, post) = with_alice().await;
    app.person("bob").await;
    let mut bob = signed_in(&app, "bob").await;
    let taken = bob.patch("/api/me", json!({"email": "ALICE@example.com"})).await;
    let free = bob.patch("/api/me", json!({"email": "bob@example.com"})).await;
    assert_eq!((taken.status, taken.text()), (free.status, free.text()));
    let mails = post.mails(2).await;
    let taken = mails.iter().find(|mail| mail.subject == "You have an account already").unwrap();
    assert!(taken.to == "ALICE@example.com" && !taken.body.contains("/link/") && !taken.body.contains("bob"));
    let wish = json!({"username": "carol", "password": NEW, "email": "alice@example.com"});
    let made = app.browser().post("/api/register", wish).await;
    assert_eq!(made.is(201, "").json()["email"], Value::Null);
    assert_eq!(post.mails(3).await[2].subject, "You have an account already");
}

#[actix_web::test]
async fn of_two_who_verify_one_address_the_first_gets_it() {
    let (app, post) = with_alice().await;
    app.person("bob").await;
    for name in ["alice", "bob"] {
        signed_in(&app, name).await.patch("/api/me", json!({"email": "x@new.example"})).await.is(200, "");
    }
    let links: Vec<_> = post.mails(3).await.into_iter().filter(|mail| mail.to == "x@new.example").collect();
    let both = futures_util::future::join_all(links.iter().map(|link| follow(&app, link, json!({})))).await;
    let mut codes: Vec<_> = both.iter().map(|answer| (answer.status, answer.code())).collect();
    codes.sort();
    assert_eq!(codes, [(204, String::new()), (409, "email_taken".to_owned())]);
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account WHERE email = 'x@new.example'").await, 1);
}

#[actix_web::test]
async fn who_registers_verifies_the_address_afterwards() {
    let (app, post) = with_alice().await;
    let mut carol = app.browser();
    let wish = json!({"username": "carol", "password": NEW, "email": "carol@example.com", "full_name": "Buy now"});
    let made = carol.post("/api/register", wish).await;
    assert_eq!(made.is(201, "").json()["email"], Value::Null);
    let [mail] = post.mails(1).await.try_into().unwrap();
    assert!(!mail.raw.contains("Buy now") && !mail.raw.contains("carol,"));
    follow(&app, &mail, json!({})).await.is(204, "");
    assert_eq!(carol.get("/api/me").await.json()["email"], "carol@example.com");
    for number in 0..3 {
        let wish = json!({"username": format!("x{number}"), "password": NEW, "email": "victim@example.com"});
        app.browser().post("/api/register", wish).await.is(201, "");
    }
    let wish = json!({"username": "x3", "password": NEW, "email": "Victim@example.com"});
    app.browser().post("/api/register", wish).await.is(201, "");
    post.mails(4).await;
    until(|| async { app.number(WAITING).await == 0 }).await;
    assert_eq!(post.tries(), 4, "a stranger cannot have somebody mailed without end");
}

#[actix_web::test]
async fn an_address_that_is_taken_out_is_told() {
    let (app, post) = with_alice().await;
    let mut alice = signed_in(&app, "alice").await;
    assert_eq!(alice.patch("/api/me", json!({"email": null})).await.json()["email"], Value::Null);
    let [mail] = post.mails(1).await.try_into().unwrap();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("alice@example.com", "Your e-mail address was removed"));
}

#[actix_web::test]
async fn many_at_once_mail_an_address_no_more_than_three_times() {
    let (app, post) = with_alice().await;
    let crowd = (0..8).map(|number| {
        let mut browser = app.browser();
        let wish = json!({"username": format!("x{number}"), "password": NEW, "email": "victim@example.com"});
        async move { browser.post("/api/register", wish).await.status }
    });
    assert_eq!(futures_util::future::join_all(crowd).await, [201; 8]);
    post.mails(3).await;
    until(|| async { app.number(WAITING).await == 0 }).await;
    assert_eq!(post.tries(), 3);
}

#[actix_web::test]
async fn of_those_who_ask_at_once_as_many_are_mailed_as_may() {
    let (app, _post) = with_alice().await;
    for number in 0..12 {
        let name = format!("p{number}");
        app.person(&name).await;
        let browser = signed_in(&app, &name).await;
        let change = async |place: usize| {
            let mut tab = browser.clone();
            tab.patch("/api/me", json!({"email": format!("{name}.{place}@example.com")})).await.status
        };
        assert_eq!(futures_util::future::join_all((0..3).map(change)).await, [200; 3], "{name}");
        assert_eq!(change(3).await, 429, "{name}");
    }
}

#[actix_web::test]
async fn nothing_typed_becomes_a_header_or_a_recipient() {
    let (app, post) = with_alice().await;
    let mut alice = signed_in(&app, "alice").await;
    let mut admin = app.admin("root").await;
    let addresses = [
        "a@b.example\r\nBcc: eve@example.com",
        "a@b.example>\r\nRCPT TO:<eve@example.com",
        "a@b.example,eve@example.com",
        "<a>@b.example",
        "a@b.example\u{0}",
        "\"a\r\n\"@b.example",
        "a@[b].example",
    ];
    for (number, email) in addresses.into_iter().enumerate() {
        alice.patch("/api/me", json!({"email": email})).await.is(422, "invalid_input");
        let made = admin.post("/api/users", json!({"username": format!("u{number}"), "email": email})).await;
        assert!(made.status == 422 || made.json()["invitation"]["mailed"] == false, "{email:?}");
    }
    admin.post("/api/users", json!({"username": "a\r\nBcc: x", "email": "a@b.example"})).await.is(422, "invalid_input");
    let made = admin.post("/api/users", json!({"username": "Bcc..ü", "email": "a@b.example", "full_name": "."})).await;
    assert_eq!(made.is(201, "").json()["invitation"]["mailed"], true);
    let [mail] = post.mails(1).await.try_into().unwrap();
    assert!(mail.body.starts_with("Hello Bcc..ü,\n"));
    assert!(!mail.raw.contains("\nBcc") && !mail.raw.contains("eve@") && mail.raw.is_ascii(), "{}", mail.raw);
}

#[actix_web::test]
async fn a_server_that_does_not_encrypt_gets_nothing_where_encryption_is_required() {
    let post = MailServer::start().await;
    let app = spawn_to(&format!("smtp://user:secret@127.0.0.1:{}?tls=required", post.port)).await;
    app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
    forgot(&app, "alice").await.is(202, "");
    let told = "SELECT COUNT(*) FROM mail WHERE last_error LIKE '%STARTTLS%'";
    until(|| async { app.number(told).await == 1 }).await;
    assert_eq!((post.tries(), post.login(), post.taken().len()), (1, None, 0));
}

#[actix_web::test]
async fn the_mail_server_is_signed_in_to() {
    use base64::Engine;

    let post = MailServer::start().await;
    let app = spawn_to(&format!("smtp://me%40example.com:p%2Fss@127.0.0.1:{}", post.port)).await;
    app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
    forgot(&app, "alice").await.is(202, "");
    post.mails(1).await;
    let login = base64::engine::general_purpose::STANDARD.encode("\0me@example.com\0p/ss");
    assert_eq!(post.login(), Some(format!("PLAIN {login}")));
    assert!(!whole_log().contains(&login) && !whole_log().contains("p/ss"));
}

#[actix_web::test]
async fn what_is_said_to_a_mail_server_is_encrypted() {
    for (scheme, from_the_start, more) in [("smtp", false, "tls=required&"), ("smtps", true, "")] {
        let (post, authority) = MailServer::start_encrypted(from_the_start).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, authority).unwrap();
        let (address, path) = (format!("{scheme}://u:p@127.0.0.1:{}", post.port), path.to_str().unwrap());
        let trusting = spawn_to(&format!("{address}?{more}ca={path}")).await;
        let wary = spawn_to(&format!("{address}?{more}")).await;
        for app in [&wary, &trusting] {
            app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
            forgot(app, "alice").await.is(202, "");
        }
        post.mails(1).await;
        let refused = "SELECT COUNT(*) FROM mail WHERE last_error LIKE '%certificate%'";
        until(|| async { wary.number(refused).await == 1 }).await;
        assert!(post.login().is_some() && post.taken().len() == 1, "{scheme}");
    }
}

#[actix_web::test]
async fn the_check_tries_the_mail_server_out() {
    let folder = tempfile::tempdir().unwrap();
    let url = database::make(folder.path()).await;
    let post = MailServer::start().await;
    let check = async |smtp: String| {
        let settings = [("DATABASE_URL", url.as_str()), ("SMTP_URL", smtp.as_str()), ("MAIL_FROM", FROM)];
        let mut command = tokio::process::Command::from(command(folder.path(), &settings));
        let output = command.arg("check").output().await.unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let said = check(post.url()).await;
    assert!(said.contains(&format!("ok, from hallpass@example.com through 127.0.0.1:{}", post.port)), "{said}");
    let port = post.stop().await;
    let said = check(format!("smtp://u:hunter2@127.0.0.1:{port}")).await;
    assert!(said.contains("does not take mails") && said.contains("SMTP_URL") && !said.contains("hunter2"), "{said}");
    std::fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    let said = check(format!("smtps://127.0.0.1:{port}?ca=ca.pem")).await;
    assert!(said.contains("PEM"), "{said}");
}
