//! Who may call what, as the document says it: every operation, those to come as well.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hallpass::openapi;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::app::{Answer, Body, Browser, codes, spawn};

const NOBODY: &str = "0191e000-0000-7000-8000-000000000000";

/// An operation, and a request for it that would be understood.
struct Operation {
    id: String,
    /// The method and the pattern of the path.
    route: String,
    method: Method,
    path: String,
    body: Option<Value>,
    /// Whether it takes credentials.
    is_guarded: bool,
    /// Everything that it may refuse with.
    codes: BTreeSet<String>,
    streams: bool,
}

impl Operation {
    fn all() -> Vec<Self> {
        let document = openapi::document();
        let paths = document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
        });
        operations.map(|(path, method, operation)| Self::read(&document, path, method, operation)).collect()
    }

    fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let route = format!("{} {path}", method.to_uppercase());
        let (mut path, mut query) = (format!("/api{path}"), Vec::new());
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            if parameter["in"] == "path" {
                path = path.replace(&format!("{{{name}}}"), NOBODY);
            } else if let Value::String(choice) = &resolve(document, &parameter["schema"])["enum"][0] {
                query.push(format!("{name}={choice}"));
            }
        }
        let responses = operation["responses"].as_object().unwrap();
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        Self {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            route,
            method: method.to_uppercase().parse().unwrap(),
            path: if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) },
            body: (!body.is_null()).then(|| example(document, body)),
            is_guarded: !operation["security"].is_null(),
            codes: responses.values().flat_map(codes).collect(),
            streams: !operation["responses"]["200"]["content"]["text/event-stream"].is_null(),
        }
    }

    fn refuses_with(&self, code: &str) -> bool {
        self.codes.contains(code)
    }

    async fn call(&self, browser: &mut Browser) -> Answer {
        let body = self.body.clone().map_or(Body::None, Body::Json);
        browser.send(self.method.clone(), &self.path, body).await
    }
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

/// What a schema describes, with nothing in it that is not required.
fn example(document: &Value, schema: &Value) -> Value {
    let schema = resolve(document, schema);
    if let Some(choice) = schema["enum"].get(0) {
        return choice.clone();
    }
    match schema["type"].as_str().unwrap_or("null") {
        "object" => {
            let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
            let fields = required.map(|name| (name.to_owned(), example(document, &schema["properties"][name])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        "array" => json!([example(document, &schema["items"])]),
        "string" => json!("x"),
        "integer" => schema["minimum"].clone(),
        "boolean" => json!(true),
        other => panic!("no example of {other}"),
    }
}

/// Everything that is answered without a credential. A route that is added here is open to the internet.
const PUBLIC: [&str; 15] = [
    "GET /docs",
    "GET /features",
    "GET /health",
    "GET /links/{token}",
    "GET /openapi.json",
    "GET /servertime",
    "GET /setup",
    "POST /forgot-password",
    "POST /links/{token}",
    "POST /login",
    "POST /logout",
    "POST /refresh-token",
    "POST /register",
    "POST /setup",
    "POST /token",
];

/// Everything that only administrators may call. `GET /users` is for members, without the filters.
const ADMINISTRATION: [&str; 12] = [
    "DELETE /users/{id}",
    "DELETE /users/{id}/sessions",
    "DELETE /users/{id}/sessions/{session_id}",
    "DELETE /users/{id}/tokens",
    "GET /audit",
    "GET /site",
    "GET /users/{id}",
    "GET /users/{id}/sessions",
    "GET /users/{id}/tokens",
    "PATCH /users/{id}",
    "POST /users",
    "POST /users/{id}/reset-link",
];

/// Every route below `/api`, as the source registers it.
fn routes() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut routes = BTreeSet::new();
    for path in crate::architecture::sources(&root) {
        let source = fs::read_to_string(&path).unwrap();
        for registration in source.split("endpoint(\"").skip(1) {
            let (pattern, rest) = registration.split_once('"').unwrap();
            let methods = rest.split(".service(").next().unwrap().split(';').next().unwrap();
            for method in ["get", "post", "put", "patch", "delete"] {
                if methods.contains(&format!(".{method}(")) {
                    routes.insert(format!("{} {pattern}", method.to_uppercase()));
                }
            }
        }
    }
    assert!(routes.len() > 40, "{routes:?}");
    routes
}

#[test]
fn every_route_is_in_the_document_and_what_is_public_is_written_down() {
    let documented: BTreeSet<String> = Operation::all().iter().map(|operation| operation.route.clone()).collect();
    assert_eq!(routes(), documented);
    let open = Operation::all().into_iter().filter(|operation| !operation.is_guarded).map(|operation| operation.route);
    let mut open: BTreeSet<String> = open.collect();
    // The refresh cookie is its credential.
    open.insert("POST /refresh-token".to_owned());
    assert_eq!(open, PUBLIC.map(str::to_owned).into());
}

#[actix_web::test]
async fn nobody_gets_in_without_a_credential() {
    let app = spawn().await;
    let all = Operation::all().into_iter();
    let guarded: Vec<_> = all.filter(|operation| !PUBLIC.contains(&operation.route.as_str())).collect();
    assert!(guarded.len() >= 27, "{}", guarded.len());
    for operation in guarded {
        for mut caller in [app.browser(), app.browser().with_bearer("hp_nonsense"), app.browser().with_bearer("a.b.c")]
        {
            let answer = operation.call(&mut caller).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "not_authenticated"), "{}", operation.id);
        }
    }
}

#[actix_web::test]
async fn members_do_not_administer() {
    let app = spawn().await;
    let mut member = app.signed_in("alice").await;
    let is_administration = |operation: &Operation| ADMINISTRATION.contains(&operation.route.as_str());
    let for_administrators = Operation::all().into_iter().filter(is_administration);
    let mut count = 0;
    for operation in for_administrators {
        let answer = operation.call(&mut member).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{}", operation.id);
        count += 1;
    }
    assert!(count >= 10, "{count}");
    // Whoever else may be refused so is a member who asks for more.
    let others = Operation::all().into_iter().filter(|operation| operation.refuses_with("forbidden"));
    let others: Vec<_> = others.filter(|operation| !is_administration(operation)).map(|other| other.route).collect();
    assert_eq!(others, ["GET /users"]);
}

#[actix_web::test]
async fn tokens_for_scripts_do_what_the_document_grants_them() {
    let app = spawn().await;
    let mut admin = app.admin("alice").await;
    let wanted = json!({"name": "x", "expires_in_days": 1, "scopes": ["read"]});
    let made = admin.post("/api/tokens", wanted).await.json();
    let mut script = admin.with_bearer(made["token"].as_str().unwrap());
    let (mut refused, mut granted) = (0, 0);
    for operation in Operation::all() {
        if operation.refuses_with("insufficient_scope") {
            let answer = operation.call(&mut script).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "insufficient_scope"), "{}", operation.id);
            refused += 1;
        } else if operation.is_guarded && !operation.refuses_with("forbidden") && !operation.streams {
            let answer = operation.call(&mut script).await;
            let is_refresh = operation.id == "refreshToken";
            assert!(is_refresh || !matches!(answer.status, 401 | 403), "{}: {}", operation.id, answer.text());
            granted += 1;
        }
    }
    assert!(refused >= 20 && granted >= 3, "{refused} {granted}");
    admin.get("/api/me").await.is(200, "");
}
