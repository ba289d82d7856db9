//! The web app as a part of the program.

use std::fs;
use std::path::{Path, PathBuf};

use hallpass::http::embedded::EmbeddedFile;
use reqwest::Method;

use crate::app::{Answer, Body, Browser, TestApp, make_dist, spawn, spawn_with, start_embedding};

/// One that is kept in memory from the first request on, and one that is not.
const ASSETS: [&str; 2] = ["/assets/app-abc123.js", "/theme.js"];

/// The files that [`make_dist`] makes, as a release build would contain them.
fn embed(folder: &Path) -> Vec<EmbeddedFile> {
    fn list(folder: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.flat_map(|path| if path.is_dir() { list(&path) } else { vec![path] }).collect()
    }
    let files = list(folder).into_iter().map(|file| {
        let name = file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        EmbeddedFile {
            content: fs::read(&file).unwrap().leak(),
            tag: format!("tag-of-{}", name.replace('/', "-")).leak(),
            modified: 1_700_000_000,
            name: name.leak(),
        }
    });
    files.filter(|file| !file.name.starts_with('.')).collect()
}

/// A server whose program contains the web app, and which has no folder of it.
async fn embedding() -> TestApp {
    let other = spawn_with(&[("CLIENT_DIST", "")]).await;
    let folder = tempfile::tempdir().unwrap();
    make_dist(folder.path());
    let files = embed(folder.path()).leak();
    start_embedding(files, other.config.clone(), other.clock.clone(), tempfile::tempdir().unwrap()).await
}

/// The status, the content and the headers, but for what differs between two answers or two files.
fn compared(answer: &Answer) -> (u16, String, Vec<String>) {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, value)| match name.as_str() {
            "x-request-id" | "date" | "etag" | "last-modified" => name.to_string(),
            _ => format!("{name}: {}", value.to_str().unwrap()),
        })
        .collect();
    headers.sort();
    let text = answer.text();
    // A problem names its request.
    let text = text.split("\"request_id\"").next().unwrap_or_default().to_owned();
    (answer.status, text, headers)
}

#[actix_web::test]
async fn embedded_files_are_answered_like_those_of_a_folder() {
    const HTML: (&str, &str) = ("accept", "text/html");
    let requests: &[&[(&str, &str)]] = &[
        &[],
        &[HTML],
        &[HTML, ("accept-encoding", "br, gzip")],
        &[("accept-encoding", "gzip")],
        &[("accept-encoding", "br;q=0, gzip;q=0")],
        &[("if-none-match", "*")],
        &[("if-none-match", "\"other\"")],
        &[("if-match", "*")],
        &[("if-match", "\"other\"")],
        &[("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")],
        &[("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
        &[("if-unmodified-since", "Fri, 01 Jan 2100 00:00:00 GMT")],
        &[("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
        &[("range", "bytes=0-6")],
        &[("range", "bytes=7-")],
        &[("range", "bytes=-3")],
        &[("range", "bytes=0-0,5-6")],
        &[("range", "bytes=0-999")],
        &[("range", "bytes=999-")],
        &[("range", "bytes=5-2")],
        &[("range", "bytes=")],
        &[("range", "junk")],
        &[("range", "")],
        &[("range", "pages=1-2")],
        &[("range", "bytes=0-6"), ("if-range", "\"other\"")],
        &[("range", "bytes=0-6"), ("if-range", "Thu, 01 Jan 1970 00:00:00 GMT")],
        &[("range", "bytes=0-6"), ("accept-encoding", "br")],
    ];
    let paths = [
        "/",
        "/search",
        "/link/abc",
        "/index.html",
        "/theme.js",
        "/favicon.svg",
        "/assets/app-abc123.js",
        "/assets/app-abc123.js.br",
        "/assets//app-abc123.js",
        "/assets/%61pp-abc123.js",
        "/assets/gone.js",
        "/.secret",
        "/%2esecret",
        "/..%2ftheme.js",
        "/gone.png",
    ];
    let (folder, program) = (spawn().await, embedding().await);
    for path in paths {
        for headers in requests {
            for method in [Method::GET, Method::HEAD, Method::POST] {
                let mut answers = Vec::new();
                for app in [&folder, &program] {
                    let mut browser = app.browser();
                    browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
                    answers.push(compared(&browser.send(method.clone(), path, Body::None).await));
                }
                assert_eq!(answers[1], answers[0], "{method} {path} {headers:?}");
            }
        }
    }
}

#[actix_web::test]
async fn each_form_of_an_embedded_file_has_its_tag() {
    let app = embedding().await;
    let with = |headers: &[(&'static str, &str)]| -> Browser {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Browser { headers, ..app.browser() }
    };
    for path in ASSETS {
        let plain = with(&[]).get(path).await;
        let etag = plain.header("etag").to_owned();
        assert!(etag.starts_with("\"tag-of-"), "{etag}");
        assert_eq!(plain.header("last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
        let unchanged = with(&[("if-none-match", &format!("\"x\", {etag}"))]).get(path).await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{path}");
        let weak = with(&[("if-none-match", &format!("W/{etag}"))]).get(path).await;
        assert_eq!(weak.status, 304, "{path}");
        let part = with(&[("range", "bytes=0-2"), ("if-range", &etag)]).get(path).await;
        assert_eq!((part.status, part.text()), (206, plain.text()[..3].to_owned()), "{path}");
        let since = ("if-range", "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(with(&[("range", "bytes=0-2"), since]).get(path).await.status, 206, "{path}");
        assert_eq!(with(&[("if-match", &etag)]).get(path).await.status, 200, "{path}");
    }
    let brotli = with(&[("accept-encoding", "br")]).get(ASSETS[0]).await;
    assert_ne!(brotli.header("etag"), with(&[]).get(ASSETS[0]).await.header("etag"));
}

#[actix_web::test]
async fn a_folder_overrides_the_embedded_files() {
    const FILES: &[EmbeddedFile] = hallpass_embed::folder!("tests/data/web-app");
    let app = spawn().await;
    let folder = app.config.clone();
    let mut without = folder.clone();
    without.http.client_dist = None;
    for (config, title) in [(folder, "Hallpass"), (without, "Embedded")] {
        let server = start_embedding(FILES, config, app.clock.clone(), tempfile::tempdir().unwrap()).await;
        let mut browser = server.browser();
        browser.headers = vec![("accept", "text/html".to_owned())];
        let page = browser.get("/search").await.text();
        assert!(page.contains(&format!("<title>{title}</title>")), "{page}");
        browser.get("/.hidden").await.is(404, "not_found");
    }
}
