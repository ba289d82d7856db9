//! The web app's files and its page.

use reqwest::Method;

use crate::app::{Answer, Body, Browser, log_line, spawn, spawn_with};

fn navigating(mut browser: Browser) -> Browser {
    browser.headers = vec![("accept", "text/html,application/xhtml+xml,*/*;q=0.8".to_owned())];
    browser
}

#[actix_web::test]
async fn the_page_answers_navigations() {
    let app = spawn().await;
    let mut browser = navigating(app.browser());
    for path in ["/", "/search", "/search?q=a.b", "/account", "/link/abc", "/nowhere/at/all"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
        );
    }
    let head = browser.send(Method::HEAD, "/search", Body::None).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

/// curl, load balancers, uptime monitors and link previews send `*/*` or no Accept header at all.
#[actix_web::test]
async fn the_page_answers_every_client_that_takes_html() {
    let app = spawn().await;
    let mut browser = app.browser();
    let document = ("sec-fetch-dest", "document");
    for headers in [
        &[][..],
        &[("accept", "*/*")],
        &[("accept", "text/*")],
        &[("accept", "image/*, */*;q=0.1")],
        &[("accept", "application/json, text/html;q=0.5")],
        &[("accept", "text/html"), document],
        &[("accept", "*/*"), ("sec-fetch-dest", "empty")],
    ] {
        browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        for (method, path) in
            [(Method::GET, "/"), (Method::HEAD, "/"), (Method::GET, "/link/abc"), (Method::HEAD, "/x")]
        {
            let answer = browser.send(method.clone(), path, Body::None).await;
            let found = (answer.status, answer.header("content-type"), answer.header("vary"));
            let page = (200, "text/html; charset=utf-8", "accept-encoding, accept, sec-fetch-dest");
            assert_eq!(found, page, "{method} {path} {headers:?}");
        }
    }
    for headers in [
        &[("accept", "application/json")][..],
        &[("accept", "text/html;q=0, */*")],
        &[("accept", "*/*;q=0")],
        &[("accept", "image/avif,image/webp,*/*;q=0.8"), ("sec-fetch-dest", "image")],
        &[("accept", "*/*"), ("sec-fetch-dest", "script")],
        &[("accept", "text/css,*/*;q=0.1"), ("sec-fetch-dest", "style")],
        &[("sec-fetch-dest", "font")],
        &[("accept", "application/json"), ("sec-fetch-dest", "empty")],
    ] {
        browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        for path in ["/", "/link/abc", "/x"] {
            browser.get(path).await.is(404, "not_found");
        }
        assert_eq!(browser.get("/theme.js").await.status, 200, "files do not ask: {headers:?}");
    }
}

#[actix_web::test]
async fn password_managers_find_the_page_for_a_new_password() {
    let app = spawn().await;
    let mut browser = app.browser();
    for (method, accept) in [(Method::GET, "*/*"), (Method::HEAD, "text/html"), (Method::GET, "application/json")] {
        browser.headers = vec![("accept", accept.to_owned())];
        let answer = browser.send(method, "/.well-known/change-password", Body::None).await;
        assert_eq!((answer.status, answer.header("location")), (302, "/account/security"));
    }
    let wrong = browser.send(Method::POST, "/.well-known/change-password", Body::None).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, "GET, HEAD"));
    // Password managers open this to learn whether a 200 means anything (W3C, section 4.3).
    browser.headers = vec![("accept", "text/html".to_owned())];
    let nonsense = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    browser.get(nonsense).await.is(404, "not_found");
}

#[actix_web::test]
async fn folders_are_not_listed() {
    let app = spawn().await;
    for mut browser in [app.browser(), navigating(app.browser())] {
        for path in ["/", "/assets", "/assets/", "/assets//", "//", "/assets/?C=M", "/assets/."] {
            let answer = browser.get(path).await;
            assert!(!answer.text().contains("app-abc123"), "{path}: {}", answer.text());
            assert!(answer.status == 404 || answer.text().contains("<title>Hallpass"), "{path}: {}", answer.text());
        }
    }
}

#[actix_web::test]
async fn nothing_else_gets_the_page() {
    let app = spawn().await;
    let mut browser = navigating(app.browser());
    for path in [
        "/assets/gone-abc.js",
        "/gone.ico",
        "/wp-login.php",
        "/.env",
        "/.secret",
        "/.git/config",
        "/a/.b/c",
        "/..%5c..%5cwindows",
        "/%252e%252e/x",
        "/%00",
        "/%ff",
        "/api",
        "/api/me.html",
    ] {
        browser.get(path).await.is(404, "not_found");
    }
    browser.send(Method::POST, "/search", Body::None).await.is(405, "method_not_allowed");
}

/// Written to the socket as they are: an HTTP client would resolve the dots itself.
#[actix_web::test]
async fn ways_up_lead_nowhere() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let app = spawn().await;
    for path in [
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../theme.js",
        "/assets/%2e%2e/theme.js",
    ] {
        let mut socket = tokio::net::TcpStream::connect(app.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n") && answer.contains("not_found"), "{path}: {answer}");
    }
}

#[actix_web::test]
async fn assets_come_compressed_and_stay_for_ever() {
    let app = spawn().await;
    let mut browser = app.browser();
    for (accept, encoding, body) in [
        ("br, gzip", "br", "the script, brotli"),
        ("gzip", "gzip", "the script, gzip"),
        ("br;q=0, gzip", "gzip", "the script, gzip"),
        ("gzip, deflate, br, zstd", "br", "the script, brotli"),
        ("br;q=0.5, gzip", "gzip", "the script, gzip"),
        ("identity", "", "console.log('plain')"),
    ] {
        browser.headers = vec![("accept-encoding", accept.to_owned())];
        let answer = browser.get("/assets/app-abc123.js").await;
        assert_eq!(
            (answer.status, answer.header("content-encoding"), answer.text().as_str()),
            (200, encoding, body),
            "{accept}"
        );
        assert!(answer.header("content-type").contains("javascript"), "{}", answer.header("content-type"));
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(answer.header("vary").contains("accept-encoding"));
    }
    browser.headers = vec![("accept-encoding", "br".to_owned()), ("accept", "text/html".to_owned())];
    let page = browser.get("/search").await;
    assert_eq!((page.header("content-encoding"), page.text().as_str()), ("br", "the page, brotli"));
    assert_eq!(browser.get("/theme.js").await.header("cache-control"), "no-cache");
}

#[actix_web::test]
async fn etags_and_ranges_work() {
    let app = spawn().await;
    let mut browser = app.browser();
    let etag = browser.get("/assets/app-abc123.js").await.header("etag").to_owned();
    assert!(!etag.is_empty());
    browser.headers = vec![("if-none-match", etag)];
    let answer = browser.get("/assets/app-abc123.js").await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    // The page is asked for anew each time.
    browser.headers = vec![("accept", "text/html".to_owned())];
    let page = browser.get("/").await;
    browser.headers.push(("if-none-match", page.header("etag").to_owned()));
    let unchanged = browser.get("/").await;
    assert_eq!((unchanged.status, unchanged.header("cache-control")), (304, "no-cache"));
    // The browser takes it over into the page that it has.
    let policy = "content-security-policy";
    assert!(page.header(policy).contains("default-src 'self'"));
    assert_eq!(unchanged.header(policy), page.header(policy));
    for (range, status) in
        [("bytes=0-6", 206), ("bytes=7-", 206), ("bytes=999-", 416), ("", 416), ("bytes=", 416), ("junk", 416)]
    {
        browser.headers = vec![("range", range.to_owned())];
        assert_eq!(browser.get("/assets/app-abc123.js").await.status, status, "{range}");
    }
    browser.headers = vec![("range", "bytes=0-6".to_owned())];
    assert_eq!(browser.get("/assets/app-abc123.js").await.text(), "console");
}

#[actix_web::test]
async fn a_hashed_file_is_read_once() {
    let app = spawn().await;
    let mut browser = app.browser();
    let path = "/assets/app-abc123.js";
    browser.headers = vec![("accept-encoding", "br".to_owned())];
    let first = browser.get(path).await;
    std::fs::remove_dir_all(app.folder.path().join("dist")).unwrap();
    let again = browser.get(path).await;
    assert_eq!((again.status, again.text().as_str()), (200, "the script, brotli"));
    for header in [
        "content-type",
        "content-encoding",
        "content-length",
        "cache-control",
        "vary",
        "etag",
        "last-modified",
        "accept-ranges",
    ] {
        assert!(!first.header(header).is_empty(), "{header}");
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert!(again.header("content-security-policy").starts_with("default-src 'none'"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    let accept = browser.headers[0].clone();
    browser.headers = vec![accept.clone(), ("if-none-match", first.header("etag").to_owned())];
    let unchanged = browser.get(path).await;
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    for header in ["etag", "vary", "cache-control"] {
        assert_eq!(unchanged.header(header), first.header(header), "{header}");
    }
    // The browser has these (RFC 9110 section 15.4.5).
    for header in ["content-type", "content-encoding", "last-modified", "accept-ranges"] {
        assert_eq!(unchanged.header(header), "", "{header}");
    }

    // Nobody asked for the other forms while they were there; parts and conditions are looked up in the file.
    for (name, value) in [
        ("accept-encoding", "gzip"),
        ("range", "bytes=0-1"),
        ("if-match", "*"),
        ("if-none-match", "\"other\""),
        ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ] {
        browser.headers = vec![accept.clone()];
        browser.headers.retain(|(known, _)| *known != name);
        browser.headers.push((name, value.to_owned()));
        browser.get(path).await.is(404, "not_found");
    }
}

#[actix_web::test]
async fn a_file_at_hand_is_answered_like_any_other() {
    let app = spawn_with(&[("PUBLIC_URL", "https://login.example.com")]).await;
    let path = "/assets/app-abc123.js";
    let mut browser = app.browser();
    browser.headers = vec![("accept-encoding", "br".to_owned())];
    let names = |answer: &Answer| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    let first = browser.get(path).await;
    std::fs::remove_dir_all(app.folder.path().join("dist")).unwrap();
    let again = browser.get(path).await;
    assert_eq!(names(&again), names(&first));
    assert!(again.header("strict-transport-security").contains("max-age"));
    let [one, other] = [&first, &again].map(log_line);
    for member in ["method", "path", "status", "ip", "queries", "message", "level"] {
        assert_eq!(other[member], one[member], "{member}");
    }
}

#[actix_web::test]
async fn what_is_not_hashed_or_spelt_otherwise_is_read_each_time() {
    let app = spawn().await;
    let mut browser = app.browser();
    let paths = ["/theme.js", "/assets/%61pp-abc123.js", "/assets//app-abc123.js"];
    for path in paths {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    std::fs::remove_dir_all(app.folder.path().join("dist")).unwrap();
    for path in paths {
        browser.get(path).await.is(404, "not_found");
    }
}
