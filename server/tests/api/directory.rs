//! The directory of people.

use hallpass::identity::Role;
use serde_json::Value;

use crate::app::{Browser, spawn, spawn_with};

async fn names(browser: &mut Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/api/users?{query}")).await.json();
    page["items"].as_array().unwrap().iter().map(|item| item["username"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn finds_part_of_a_username_or_a_name_without_regard_to_case() {
    let app = spawn().await;
    let mut browser = app.signed_in("zoe").await;
    app.person_with("alice", Some("hidden@example.com"), "Alice Moore", Role::Member).await;
    app.person_with("Bob", None, "Jürgen STRASSER", Role::Admin).await;
    app.person_with("per_cent", None, "100% real", Role::Member).await;
    for (query, expected) in [
        ("", vec!["alice", "Bob", "per_cent", "zoe"]),
        ("q=LIC", vec!["alice"]),
        ("q=moore", vec!["alice"]),
        ("q=J%C3%9CRGEN", vec!["Bob"]),
        ("q=stra%C3%9Fe", vec!["Bob"]),
        ("q=_", vec!["per_cent"]),
        ("q=%25", vec!["per_cent"]),
        ("q=%25%25", vec![]),
        ("q=!", vec![]),
        ("q=hidden", vec![]),
        ("q=%27%20OR%201=1--", vec![]),
    ] {
        assert_eq!(names(&mut browser, query).await, expected, "{query}");
    }
    let item = browser.get("/api/users?q=alice").await.json()["items"][0].clone();
    let mut members: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["full_name", "id", "username"]);
}

#[actix_web::test]
async fn finds_words_in_any_order_without_accents() {
    let app = spawn().await;
    let mut browser = app.admin("root").await;
    app.person_with("jg", None, "José García", Role::Member).await;
    app.person_with("nv", None, "Nguyễn Văn An", Role::Member).await;
    app.person_with("sø.ren", None, "Łukasz Straße İpek", Role::Member).await;
    app.person_with("li", None, "李雷", Role::Member).await;
    let mut member = app.signed_in("zz").await;
    for (query, expected) in [
        ("José", vec!["jg"]),
        ("Jose\u{301}", vec!["jg"]),
        ("jose", vec!["jg"]),
        ("garcia", vec!["jg"]),
        ("nguyen van", vec!["nv"]),
        ("an nguyen", vec!["nv"]),
        ("García José", vec!["jg"]),
        ("garcia an", vec![]),
        ("ose", vec!["jg"]),
        ("se", vec![]),
        ("g", vec!["jg"]),
        ("ren soren", vec![]),
        ("so", vec!["sø.ren"]),
        ("ren", vec!["sø.ren"]),
        ("lukasz STRASSE ipek", vec!["sø.ren"]),
        ("雷", vec!["li"]),
        ("李雷", vec!["li"]),
    ] {
        for browser in [&mut browser, &mut member] {
            let query = format!(
                "q={}&count=true",
                percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC)
            );
            let page = browser.get(&format!("/api/users?{query}")).await.json();
            assert_eq!(page["total"], expected.len(), "{query}");
            assert_eq!(names(browser, &query).await, expected, "{query}");
        }
    }
    // A change of the name is found at once, and the old one no more; what is deleted is found no more.
    let id = browser.get("/api/users?q=garcia").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    browser.patch(&format!("/api/users/{id}"), serde_json::json!({"full_name": "Zoë"})).await.is(200, "");
    assert_eq!(names(&mut member, "q=zoe").await, ["jg"]);
    assert_eq!(names(&mut member, "q=garcia").await, Vec::<String>::new());
    browser.delete(&format!("/api/users/{id}")).await.is(204, "");
    assert_eq!(names(&mut member, "q=zoe").await, Vec::<String>::new());
    assert_eq!(app.number("SELECT COUNT(*) FROM search_term WHERE username_folded = 'jg'").await, 0);
    assert_eq!(member.get("/api/users").await.json().get("total"), None);
    assert_eq!(member.get("/api/users?count=true&limit=1").await.json()["total"], 5);
}

/// More people than are looked at one after the other, those who are looked for at the end.
#[actix_web::test]
async fn finds_the_last_of_many_page_by_page_in_every_order() {
    let app = spawn().await;
    let mut admin = app.admin("aaa").await;
    let now = app.clock.now();
    let people: Vec<_> = (0..1500)
        .map(|number| {
            let (letter, name) = if number < 1450 { ('m', "Common Body") } else { ('x', "Rare Body") };
            (hallpass::identity::new_id(now), format!("{letter}{number:04}"), name)
        })
        .collect();
    for people in people.chunks(500) {
        let account = |(id, username, full_name): &'static (String, String, &str)| {
            let account = hallpass::users::queries::NewAccount {
                id,
                username,
                email: None,
                full_name,
                role: Role::Member,
                password_hash: "",
                created_at: now,
            };
            (account, false)
        };
        let people: &'static Vec<_> = Box::leak(Box::new(people.to_vec()));
        let people: Vec<_> = people.iter().map(account).collect();
        app.db.write(async |tx| hallpass::users::queries::insert_many(tx, &people).await).await.unwrap();
    }
    for (query, total) in
        [("q=rare", 50), ("q=body%20rare", 50), ("q=r", 50), ("q=x14&state=enabled", 50), ("q=body", 1500)]
    {
        for sort in ["username", "-username", "created_at", "-created_at", "last_login_at", "-last_login_at"] {
            let mut seen = std::collections::BTreeSet::new();
            let mut cursor = String::new();
            loop {
                let page =
                    admin.get(&format!("/api/users?{query}&count=true&limit=100&sort={sort}{cursor}")).await.json();
                assert_eq!(page["total"], total, "{query} {sort}");
                seen.extend(
                    page["items"].as_array().unwrap().iter().map(|item| item["username"].as_str().unwrap().to_owned()),
                );
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen.len(), total, "{query} {sort}");
        }
    }
}

#[actix_web::test]
async fn pages_through_everybody_once() {
    let app = spawn().await;
    let mut browser = app.signed_in("p00").await;
    for number in 1..25 {
        app.person(&format!("p{number:02}")).await;
    }
    let mut seen = Vec::new();
    let mut query = "limit=10".to_owned();
    loop {
        let page = browser.get(&format!("/api/users?{query}")).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["username"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=10&cursor={cursor}");
    }
    assert_eq!(seen, (0..25).map(|number| format!("p{number:02}")).collect::<Vec<_>>());
    assert_eq!(browser.get("/api/users?limit=25").await.json()["next_cursor"], Value::Null);
    assert_eq!(browser.get("/api/users").await.json()["items"].as_array().unwrap().len(), 20);
}

#[actix_web::test]
async fn with_directory_admins_nobody_else_lists_people() {
    let settings = [("DIRECTORY", "admins"), ("REGISTRATION", "open")];
    let app = spawn_with(&settings).await;
    let mut admin = app.admin("root").await;
    let mut member = app.signed_in("alice").await;
    for path in ["/api/users", "/api/users?q=ro", "/api/users?count=true", "/api/users?limit=1"] {
        admin.get(path).await.is(200, "");
        member.get(path).await.is(403, "forbidden");
    }
    // A token sees what every member sees, also an administrator's.
    let wanted = serde_json::json!({"name": "script", "expires_in_days": 1, "scopes": ["read"]});
    let token = admin.post("/api/tokens", wanted).await.json()["token"].as_str().unwrap().to_owned();
    app.browser().with_bearer(&token).get("/api/users").await.is(403, "forbidden");
    member.get("/api/me").await.is(200, "");

    let check = |variables: &[(&str, &str)]| {
        let output = crate::process::command(app.folder.path(), variables).arg("check").output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(!check(&settings).contains("DIRECTORY"));
    assert!(check(&settings[1..]).contains("set DIRECTORY=admins"));
    assert!(!check(&[]).contains("DIRECTORY"));
}

#[actix_web::test]
async fn hides_disabled_people() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let bob = app.person("bob").await;
    app.disable(&bob).await;
    assert_eq!(names(&mut browser, "").await, ["alice"]);
}
