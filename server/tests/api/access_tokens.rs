//! Access tokens and the refresh tokens that renew them.

use hallpass::identity::Role;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::app::{Answer, Body, Browser, PASSWORD, TestApp, log_line, spawn, spawn_with};

const OFFLINE: (&str, &str) = ("scope", "offline_access");

async fn sign_in_for_tokens(browser: &mut Browser, username: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", "password"), ("username", username), ("password", PASSWORD)];
    fields.extend(more);
    browser.form("/api/token", &fields).await
}

async fn refresh(browser: &mut Browser) -> Answer {
    browser.send(Method::POST, "/api/refresh-token", Body::None).await
}

fn access_token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn oauth_error(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.json()["error_description"].is_string());
    answer.json()["error"].as_str().unwrap().to_owned()
}

/// RFC 9700, section 2.4: today's OAuth has no password grant.
#[actix_web::test]
async fn the_password_grant_can_be_switched_off() {
    let app = spawn_with(&[("PASSWORD_GRANT", "off")]).await;
    app.person("alice").await;
    let mut program = app.browser();
    for password in [PASSWORD, "wrong"] {
        let fields = [("grant_type", "password"), ("username", "alice"), ("password", password)];
        let answer = program.form("/api/token", &fields).await;
        assert_eq!(oauth_error(&answer), "unsupported_grant_type");
        assert_eq!(log_line(&answer)["queries"], 0, "nobody learns whether it was right");
        assert_eq!(log_line(&answer)["code"], "unsupported_grant_type");
    }
    program.login("alice", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn a_password_gives_a_token_and_a_cookie_out_of_reach() {
    let app = spawn().await;
    app.person_with("alice", None, "Alice Moore", Role::Member).await;
    let mut browser = app.browser();
    let answer = sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("bearer"), &json!(300)));
    assert!(body["refresh_token"].is_null(), "it is in the cookie");
    let line = answer.header("set-cookie");
    assert!(
        line.starts_with("refresh_token=") && line.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800"),
        "{line}"
    );

    let mut client = browser.with_bearer(&access_token(&answer));
    let me = client.get("/api/me").await;
    assert_eq!((me.status, &me.json()["username"]), (200, &json!("alice")));
    assert_eq!(log_line(&me)["queries"], 1, "one query, as for a cookie");
    let sessions = client.get("/api/sessions").await.json();
    assert_eq!((&sessions["items"][0]["kind"], &sessions["items"][0]["current"]), (&json!("token"), &json!(true)));
    assert_eq!(client.get("/api/users").await.status, 200);
    browser.get("/api/me").await.is(401, "not_authenticated");

    let https = spawn_with(&[("PUBLIC_URL", "https://login.example.com")]).await;
    https.person("alice").await;
    let answer = sign_in_for_tokens(&mut https.browser(), "alice", &[]).await;
    let line = answer.header("set-cookie");
    assert!(line.starts_with("__Host-refresh_token=") && line.contains("; Secure"), "{line}");
}

#[actix_web::test]
async fn without_remember_the_session_lives_a_day_and_the_cookie_as_long_as_the_browser() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let answer = sign_in_for_tokens(&mut browser, "alice", &[("remember", "false")]).await;
    assert!(!answer.header("set-cookie").contains("Max-Age"), "{}", answer.header("set-cookie"));
    app.advance(24 * 3600 - 100);
    let last = refresh(&mut browser).await;
    assert_eq!(last.json()["expires_in"], 100, "an access token does not outlive its session");
    app.advance(101);
    refresh(&mut browser).await.is(401, "refresh_token_expired");
}

#[actix_web::test]
async fn refusals_are_those_of_oauth() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    for (fields, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password")], "invalid_request"),
        (vec![("grant_type", "password"), ("username", "alice")], "invalid_request"),
        (vec![("grant_type", "password"), ("username", "a\0"), ("password", "x")], "invalid_request"),
        (vec![("grant_type", "password"), ("grant_type", "password")], "invalid_request"),
        (vec![("grant_type", "client_credentials")], "unsupported_grant_type"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "junk")], "invalid_grant"),
        (vec![("grant_type", "password"), ("username", "alice"), ("password", "wrong")], "invalid_grant"),
        (vec![("grant_type", "password"), ("username", "nobody"), ("password", PASSWORD)], "invalid_grant"),
        (
            vec![("grant_type", "password"), ("username", "alice"), ("password", PASSWORD), ("scope", "all")],
            "invalid_scope",
        ),
    ] {
        let answer = browser.form("/api/token", &fields).await;
        assert_eq!(oauth_error(&answer), error, "{fields:?}");
        assert!(answer.cookie("refresh_token").is_none());
    }
    let json = browser.post("/api/token", json!({"grant_type": "password"})).await;
    assert_eq!(oauth_error(&json), "invalid_request");
    for number in 0..8 {
        sign_in_for_tokens(&mut browser, &format!("nobody{number}"), &[]).await;
    }
    sign_in_for_tokens(&mut browser, "alice", &[]).await.is(429, "too_many_attempts");
}

#[actix_web::test]
async fn every_renewal_changes_the_refresh_token() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let mut seen = vec![access_token(&sign_in_for_tokens(&mut browser, "alice", &[]).await)];
    let mut cookies = vec![browser.cookie.clone().unwrap()];
    for _ in 0..5 {
        app.advance(200);
        let answer = refresh(&mut browser).await;
        seen.push(access_token(&answer));
        cookies.push(browser.cookie.clone().unwrap());
    }
    seen.dedup();
    cookies.dedup();
    assert_eq!((seen.len(), cookies.len()), (6, 6));
    assert!(browser.cookie.clone().unwrap().len() < 128);
    let sessions = browser.with_bearer(seen.last().unwrap()).get("/api/sessions").await.json();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1, "all of it is one session");
    app.advance(7 * 24 * 3600);
    refresh(&mut browser).await.is(401, "refresh_token_expired");
}

#[actix_web::test]
async fn a_family_ends_however_often_it_is_renewed() {
    let app = spawn_with(&[("REFRESH_TOKEN_DAYS", "2")]).await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await.is(200, "");
    for _ in 0..47 {
        app.advance(3600);
        refresh(&mut browser).await.is(200, "");
    }
    app.advance(3600 - 1);
    let answer = refresh(&mut browser).await;
    answer.is(200, "");
    assert_eq!(answer.json()["expires_in"], 1, "the last token ends with it");
    let mut bearer = browser.with_bearer(&access_token(&answer));
    bearer.get("/api/me").await.is(200, "");
    app.advance(1);
    refresh(&mut browser).await.is(401, "refresh_token_expired");
    bearer.get("/api/me").await.is(401, "session_ended");
}

#[actix_web::test]
async fn fifty_at_once_get_the_same_successor() {
    let app = spawn().await;
    let other = app.twin().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    for _ in 0..5 {
        let crowd = (0..50).map(|number| {
            let base = if number % 2 == 0 { app.url("") } else { other.url("") };
            let mut tab = Browser { base, ..browser.clone() };
            async move {
                let answer = refresh(&mut tab).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                tab.cookie.unwrap()
            }
        });
        let mut cookies = futures_util::future::join_all(crowd).await;
        cookies.dedup();
        assert_eq!(cookies.len(), 1, "one successor");
        browser.cookie = cookies.pop();
        app.advance(60);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM refresh_token WHERE used_at IS NULL").await, 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM refresh_token").await, 6);
}

#[actix_web::test]
async fn a_copied_refresh_token_ends_the_family() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let mut thief = browser.clone();
    let secret = access_token(&refresh(&mut browser).await);
    let mut client = browser.with_bearer(&secret);
    app.advance(10);
    let within_grace = refresh(&mut thief.clone()).await;
    assert_eq!(within_grace.status, 200, "a repeated request within ten seconds is an accident");
    app.advance(1);
    let answer = refresh(&mut thief).await;
    answer.is(401, "refresh_token_reused");
    assert!(answer.header("set-cookie").is_empty(), "a refusal takes nobody's cookie away");
    let ended = client.get("/api/me").await;
    ended.is(401, "session_ended");
    assert_eq!(ended.json()["reason"], "revoked");
    refresh(&mut browser).await.is(401, "session_ended");
    let audit = "SELECT COUNT(*) FROM audit_event WHERE event = 'refresh_token_reused' AND session_id IS NOT NULL";
    assert_eq!(app.number(audit).await, 1);
}

#[actix_web::test]
async fn a_rotated_session_key_still_knows_its_successors() {
    const OLD: &str = "the first key of the tests is long enough";
    const NEW: &str = "the second key of the tests is long enough";
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let mut late = browser.clone();
    refresh(&mut browser).await;
    let database = app.config.database.url.expose_secret();
    let jwt = app.config.token.keys.expose_secret();
    let rotated = format!("{NEW},{OLD}");
    let second = spawn_with(&[("SESSION_KEY", &rotated), ("DATABASE_URL", database), ("JWT_KEY", jwt)]).await;
    late.base = second.url("");
    assert_eq!(refresh(&mut late).await.status, 200);
    assert_eq!(late.cookie, browser.cookie);
}

#[actix_web::test]
async fn programs_hold_their_refresh_token_themselves() {
    let app = spawn().await;
    app.person("alice").await;
    let mut program = app.browser();
    program.user_agent = Some("curl/8".to_owned());
    let answer = sign_in_for_tokens(&mut program, "alice", &[OFFLINE]).await;
    assert!(answer.header("set-cookie").is_empty());
    let mut token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let first = token.clone();
    program.user_agent = Some("another/1".to_owned());
    for _ in 0..3 {
        app.advance(60);
        let answer = program.form("/api/token", &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await;
        assert_eq!(program.with_bearer(&access_token(&answer)).get("/api/me").await.status, 200);
        token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    }
    let answer = program.form("/api/token", &[("grant_type", "refresh_token"), ("refresh_token", &first)]).await;
    assert_eq!(oauth_error(&answer), "invalid_grant");
    let answer = program.form("/api/token", &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await;
    assert_eq!(oauth_error(&answer), "invalid_grant", "the family has ended");
}

#[actix_web::test]
async fn an_ended_session_takes_its_tokens_with_it() {
    let app = spawn().await;
    let id = app.person("alice").await;
    let mut cookie_browser = app.browser();
    cookie_browser.login("alice", PASSWORD).await;
    for way in ["revoked", "logged_out", "logged_out by cookie", "disabled"] {
        let mut browser = app.browser();
        let secret = access_token(&sign_in_for_tokens(&mut browser, "alice", &[]).await);
        let mut client = browser.with_bearer(&secret);
        assert_eq!(client.get("/api/me").await.status, 200);
        match way {
            "revoked" => {
                let session = client.get("/api/me").await.json()["session"]["id"].as_str().unwrap().to_owned();
                assert_eq!(cookie_browser.delete(&format!("/api/sessions/{session}")).await.status, 204);
            }
            "logged_out" => {
                assert_eq!(client.logout().await.status, 204);
            }
            "logged_out by cookie" => {
                let mut jar = browser.clone();
                let answer = jar.logout().await;
                assert!(
                    answer.cookie("refresh_token").is_some_and(|(_, value)| value.is_empty()),
                    "the cookie is removed"
                );
            }
            _ => app.disable(&id).await,
        }
        let answer = client.get("/api/me").await;
        answer.is(401, "session_ended");
        assert_eq!(answer.json()["reason"], way.split(' ').next().unwrap());
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="hallpass", error="invalid_token""#);
        refresh(&mut browser).await.is(401, "session_ended");
    }
}

#[actix_web::test]
async fn signing_in_again_replaces_the_session_of_the_cookie() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let secret = access_token(&sign_in_for_tokens(&mut browser, "alice", &[]).await);
    let mut first = browser.with_bearer(&secret);
    let second = access_token(&sign_in_for_tokens(&mut browser, "alice", &[]).await);
    let answer = first.get("/api/me").await;
    answer.is(401, "session_ended");
    assert_eq!(answer.json()["reason"], "replaced");
    assert_eq!(browser.with_bearer(&second).get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn signing_out_ends_whatever_the_request_brings() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let session_cookie = browser.cookie.clone();
    let mut tokens = app.browser();
    let secret = access_token(&sign_in_for_tokens(&mut tokens, "alice", &[]).await);
    let mut everything = browser.with_bearer(&secret);
    everything.cookie = session_cookie.clone();
    assert_eq!(everything.logout().await.status, 204);
    browser.cookie = session_cookie;
    browser.get("/api/me").await.is(401, "session_ended");
    browser.with_bearer(&secret).get("/api/me").await.is(401, "session_ended");
    refresh(&mut tokens).await.is(401, "session_ended");

    let mut browser = app.browser();
    browser.login("alice", PASSWORD).await;
    let cookie = browser.cookie.clone();
    browser.headers = vec![("authorization", "Bearer junk".to_owned())];
    assert_eq!(browser.logout().await.status, 204, "a bad token is no reason to stay signed in");
    (browser.headers, browser.cookie) = (Vec::new(), cookie);
    browser.get("/api/me").await.is(401, "session_ended");
}

#[actix_web::test]
async fn a_bearer_wins_over_a_cookie() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.person("bob").await;
    let token = access_token(&sign_in_for_tokens(&mut app.browser(), "bob", &[]).await);
    browser.headers = vec![("authorization", format!("bearer {token}"))];
    assert_eq!(browser.get("/api/me").await.json()["username"], "bob");
    for bad in ["Bearer", "Bearer ", "Bearer junk", "Bearer hp_junk", "bearer a.b.c"] {
        browser.headers = vec![("authorization", bad.to_owned())];
        let answer = browser.get("/api/me").await;
        answer.is(401, "not_authenticated");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="hallpass", error="invalid_token""#, "{bad}");
        assert_eq!(log_line(&answer)["queries"], 0, "{bad}");
    }
    for foreign in ["Basic YTpi", "Bearerx y", "Digest a"] {
        browser.headers = vec![("authorization", foreign.to_owned())];
        assert_eq!(browser.get("/api/me").await.json()["username"], "alice", "{foreign} is somebody else's business");
    }
    browser.headers = Vec::new();
    browser.cookie = None;
    assert!(
        browser.get("/api/me").await.header("www-authenticate").is_empty(),
        "a browser is not to ask for a password"
    );
}

fn signing_key(app: &TestApp) -> EncodingKey {
    EncodingKey::from_ed_pem(app.config.token.keys.expose_secret().as_bytes()).unwrap()
}

/// Header and claims of a real token, to be forged.
async fn real_token(app: &TestApp) -> (String, Header, Value) {
    app.person("alice").await;
    let token = access_token(&sign_in_for_tokens(&mut app.browser(), "alice", &[]).await);
    let header = decode_header(&token).unwrap();
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(&token).unwrap().claims;
    (token, header, claims)
}

#[actix_web::test]
async fn forged_and_stale_tokens_are_refused() {
    let app = spawn().await;
    let (token, header, claims) = real_token(&app).await;
    let key = signing_key(&app);
    let now = claims["iat"].as_i64().unwrap();
    let me = async |token: String| app.browser().with_bearer(&token).get("/api/me").await.status;
    let with = |change: Value| {
        let mut claims = claims.clone();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        encode(&header, &claims, &key).unwrap()
    };
    assert_eq!(me(with(json!({}))).await, 200, "the forger's tools work");
    assert_eq!(me(with(json!({"exp": now - 4}))).await, 200, "within the leeway");
    assert_eq!(me(with(json!({"nbf": now + 4}))).await, 200, "within the leeway");
    let mut unstamped = claims.clone();
    unstamped.as_object_mut().unwrap().remove("stamp").expect("a token carries the stamp of its session");
    assert_eq!(me(encode(&header, &unstamped, &key).unwrap()).await, 401, "as earlier versions made them");
    for change in [
        json!({"exp": now - 6}),
        json!({"exp": "never"}),
        json!({"exp": null}),
        json!({"nbf": now + 6}),
        json!({"nbf": "0"}),
        json!({"nbf": null}),
        json!({"aud": "https://other.example"}),
        json!({"aud": null}),
        json!({"iss": "https://other.example"}),
        json!({"iss": null}),
        json!({"sub": "0191e000-0000-7000-8000-000000000000"}),
        json!({"sid": "0191e000-0000-7000-8000-000000000000"}),
        json!({"sid": null}),
        json!({"stamp": "AAAAAAAAAAAAAAAA"}),
        json!({"stamp": null}),
    ] {
        assert_eq!(me(with(change.clone())).await, 401, "{change}");
    }

    let [head, body, signature] = <[&str; 3]>::try_from(token.split('.').collect::<Vec<_>>()).unwrap();
    let encoded = |value: Value| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
    };
    let kid = header.kid.clone().unwrap();
    let public = app.browser().get("/.well-known/jwks.json").await.json()["keys"][0]["x"].as_str().unwrap().to_owned();
    let hmac = |algorithm: Algorithm, secret: &[u8]| {
        let header = Header { kid: Some(kid.clone()), typ: header.typ.clone(), ..Header::new(algorithm) };
        encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let other = EncodingKey::from_ed_pem(another_key().as_bytes()).unwrap();
    let other_public = Jwk::from_encoding_key(&other, Algorithm::EdDSA).unwrap();
    let header_with = |change: fn(&mut Header)| {
        let mut header = header.clone();
        change(&mut header);
        header
    };
    for (name, forged) in [
        ("none", format!("{}.{body}.", encoded(json!({"alg": "none", "typ": "at+jwt", "kid": kid})))),
        ("NONE", format!("{}.{body}.", encoded(json!({"alg": "NONE", "typ": "at+jwt", "kid": kid})))),
        ("none with a signature", format!("{}.{body}.{signature}", encoded(json!({"alg": "none", "kid": kid})))),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{token}.x")),
        ("another signature", format!("{head}.{body}.{}", "A".repeat(signature.len()))),
        ("another body", format!("{head}.{}.{signature}", encoded(json!({"sub": "x"})))),
        ("HS256 with the public key", hmac(Algorithm::HS256, public.as_bytes())),
        ("HS512 with the empty key", hmac(Algorithm::HS512, b"")),
        ("another key", encode(&header, &claims, &other).unwrap()),
        (
            "another kid",
            encode(&header_with(|header| header.kid = Some("../../etc/passwd".to_owned())), &claims, &key).unwrap(),
        ),
        ("no kid", encode(&header_with(|header| header.kid = None), &claims, &key).unwrap()),
        ("another type", encode(&header_with(|header| header.typ = Some("JWT".to_owned())), &claims, &key).unwrap()),
        ("a key of its own", encode(&Header { jwk: Some(other_public), ..header.clone() }, &claims, &other).unwrap()),
        (
            "a key from elsewhere",
            encode(&Header { jku: Some("http://evil.example".to_owned()), ..header.clone() }, &claims, &other).unwrap(),
        ),
    ] {
        assert_eq!(me(forged).await, 401, "{name}");
    }
    app.advance(304);
    assert_eq!(me(token.clone()).await, 200);
    app.advance(1);
    assert_eq!(me(token).await, 401, "five minutes and five seconds");
}

fn another_key() -> String {
    let folder = tempfile::tempdir().unwrap();
    made_key(folder.path(), &["-algorithm", "ed25519"])
}

fn made_key(folder: &std::path::Path, options: &[&str]) -> String {
    let path = folder.join("key.pem");
    let made =
        std::process::Command::new("openssl").arg("genpkey").args(options).arg("-out").arg(&path).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    std::fs::read_to_string(path).unwrap()
}

#[actix_web::test]
async fn a_cookie_session_is_none_that_a_token_can_name() {
    let app = spawn().await;
    let mut browser = app.signed_in("bob").await;
    let me = browser.get("/api/me").await.json();
    let (_, header, mut claims) = real_token(&app).await;
    claims["sub"] = me["id"].clone();
    claims["sid"] = me["session"]["id"].clone();
    let forged = encode(&header, &claims, &signing_key(&app)).unwrap();
    browser.with_bearer(&forged).get("/api/me").await.is(401, "not_authenticated");
}

#[actix_web::test]
async fn others_verify_with_the_published_keys() {
    let folder = tempfile::tempdir().unwrap();
    let curve = made_key(folder.path(), &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let edwards = made_key(folder.path(), &["-algorithm", "ed25519"]);
    for (keys, algorithm) in
        [(format!("{curve}{edwards}"), Algorithm::ES256), (format!("{edwards}{curve}"), Algorithm::EdDSA)]
    {
        let app = spawn_with(&[("JWT_KEY", &keys)]).await;
        let (token, header, _) = real_token(&app).await;
        assert_eq!(header.alg, algorithm);
        let set = app.browser().get("/.well-known/jwks.json").await;
        assert!(!set.text().contains("\"d\""), "no private part");
        let set: JwkSet = serde_json::from_value(set.json()).unwrap();
        assert_eq!(set.keys.len(), 2);
        let key = set.find(header.kid.as_deref().unwrap()).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&["http://localhost:3000"]);
        validation.set_issuer(&["http://localhost:3000"]);
        validation.validate_exp = false;
        let verified = decode::<Value>(&token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap();
        for claim in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
            assert!(!verified.claims[claim].is_null(), "{claim}");
        }
        assert_eq!(verified.claims["exp"].as_i64().unwrap() - verified.claims["iat"].as_i64().unwrap(), 300);
    }
}

#[actix_web::test]
async fn keys_rotate_without_refusing_anybody() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (made_key(folder.path(), &["-algorithm", "ed25519"]), another_key());
    let app = spawn_with(&[("JWT_KEY", &old)]).await;
    let (token, ..) = real_token(&app).await;
    let database = app.config.database.url.expose_secret();
    for (keys, status) in [(format!("{new}{old}"), 200), (new.clone(), 401)] {
        let next = spawn_with(&[("JWT_KEY", &keys), ("DATABASE_URL", database)]).await;
        assert_eq!(next.browser().with_bearer(&token).get("/api/me").await.status, status);
    }
}

#[actix_web::test]
async fn a_database_that_is_away_is_503_for_tokens_too() {
    let app = spawn().await;
    let (token, ..) = real_token(&app).await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let cookie = browser.cookie.clone();
    app.db.close().await;
    browser.with_bearer(&token).get("/api/me").await.is(503, "unavailable");
    refresh(&mut browser).await.is(503, "unavailable");
    assert_eq!(browser.cookie, cookie);
    sign_in_for_tokens(&mut browser, "alice", &[]).await.is(503, "unavailable");
}

#[actix_web::test]
async fn another_site_can_do_nothing_with_the_refresh_cookie() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let mut evil = browser.clone();
    evil.headers = vec![("origin", "https://evil.example".to_owned())];
    refresh(&mut evil).await.is(403, "cross_site_request");
    sign_in_for_tokens(&mut evil, "alice", &[]).await.is(403, "cross_site_request");
    assert_eq!(refresh(&mut browser).await.status, 200);
    let planted = format!("{}; refresh_token=planted", browser.cookie.clone().unwrap());
    browser.cookie = Some(planted);
    refresh(&mut browser).await.is(200, "");
}

#[actix_web::test]
async fn a_late_answer_brings_the_newest_token_and_ends_nothing() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let first = browser.cookie.clone();
    access_token(&refresh(&mut browser).await);
    app.advance(1);
    access_token(&refresh(&mut browser).await);
    let newest = browser.cookie.clone();
    app.advance(4);
    browser.cookie = first;
    access_token(&refresh(&mut browser).await);
    assert_eq!(browser.cookie, newest);
    app.advance(300);
    access_token(&refresh(&mut browser).await);
}

#[actix_web::test]
async fn a_session_is_renewed_thirty_times_a_minute_at_most() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let offline = sign_in_for_tokens(&mut app.browser(), "alice", &[OFFLINE]).await.json();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    for _ in 0..29 {
        access_token(&refresh(&mut browser).await);
    }
    let refused = refresh(&mut browser).await;
    assert_eq!(refused.is(429, "too_many_attempts").header("retry-after"), "60");
    let token = offline["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    access_token(&app.browser().form("/api/token", &fields).await);
    app.advance(61);
    access_token(&refresh(&mut browser).await);
}

#[actix_web::test]
async fn a_thief_who_uses_up_the_renewals_is_found_all_the_same() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let mut thief = browser.clone();
    for _ in 0..29 {
        access_token(&refresh(&mut thief).await);
    }
    refresh(&mut thief).await.is(429, "too_many_attempts");
    app.advance(11);
    refresh(&mut browser).await.is(401, "refresh_token_reused");
    refresh(&mut thief).await.is(401, "session_ended");
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE event = 'refresh_token_reused'").await, 1);
}

const NEW: &str = "other words nobody guesses";

/// Changes Alice's password with this access token.
async fn change_password(browser: &mut Browser, token: &str) -> Answer {
    browser.headers = vec![("authorization", format!("Bearer {token}"))];
    let answer = browser.post("/api/password", json!({"current_password": PASSWORD, "new_password": NEW})).await;
    browser.headers.clear();
    answer
}

#[actix_web::test]
async fn a_new_password_ends_what_was_copied_of_a_browser() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let first = access_token(&sign_in_for_tokens(&mut browser, "alice", &[]).await);
    let second = access_token(&refresh(&mut browser).await);
    let mut thief = browser.clone();
    let mut follower = crate::events::Events::open(&browser.with_bearer(&second)).await;
    // All of it within one second.
    let answer = change_password(&mut browser, &second).await;
    let line = answer.is(204, "").header("set-cookie");
    assert!(line.starts_with("refresh_token=") && line.ends_with("; Max-Age=604800"), "{line}");
    assert_ne!(browser.cookie, thief.cookie);
    for copied in [&first, &second] {
        browser.with_bearer(copied).get("/api/me").await.is(401, "not_authenticated");
        browser.with_bearer(copied).logout().await.is(204, "");
    }
    assert_eq!(follower.next().await, None);
    refresh(&mut thief.clone()).await.is(401, "not_authenticated");
    let third = access_token(&refresh(&mut browser).await);
    let me = browser.with_bearer(&third).get("/api/me").await;
    assert_eq!((me.status, log_line(&me)["queries"].clone()), (200, json!(1)));
    app.advance(60);
    refresh(&mut thief).await.is(401, "not_authenticated");
    access_token(&refresh(&mut browser).await);
}

#[actix_web::test]
async fn a_new_password_ends_what_was_copied_of_a_program() {
    let app = spawn().await;
    app.person("alice").await;
    let answer = sign_in_for_tokens(&mut app.browser(), "alice", &[OFFLINE]).await;
    let copied = access_token(&answer);
    let refresh_token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let mut program = app.browser();
    // Somebody else's cookie beside it changes nothing.
    sign_in_for_tokens(&mut program, "alice", &[]).await;
    let answer = change_password(&mut program, &copied).await;
    assert_eq!((answer.status, answer.cookie("refresh_token")), (204, None));
    program.with_bearer(&copied).get("/api/me").await.is(401, "not_authenticated");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh_token)];
    let renewed = access_token(&app.browser().form("/api/token", &fields).await);
    program.with_bearer(&renewed).get("/api/me").await.is(200, "");
    // No second of grace: of two that have it, one is a thief.
    assert_eq!(oauth_error(&app.browser().form("/api/token", &fields).await), "invalid_grant");
    program.with_bearer(&renewed).get("/api/me").await.is(401, "session_ended");
}

#[actix_web::test]
async fn of_two_refresh_cookies_the_one_that_is_known_is_ours() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    let made_up = format!("refresh_token={}", hallpass::secret::token::PlainToken::generate().expose());
    for planted in [&*made_up, "refresh_token=junk", "refresh_token="] {
        let good = browser.cookie.clone().unwrap();
        browser.cookie = Some(format!("{planted}; {good}"));
        access_token(&refresh(&mut browser).await);
        let good = browser.cookie.clone().unwrap();
        browser.cookie = Some(format!("{good}; {planted}"));
        access_token(&refresh(&mut browser).await);
    }
    let good = browser.cookie.clone().unwrap();
    let mut other = app.browser();
    sign_in_for_tokens(&mut other, "alice", &[]).await;
    browser.cookie = Some(format!("{}; {good}", other.cookie.unwrap()));
    refresh(&mut browser).await.is(401, "not_authenticated");
    browser.cookie = Some(format!("{made_up}; {good}"));
    browser.logout().await.is(204, "");
    browser.cookie = Some(good);
    refresh(&mut browser).await.is(401, "session_ended");
}

#[actix_web::test]
async fn an_access_token_that_has_run_out_still_signs_out() {
    let app = spawn().await;
    app.person("alice").await;
    let answer = sign_in_for_tokens(&mut app.browser(), "alice", &[OFFLINE]).await;
    let mut program = app.browser().with_bearer(&access_token(&answer));
    app.advance(3600);
    program.get("/api/me").await.is(401, "not_authenticated");
    program.logout().await.is(204, "");
    let token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    assert_eq!(oauth_error(&app.browser().form("/api/token", &fields).await), "invalid_grant");
}

#[actix_web::test]
async fn without_a_database_signing_out_still_takes_the_cookies_away() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    sign_in_for_tokens(&mut browser, "alice", &[]).await;
    app.db.close().await;
    let answer = browser.logout().await;
    answer.is(503, "unavailable");
    assert_eq!(answer.cookie("refresh_token"), Some(("refresh_token".to_owned(), String::new())));
    assert_eq!(answer.session_cookie(), Some(("session_id".to_owned(), String::new())));
}
