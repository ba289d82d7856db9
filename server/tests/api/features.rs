//! What the sign-in pages offer.

use hallpass::identity::Role;
use serde_json::json;

use crate::app::{log_line, spawn, spawn_with};

#[actix_web::test]
async fn features_are_those_of_the_configuration() {
    let app = spawn().await;
    let closed = json!({
        "registration": "closed", "mail": false, "setup_needed": true, "password": {"login": true, "min_length": 12},
        "passkeys": false, "providers": [], "last_used": null,
    });
    assert_eq!(app.browser().get("/api/features").await.json(), closed);

    let settings = [
        ("REGISTRATION", "open"),
        ("PASSWORD_MIN_LENGTH", "15"),
        // Nobody listens there.
        ("SMTP_URL", "smtp://127.0.0.1:1"),
        ("MAIL_FROM", "hallpass@example.com"),
    ];
    let app = spawn_with(&settings).await;
    app.person_with("root", None, "", Role::Admin).await;
    let open = json!({
        "registration": "open", "mail": true, "setup_needed": false, "password": {"login": true, "min_length": 15},
        "passkeys": false, "providers": [], "last_used": null,
    });
    assert_eq!(app.browser().get("/api/features").await.json(), open);
}

#[actix_web::test]
async fn setup_is_needed_until_there_is_an_administrator() {
    let app = spawn().await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/api/features").await.json()["setup_needed"], true);
    app.person("bob").await;
    assert_eq!(browser.get("/api/features").await.json()["setup_needed"], true);
    let token = app.setup_token().await;
    let first = json!({"token": token, "username": "root", "password": "other words nobody guesses"});
    app.browser().post("/api/setup", first).await.is(201, "");
    assert_eq!(browser.get("/api/features").await.json()["setup_needed"], false);
}

#[actix_web::test]
async fn features_are_the_same_for_everybody() {
    let app = spawn().await;
    let mut signed_in = app.admin("alice").await;
    let nobody = app.browser().get("/api/features").await;
    let bad = app.browser().with_bearer("hp_nonsense").get("/api/features").await;
    let alice = signed_in.get("/api/features").await;
    for answer in [&nobody, &bad, &alice] {
        answer.is(200, "");
        assert_eq!(answer.body, nobody.body);
        assert!(answer.headers.get("set-cookie").is_none());
        assert_eq!(
            (log_line(answer)["queries"].clone(), log_line(answer)["path"].clone()),
            (1.into(), "/api/features".into())
        );
    }
}
