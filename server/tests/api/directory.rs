//! The directory of people.

use hallpass::identity::Role;
use serde_json::Value;

use crate::app::{Browser, spawn};

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
async fn hides_disabled_people() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let bob = app.person("bob").await;
    app.disable(&bob).await;
    assert_eq!(names(&mut browser, "").await, ["alice"]);
}
