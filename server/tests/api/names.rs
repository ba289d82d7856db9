//! Who is who, and in which order, is the same on every database: the same tests run on all of them.

use hallpass::identity::{Role, new_id};
use hallpass::users::queries::{self as users, InsertError, NewAccount};

use crate::app::{PASSWORD, TestApp, spawn};

async fn insert(app: &TestApp, username: &str, email: Option<&str>) -> Result<(), InsertError> {
    let now = app.clock.now();
    let account = NewAccount {
        id: &new_id(now),
        username,
        email,
        full_name: "",
        role: Role::Member,
        password_hash: "!",
        created_at: now,
    };
    app.db.write(async |tx| users::insert(tx, &account).await).await
}

#[actix_web::test]
async fn one_name_has_many_spellings() {
    let app = spawn().await;
    for (first, second, same) in [
        ("alice", "ALICE", true),
        ("alice2", "alicé2", false),
        ("Straße", "STRASSE", true),
        ("caf\u{e9}", "cafe\u{301}", true),
        ("\u{fb01}n", "FIN", true),
        ("ΣΊΣΥΦΟΣ", "σίσυφος", true),
        ("trailing", "trailing ", true),
        ("i1", "İ1", false),
        ("o1", "ø1", false),
        ("a.b", "a_b", false),
    ] {
        insert(&app, first, None).await.unwrap();
        let outcome = insert(&app, second, None).await;
        assert_eq!(matches!(outcome, Err(InsertError::Taken)), same, "{first} {second}: {outcome:?}");
    }
    insert(&app, "one", Some("Jürgen@Example.com")).await.unwrap();
    assert!(matches!(insert(&app, "two", Some("jÜRGEN@example.COM")).await, Err(InsertError::Taken)));
    insert(&app, "three", Some("jurgen@example.com")).await.unwrap();
}

#[actix_web::test]
async fn people_sign_in_with_any_spelling_of_their_own_name_only() {
    let app = spawn().await;
    app.person_with("Zoë", Some("zoe@example.com"), "", Role::Member).await;
    for (name, status) in [
        ("Zoë", 200),
        ("zoë", 200),
        ("ZOE\u{308}", 200),
        ("zoë ", 200),
        ("ZOE@example.COM", 200),
        ("zoe", 401),
        ("zo%", 401),
    ] {
        assert_eq!(app.browser().login(name, PASSWORD).await.status, status, "{name}");
    }
    for name in ["zo\0ë", "\0", "zoë\u{7f}"] {
        app.browser().login(name, PASSWORD).await.is(422, "invalid_input");
    }
}

#[actix_web::test]
async fn the_directory_is_in_the_order_of_folded_code_points() {
    let app = spawn().await;
    let mut browser = app.signed_in("m").await;
    for name in ["Z", "a-1", "a.1", "a_1", "a1", "B", "ä", "Ω", "李", "ﬃ", "𐐀", "é", "z1", "Å"] {
        app.person(name).await;
    }
    let expected = ["a-1", "a.1", "a1", "a_1", "B", "ﬃ", "m", "Z", "z1", "ä", "Å", "é", "Ω", "李", "𐐀"];
    let mut seen = Vec::new();
    let mut query = "limit=1".to_owned();
    loop {
        let page = browser.get(&format!("/api/users?{query}")).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["username"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=1&cursor={cursor}");
    }
    assert_eq!(seen, expected);
}

#[actix_web::test]
async fn a_search_finds_signs_as_they_were_typed_and_letters_with_or_without_accents() {
    let app = spawn().await;
    let mut browser = app.signed_in("searcher").await;
    let turtles = "🐢".repeat(200);
    for (name, full_name) in [
        ("one", "Turtle 🐢"),
        ("two", "Rabbit 🐇"),
        ("three", turtles.as_str()),
        ("four", "Ce\u{301}line"),
        ("five", "Celine \\ %"),
    ] {
        app.person_with(name, None, full_name, Role::Member).await;
    }
    for (query, expected) in [
        ("%F0%9F%90%A2", vec!["one", "three"]),
        ("%F0%9F%90%87", vec!["two"]),
        ("c%C3%89line", vec!["four", "five"]),
        ("celine", vec!["four", "five"]),
        ("%5C", vec!["five"]),
        ("turtle%20", vec!["one"]),
    ] {
        let page = browser.get(&format!("/api/users?q={query}")).await.json();
        let names: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["username"].clone()).collect();
        let mut names: Vec<_> = names.iter().map(|name| name.as_str().unwrap()).collect();
        names.sort_by_key(|name| ["one", "two", "three", "four", "five"].iter().position(|known| known == name));
        assert_eq!(names, expected, "{query}");
    }
    let item = browser.get("/api/users?q=three").await.json()["items"][0].clone();
    assert_eq!(item["full_name"], turtles, "what was stored is what comes back");
}

#[actix_web::test]
async fn of_many_at_once_one_gets_the_name() {
    let app = spawn().await;
    let other = app.twin().await;
    for round in 0..5 {
        let name = format!("wanted{round}");
        let (lower, upper) = (name.clone(), name.to_uppercase());
        let tries = (0..20).map(|number| {
            let app = if number % 2 == 0 { &app } else { &other };
            let name = if number % 3 == 0 { &upper } else { &lower };
            async move { insert(app, name, None).await }
        });
        let outcomes = futures_util::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(InsertError::Taken))), "{outcomes:?}");
    }
}

#[actix_web::test]
async fn time_is_kept_to_the_microsecond() {
    let app = spawn().await;
    app.clock.advance(std::time::Duration::from_micros(123_457));
    let mut browser = app.signed_in("alice").await;
    let me = browser.get("/api/me").await.json();
    assert_eq!(me["created_at"], "2026-01-01T00:00:00.123457Z");
    assert_eq!(me["session"]["expires_at"], "2026-01-08T00:00:00.123457Z");
}
