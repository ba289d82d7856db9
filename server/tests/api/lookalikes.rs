//! Usernames: what they may be, whose they look like, and accounts from before there were rules about that.

use hallpass::db::query::Query;
use hallpass::db::{Tx, copy};
use hallpass::identity::{Role, new_id};
use hallpass::users::index::fill;
use hallpass::users::queries::{self as users, InsertError, NewAccount};
use serde_json::json;

use crate::app::{PASSWORD, TestApp, spawn, spawn_with};
use crate::database;

const NEW: &str = "other words nobody guesses";
/// What looks like `alice`, `paypal` and `bob1`.
const FORGED: [&str; 4] = ["аӏісе", "paypaI", "bobl", "BOBI"];

/// Keeps the repair that every server begins with waiting.
const LOCK: &str = "UPDATE user_account SET role = role";

async fn insert(app: &TestApp, username: &str, email: Option<&str>) -> Result<String, InsertError> {
    insert_after(app, &[], username, email).await
}

/// Makes an account in the transaction that executes these statements first.
async fn insert_after(
    app: &TestApp,
    statements: &[&str],
    username: &str,
    email: Option<&str>,
) -> Result<String, InsertError> {
    let now = app.clock.now();
    let password_hash = &app.hasher.hash(PASSWORD.into()).await.unwrap();
    let id = new_id(now);
    let account =
        NewAccount { id: &id, username, email, full_name: "", role: Role::Member, password_hash, created_at: now };
    let write = async |tx: &mut Tx| {
        for statement in statements {
            Query::new(*statement).execute(tx).await?;
        }
        users::insert(tx, &account).await
    };
    app.db.write(write).await?;
    Ok(id)
}

/// Leaves the database as a version without the index would have.
async fn forget_index(app: &TestApp) {
    let forget = async |tx: &mut Tx| {
        for statement in [LOCK, "DELETE FROM username_skeleton", "DELETE FROM search_term", "DELETE FROM name_index"] {
            Query::new(statement).execute(tx).await?;
        }
        Ok::<_, sqlx::Error>(())
    };
    app.db.write(forget).await.unwrap();
}

fn says(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[actix_web::test]
async fn a_forged_name_is_refused_wherever_accounts_are_made() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    let mut admin = app.admin("root").await;
    for name in ["alice", "paypal", "bob1"] {
        app.person(name).await;
    }
    for forged in FORGED {
        let wanted = json!({"username": forged, "password": NEW});
        app.browser().post("/api/register", wanted.clone()).await.is(409, "username_taken");
        admin.post("/api/users", wanted).await.is(409, "username_taken");
        for arguments in [vec!["user", "create", forged, "--password-stdin"], vec!["user", "invite", forged]] {
            let output = app.hallpass(&arguments, format!("{NEW}\n").as_bytes());
            assert!(says(&output).contains("looks like one that is taken"), "{arguments:?} {}", says(&output));
            assert_eq!(output.status.code(), Some(1));
        }
        let output =
            app.hallpass(&["user", "import", "-", "--format", "csv"], format!("username\n{forged}\n").as_bytes());
        assert!(says(&output).contains("line 2: username looks like one that is taken"), "{}", says(&output));
    }
    let output = app.hallpass(&["user", "import", "-", "--format", "csv"], "username\nzoe0\nzoeO\n".as_bytes());
    assert!(says(&output).contains("line 3: username looks like that of line 2"), "{}", says(&output));
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 4);
    // A name is free again when its account is gone.
    let id = admin.get("/api/users?q=alice").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/users/{id}")).await.is(204, "");
    app.browser().post("/api/register", json!({"username": "аӏісе", "password": NEW})).await.is(201, "");
    app.browser().post("/api/register", json!({"username": "alice", "password": NEW})).await.is(409, "username_taken");
}

#[actix_web::test]
async fn names_that_hide_something_are_refused_wherever_accounts_are_made() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    let mut admin = app.admin("root").await;
    for (field, value) in [
        ("username", "al\u{200b}ice"),
        ("username", "al\u{ad}ice"),
        ("username", "al\u{34f}ice"),
        ("username", "аlice"),
        ("username", "\u{3164}"),
        ("username", "._-"),
        ("full_name", "Alice\u{202e}eroom"),
        ("full_name", "Alice\u{e0041}"),
        ("full_name", "Alice\nMoore"),
        ("email", "a@exa_mple.com"),
        ("email", "a\u{200b}@example.com"),
    ] {
        let mut wanted = json!({"username": "alice", "password": NEW, "email": "a@example.com", "full_name": "Alice"});
        wanted[field] = value.into();
        for answer in
            [app.browser().post("/api/register", wanted.clone()).await, admin.post("/api/users", wanted.clone()).await]
        {
            assert_eq!(answer.is(422, "invalid_input").json()["errors"][0]["field"], field, "{value:?}");
        }
        let (name, email, full_name) = (&wanted["username"], &wanted["email"], &wanted["full_name"]);
        let [name, email, full_name] = [name, email, full_name].map(|text| text.as_str().unwrap());
        let arguments = ["user", "invite", name, "--email", email, "--full-name", full_name];
        assert!(says(&app.hallpass(&arguments, b"")).contains(field), "{value:?}");
        let line = json!({"username": name, "email": email, "full_name": full_name}).to_string();
        let output = app.hallpass(&["user", "import", "-", "--format", "jsonl"], line.as_bytes());
        assert!(says(&output).contains(&format!("line 1: {field}")), "{value:?} {}", says(&output));
    }
    let change = json!({"full_name": "Root\u{2066}"});
    admin.patch("/api/me", change).await.is(422, "invalid_input");
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 1);
}

#[actix_web::test]
async fn names_are_trimmed_and_composed_and_domains_have_one_form() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    let wanted = json!({"username": " ju\u{308}rgen ", "password": NEW, "email": "J@xn--exmple-cua.de", "full_name": " Jürgen "});
    let me = app.browser().post("/api/register", wanted).await.is(201, "").json();
    assert_eq!(
        (&me["username"], &me["email"], &me["full_name"]),
        (&json!("jürgen"), &json!("J@exämple.de"), &json!("Jürgen"))
    );
    for name in ["jürgen", "JU\u{308}RGEN", "j@EXÄMPLE.de", "j@xn--exmple-cua.de"] {
        app.browser().login(name, NEW).await.is(200, "");
    }
    for email in ["j@exämple.de", "j@XN--exmple-cua.de"] {
        let wanted = json!({"username": "other", "password": NEW, "email": email});
        app.browser().post("/api/register", wanted).await.is(409, "email_taken");
    }
    let combined = json!({"username": "q\u{323}i", "password": NEW});
    assert_eq!(app.browser().post("/api/register", combined).await.is(201, "").json()["username"], "q\u{323}i");
}

#[actix_web::test]
async fn of_two_that_look_alike_at_once_one_gets_the_name() {
    let app = spawn().await;
    let other = app.twin().await;
    for round in 0..5 {
        let names = [format!("wanted0{round}"), format!("wantedO{round}"), format!("wаntеd0{round}")];
        let tries = (0..15).map(|number| {
            let app = if number % 2 == 0 { &app } else { &other };
            let name = &names[number % 3];
            async move { insert(app, name, None).await }
        });
        let outcomes = futures_util::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let is_refusal = |error: &InsertError| matches!(error, InsertError::Taken | InsertError::Confusable);
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().err().is_none_or(is_refusal)), "{outcomes:?}");
    }
}

/// Accounts that no rule has seen, among them two that look alike and two with one address in two spellings.
async fn accounts_of_old(app: &TestApp) -> Vec<(&'static str, &'static str)> {
    let old = [
        ("alice", "alice@example.com"),
        ("аӏісе", "old@exämple.de"),
        ("аlice", "new@example.com"),
        ("a\u{34f}b", "x@example.com"),
        ("Zoë", "old@xn--exmple-cua.de"),
    ];
    for (name, email) in old {
        app.advance(1);
        // In one transaction: the repair that every server begins with may be under way.
        let forget = [
            LOCK,
            "DELETE FROM username_skeleton",
            // Two spellings of one domain were two addresses.
            "UPDATE user_account SET email_folded = 'old@exämple.de' WHERE email = 'old@exämple.de'",
        ];
        insert_after(app, &forget, name, Some(email)).await.unwrap();
    }
    forget_index(app).await;
    old.to_vec()
}

#[actix_web::test]
async fn old_accounts_keep_working_and_their_looks_are_theirs() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    let old = accounts_of_old(&app).await;
    // Several servers that start together.
    let servers = futures_util::future::join_all((0..4).map(|_| app.twin())).await;
    assert_eq!(app.number("SELECT COUNT(*) FROM name_index").await, 5);
    assert_eq!(app.number("SELECT COUNT(*) FROM search_term WHERE term = 'alice'").await, 1);
    for (name, email) in old {
        for spelling in [name, email] {
            let me = servers[0].browser().login(spelling, PASSWORD).await.is(200, "").json();
            assert_eq!((&me["username"], &me["email"]), (&json!(name), &json!(email)), "{spelling}");
        }
    }
    let first = "SELECT COUNT(*) FROM username_skeleton s JOIN user_account u ON u.id = s.user_id WHERE u.username = ";
    assert_eq!(app.number(Box::leak(format!("{first}'alice'").into_boxed_str())).await, 1);
    assert_eq!(app.number(Box::leak(format!("{first}'аӏісе'").into_boxed_str())).await, 0);
    for forged in ["а1ісе", "aIice"] {
        let wanted = json!({"username": forged, "password": NEW});
        servers[1].browser().post("/api/register", wanted).await.is(409, "username_taken");
    }
    let output = app.hallpass(&["check"], b"");
    let said = says(&output);
    for reason in ["\"аӏісе\" looks like \"alice\"", "\"аlice\" username must not mix", "a\\u{34f}b"] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
    assert!(!said.contains("Zoë"), "{said}");
}

#[actix_web::test]
async fn the_index_is_made_again_after_a_copy_and_where_an_older_server_wrote() {
    let app = spawn().await;
    app.person_with("zoe", None, "Zoë Ångström", Role::Member).await;
    app.person("bob1").await;
    let folder = tempfile::tempdir().unwrap();
    let url = database::make(folder.path()).await;
    let config = hallpass::config::DatabaseConfig::new(url.as_str().into()).unwrap();
    let target = hallpass::db::Db::connect(&config).await.unwrap();
    copy::run(&app.db, &target, |_| ()).await.unwrap();
    let other = spawn_with(&[("DATABASE_URL", &url), ("REGISTRATION", "open")]).await;
    let mut browser = other.browser();
    browser.login("zoe", PASSWORD).await.is(200, "");
    assert_eq!(browser.get("/api/users?q=angstrom").await.json()["items"][0]["username"], "zoe");
    let forged = json!({"username": "bobl", "password": NEW});
    other.browser().post("/api/register", forged).await.is(409, "username_taken");

    // An older server knows nothing of the index.
    other.execute("UPDATE user_account SET full_name = 'Zoë Smith' WHERE username = 'zoe'").await;
    fill::repair(&other.db).await.unwrap();
    assert_eq!(browser.get("/api/users?q=smith").await.json()["items"][0]["username"], "zoe");
    assert_eq!(browser.get("/api/users?q=angstrom").await.json()["items"], json!([]));
    assert_eq!(fill::repair(&other.db).await.unwrap(), 0);
}

#[actix_web::test]
async fn who_is_left_of_those_that_look_alike_gets_the_look() {
    const OF_SECOND: &str =
        "SELECT COUNT(*) FROM username_skeleton s JOIN user_account u ON u.id = s.user_id WHERE u.username = 'аӏісе'";
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    accounts_of_old(&app).await;
    fill::repair(&app.db).await.unwrap();
    assert_eq!(app.number(OF_SECOND).await, 0);
    app.execute("DELETE FROM user_account WHERE username = 'alice'").await;
    fill::repair(&app.db).await.unwrap();
    assert_ne!(app.number(OF_SECOND).await, 0);
    let wanted = json!({"username": "alice", "password": NEW});
    app.browser().post("/api/register", wanted).await.is(409, "username_taken");
    assert_eq!(fill::repair(&app.db).await.unwrap(), 0);
}

#[actix_web::test]
async fn what_a_newer_server_has_indexed_is_left_as_it_is() {
    let app = spawn().await;
    app.person("zoe").await;
    let newer = app.number("SELECT MAX(form) FROM name_index").await + 1;
    app.execute("UPDATE name_index SET form = form + 1").await;
    // By its rules the same name looks different.
    app.execute("DELETE FROM username_skeleton").await;
    assert_eq!(fill::repair(&app.db).await.unwrap(), 0);
    app.person("bob").await;
    app.execute("DELETE FROM name_index WHERE user_id = (SELECT id FROM user_account WHERE username = 'bob')").await;
    let _other = app.twin().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM name_index").await, 2);
    assert_eq!(app.number("SELECT MAX(form) FROM name_index").await, newer);
}
