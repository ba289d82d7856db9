//! The web app: its files, embedded or those of `CLIENT_DIST`, and its page for every path that people navigate to.

use std::fmt::{self, Display, Formatter};
use std::future::ready;
use std::path::{Path, PathBuf};

use actix_files::{Files, NamedFile};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::header::{self, ContentEncoding, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ThinData};
use actix_web::{Error, HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;

use super::assets::{self, Assets};
use super::coding::{self, Codings};
use super::embedded::{Embedded, EmbeddedFile};
use super::navigation;
use super::problem::{Code, Problem};
use super::resource::not_allowed;

const PAGE: &str = "index.html";
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Where the web app's files are.
#[derive(Clone, Debug)]
pub enum WebApp {
    /// In the program itself.
    Embedded(Embedded),
    /// In a folder.
    Folder(PathBuf),
}

impl WebApp {
    /// The folder that `CLIENT_DIST` names; without it the embedded files, and in a program without any the folder of a checkout.
    #[must_use]
    pub fn new(client_dist: Option<&Path>, files: &[EmbeddedFile]) -> Self {
        match (client_dist, Embedded::new(files)) {
            (None, Some(embedded)) => Self::Embedded(embedded),
            (folder, _) => Self::Folder(folder.unwrap_or(Path::new("client/dist")).to_owned()),
        }
    }

    /// Looks for the page.
    ///
    /// # Errors
    /// The full path of the file that is missing.
    pub fn must_exist(&self) -> Result<(), String> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let page = folder.join(PAGE);
        if page.is_file() {
            return Ok(());
        }
        Err(std::path::absolute(&page).unwrap_or(page).display().to_string())
    }
}

impl Display for WebApp {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(_) => formatter.write_str("embedded in the program"),
            Self::Folder(folder) => folder.display().fmt(formatter),
        }
    }
}

/// Serves the web app, and puts into `assets` what is to be at hand; to be registered last, for it answers every path.
pub fn configure(app: WebApp, assets: Assets) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let scope = web::scope("").app_data(ThinData(assets)).wrap(from_fn(guard));
        let folder = match &app {
            WebApp::Embedded(_) => None,
            WebApp::Folder(folder) => Some(folder.clone()),
        };
        let otherwise = fn_service(move |request| ready(Ok::<_, Error>(respond(request, &app))));
        config.service(match folder {
            None => scope.default_service(otherwise),
            Some(folder) => scope.service(
                Files::new("/", folder)
                    .try_compressed()
                    .prefer_utf8(true)
                    .disable_content_disposition()
                    // The root is no file: it goes to the page like any other path that people navigate to.
                    .path_filter(|path, _| path.components().next().is_some())
                    .default_handler(otherwise),
            ),
        });
    }
}

/// An embedded file, or the page.
fn respond(request: ServiceRequest, app: &WebApp) -> ServiceResponse {
    let (request, _) = request.into_parts();
    let file = match app {
        WebApp::Embedded(files) => files.respond(&request, &file_name(request.path())),
        WebApp::Folder(_) => None,
    };
    let response = file.map_or_else(|| page(&request, app), Ok).unwrap_or_else(HttpResponse::from_error);
    ServiceResponse::new(request, response)
}

/// The path as a name below the folder, as actix-files reads it.
fn file_name(path: &str) -> String {
    let path = percent_decode_str(path).decode_utf8_lossy();
    path.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/")
}

/// Stands before the files: only GET and HEAD, no dot files, no way up; and says how long an answer may be kept.
async fn guard(
    ThinData(assets): ThinData<Assets>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(request.error_response(not_allowed(&[Method::GET, Method::HEAD])));
    }
    if !is_plain(request.path()) {
        return Ok(request.error_response(Problem::new(Code::NotFound)));
    }
    let codings = coding::accepted(request.headers());
    settle(&mut request, codings);
    let mut response = next.call(request).await?.map_into_boxed_body();
    // actix-files calls a path that it does not like a bad request; to the client it is one more thing that is not here.
    if response.status() == StatusCode::BAD_REQUEST {
        let (request, _) = response.into_parts();
        return Ok(ServiceResponse::from_err(Problem::new(Code::NotFound), request));
    }
    // The page stands in for an asset that a person opens and that is gone: it must not stay in its place.
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_immutable = assets::is_hashed(response.request().path()) && !is_page;
    if is_immutable && response.status() == StatusCode::NOT_MODIFIED {
        assets::forget_content(response.headers_mut());
    }
    response.headers_mut().insert(header::CACHE_CONTROL, if is_immutable { IMMUTABLE } else { REVALIDATE });
    let vary = if is_page { navigation::VARY } else { "accept-encoding" };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(vary));
    if !is_immutable {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let response = assets.keep(&request, codings, response).await?;
    Ok(ServiceResponse::new(request, response))
}

/// Lets actix-files choose what was chosen here.
fn settle(request: &mut ServiceRequest, codings: Codings) {
    let weighted = codings.iter().zip(["", ";q=0.5"]).map(|(coding, weight)| format!("{}{weight}", coding.as_str()));
    let accept = HeaderValue::from_str(&weighted.collect::<Vec<_>>().join(", "));
    request.headers_mut().insert(header::ACCEPT_ENCODING, accept.expect("codings and weights are header text"));
}

/// Whether no segment of the path, decoded, is hidden, leads upwards or would be one on another system.
fn is_plain(path: &str) -> bool {
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return false };
    !path.contains(['\\', '\0', '%']) && path.split('/').all(|segment| !segment.starts_with('.'))
}

/// The app's page for a client that takes HTML; a 404 for other paths that name no file.
fn page(request: &HttpRequest, app: &WebApp) -> Result<HttpResponse, Problem> {
    if !is_navigation(request) {
        return Err(Problem::new(Code::NotFound));
    }
    let folder = match app {
        WebApp::Embedded(files) => {
            return files.respond(request, PAGE).ok_or_else(|| Problem::new(Code::NotFound));
        }
        WebApp::Folder(folder) => folder,
    };
    for (encoding, file) in variants(request) {
        if let Ok(file) = NamedFile::open(folder.join(file)) {
            let file = file.set_content_type(mime::TEXT_HTML_UTF_8).disable_content_disposition();
            let file = if encoding == ContentEncoding::Identity { file } else { file.set_content_encoding(encoding) };
            return Ok(file.into_response(request));
        }
    }
    Err(Problem::new(Code::NotFound).detail("The web app is not built: run `just build`, or set CLIENT_DIST."))
}

fn is_navigation(request: &HttpRequest) -> bool {
    let last_segment = request.path().rsplit('/').next().unwrap_or_default();
    !last_segment.contains('.') && navigation::takes_page(request.headers())
}

/// The page's files in the order the client prefers them.
fn variants(request: &HttpRequest) -> impl Iterator<Item = (ContentEncoding, String)> {
    let compressed = coding::accepted(request.headers()).iter().map(|coding| match coding {
        ContentEncoding::Brotli => (*coding, format!("{PAGE}.br")),
        _ => (*coding, format!("{PAGE}.gz")),
    });
    compressed.chain([(ContentEncoding::Identity, PAGE.to_owned())])
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn dots_and_backslashes_are_not_plain() {
        for path in [
            "/.env",
            "/a/.git/config",
            "/../etc",
            "/%2e%2e/etc",
            "/a/%2e./b",
            "/..%5cetc",
            "/%00",
            "/%252e%252e/",
            "/%ff",
        ] {
            assert!(!is_plain(path), "{path}");
        }
        for path in ["/", "/search", "/assets/index-BsKd2.js", "/link/abc", "//x"] {
            assert!(is_plain(path), "{path}");
        }
    }
}

#[cfg(test)]
mod properties {
    use std::fs;

    use actix_web::App;
    use actix_web::body::to_bytes;
    use actix_web::http::Uri;
    use actix_web::test::{TestRequest, init_service};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    const FILES: [(&str, &str); 5] = [
        ("index.html", "the page"),
        ("theme.js", "the theme"),
        ("assets/app-1.js", "the script"),
        ("assets/app-1.js.br", "the script, small"),
        ("a b/\u{e9}.txt", "a name to encode"),
    ];
    const HIDDEN: [&str; 4] = ["dist/.env", "dist/assets/.git/config", "secret.txt", "dist-other/secret.txt"];

    /// A path made of what leads up, in, and astray.
    fn path() -> impl Strategy<Value = String> {
        let step = proptest::sample::select(vec![
            "..",
            ".",
            "%2e%2e",
            "%2E.",
            ".%2e",
            "%252e%252e",
            "assets",
            "app-1.js",
            "theme.js",
            "index.html",
            ".env",
            "%2eenv",
            ".git",
            "config",
            "secret.txt",
            "dist-other",
            "dist",
            "a%20b",
            "%C3%A9.txt",
            "%c3",
            "%00",
            "%5c",
            "\\",
            "..%5c",
            "%2f",
            "%2F..",
            "..;",
            "C:",
            "%",
            "%zz",
            "~",
            "",
            "*",
            "etc",
            "passwd",
            "?x",
            "#",
            "%3f",
            "assets%2fapp-1.js",
            "app-1.js%00.html",
            "\u{202e}",
        ]);
        let separator = proptest::sample::select(vec!["/", "//", "%2f", "%5c", "\\", ""]);
        prop_oneof![
            3 => vec((separator, step), 0..7).prop_map(|steps| steps.into_iter().flat_map(|(one, other)| [one, other]).collect()),
            1 => "[!-~]{0,30}",
            1 => any::<String>().prop_map(|text| percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()),
        ]
        .prop_map(|path: String| format!("/{path}"))
    }

    #[actix_web::test]
    async fn nothing_but_the_folder_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        for (name, content) in FILES
            .map(|(name, content)| (format!("dist/{name}"), content))
            .into_iter()
            .chain(HIDDEN.map(|name| (name.to_owned(), "hidden")))
        {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let embedded =
            FILES.map(|(name, content)| EmbeddedFile { name, content: content.as_bytes(), tag: name, modified: 0 });
        only_these_files(WebApp::Folder(dist)).await;
        only_these_files(WebApp::new(None, &embedded)).await;
    }

    async fn only_these_files(app: WebApp) {
        let app = init_service(App::new().configure(configure(app, Assets::new(false)))).await;
        let mut runner = TestRunner::default();
        for _ in 0..ProptestConfig::default().cases {
            let path = path().new_tree(&mut runner).unwrap().current();
            let Ok(uri) = path.parse::<Uri>() else { continue };
            let mut request = TestRequest::with_uri(&uri.to_string());
            if any::<bool>().new_tree(&mut runner).unwrap().current() {
                request = request.insert_header((header::ACCEPT, "text/html"));
            }
            let response = match actix_web::dev::Service::call(&app, request.to_request()).await {
                Ok(response) => response.map_into_boxed_body().into_parts().1,
                Err(error) => error.error_response(),
            };
            let status = response.status();
            let body = to_bytes(response.into_body()).await.unwrap();
            assert!(matches!(status.as_u16(), 200 | 404), "{path}: {status}");
            assert!(status != 200 || FILES.iter().any(|(_, content)| body == *content), "{path}: {body:?}");
            assert!(is_plain(uri.path()) || status == 404, "{path}");
        }
    }
}
