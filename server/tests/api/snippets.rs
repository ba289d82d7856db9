//! The examples of docs/TOKENS.md do what they say.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::app::{PASSWORD, spawn};
use hallpass::clock::Clock;

/// The code blocks of the page, with their language.
fn snippets() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/TOKENS.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("\n```").skip(1).step_by(2);
    let snippets = blocks.map(|block| block.split_once('\n').unwrap());
    snippets.filter(|(kind, _)| *kind != "text").map(|(kind, code)| (kind.to_owned(), code.to_owned())).collect()
}

#[actix_web::test]
async fn every_example_runs() {
    let snippets = snippets();
    assert_eq!(snippets.len(), 6, "{snippets:?}");
    let folder = tempfile::tempdir().unwrap();
    for (number, (kind, code)) in snippets.iter().enumerate() {
        // The examples go by the machine's clock.
        let now = Clock::system().now();
        let app = spawn().await;
        app.clock.advance(now.since(app.clock.now()));
        app.person("alice").await;
        let mut browser = app.browser();
        browser.login("alice", PASSWORD).await;
        let wanted = json!({"name": "example", "expires_in_days": 1, "scopes": ["read"]});
        let token = browser.post("/api/tokens", wanted).await.json()["token"].as_str().unwrap().to_owned();
        let fields = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
        let access_token = app.browser().form("/api/token", &fields).await.json()["access_token"].clone();
        let id = browser.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();

        let (program, extension) = match kind.as_str() {
            "sh" => ("bash", "sh"),
            "python" => ("python3", "py"),
            "ts" => ("node", "mjs"),
            other => panic!("an example in {other}"),
        };
        let file = folder.path().join(format!("{number}.{extension}"));
        std::fs::write(&file, code).unwrap();
        let mut command = Command::new(program);
        command.arg(&file).envs([
            ("HALLPASS", app.url("").as_str()),
            ("HALLPASS_TOKEN", &token),
            ("HALLPASS_USER", "alice"),
            ("HALLPASS_PASSWORD", PASSWORD),
            ("HALLPASS_ISSUER", "http://localhost:3000"),
            ("HALLPASS_ACCESS_TOKEN", access_token.as_str().unwrap()),
        ]);
        let output = actix_web::web::block(move || command.output()).await.unwrap();
        let output = output.unwrap_or_else(|error| panic!("{program} is needed to run the examples: {error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{code}\n{said}{}", String::from_utf8_lossy(&output.stderr));
        let told = ["alice", &id, "access_token"].iter().any(|word| said.contains(*word));
        assert!(told, "{code}\n{said}");
    }
}
