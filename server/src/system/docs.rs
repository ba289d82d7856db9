//! The API's documentation as one page: no script, no request to anywhere.

use std::fmt::Write;
use std::sync::OnceLock;

use actix_web::web::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("docs.css");

/// The OpenAPI document as text and as a page, each made when it is first asked for: most servers are never asked.
#[derive(Debug)]
pub struct Documentation {
    document: fn() -> Value,
    text: OnceLock<Bytes>,
    page: OnceLock<DocsPage>,
}

impl Documentation {
    /// Of what `document` returns.
    #[must_use]
    pub fn new(document: fn() -> Value) -> Self {
        Self { document, text: OnceLock::new(), page: OnceLock::new() }
    }

    /// The document's text.
    pub fn text(&self) -> Bytes {
        self.text.get_or_init(|| Bytes::from((self.document)().to_string())).clone()
    }

    /// The page.
    pub fn page(&self) -> &DocsPage {
        self.page.get_or_init(|| DocsPage::render(&(self.document)()))
    }
}

/// The page and the policy that allows its one style sheet.
#[derive(Clone, Debug)]
pub struct DocsPage {
    /// The whole page.
    pub html: Bytes,
    /// Its Content-Security-Policy.
    pub policy: String,
}

impl DocsPage {
    /// Renders the OpenAPI document `api`.
    #[must_use]
    pub fn render(api: &Value) -> Self {
        let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let title = escape(api["info"]["title"].as_str().unwrap_or_default());
        let version = escape(api["info"]["version"].as_str().unwrap_or_default());
        let mut html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title} API</title><style>{STYLE}</style></head><body><header><h1>{title} API <small>{version}</small></h1>\
             <p>{}</p><p><a href=\"openapi.json\">The OpenAPI document</a></p></header><main>",
            escape(api["info"]["description"].as_str().unwrap_or_default())
        );
        for (path, item) in object(&api["paths"]) {
            for (method, operation) in object(item) {
                let _ = write!(html, "{}", Operation { path, method, description: operation, base: base(api) });
            }
        }
        html.push_str("<h2>Schemas</h2>");
        for (name, schema) in object(&api["components"]["schemas"]) {
            let _ = write!(
                html,
                "<details id=\"{0}\"><summary><code>{0}</code> {1}</summary><pre>{2}</pre></details>",
                escape(name),
                escape(schema["description"].as_str().unwrap_or_default()),
                pretty(schema)
            );
        }
        html.push_str("</main></body></html>");
        Self { html: html.into(), policy }
    }
}

/// One method of one path, as a section that opens.
struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    description: &'a Value,
    base: &'a str,
}

impl std::fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let method = self.method.to_uppercase();
        let summary =
            self.description["summary"].as_str().or(self.description["description"].as_str()).unwrap_or_default();
        write!(
            f,
            "<details><summary><b>{method}</b> <code>{}{}</code> <span>{}</span></summary>",
            self.base,
            escape(self.path),
            escape(summary)
        )?;
        for parameter in self.description["parameters"].as_array().into_iter().flatten() {
            let name = escape(parameter["name"].as_str().unwrap_or_default());
            let text = escape(parameter["description"].as_str().unwrap_or_default());
            write!(f, "<p><code>{name}</code> {text}</p>")?;
        }
        if let Some(body) = self.description.get("requestBody") {
            write!(f, "<h3>Request</h3><pre>{}</pre>", pretty(&body["content"]))?;
        }
        f.write_str("<h3>Answers</h3><dl>")?;
        for (status, response) in object(&self.description["responses"]) {
            let text = escape(response["description"].as_str().unwrap_or_default());
            write!(f, "<dt>{}</dt><dd>{text}", escape(status))?;
            for code in codes(response) {
                write!(f, " <code>{}</code>", escape(code))?;
            }
            f.write_str("</dd>")?;
        }
        f.write_str("</dl></details>")
    }
}

/// The problem codes of one response.
fn codes(response: &Value) -> impl Iterator<Item = &str> {
    let narrowed = response.pointer("/content/application~1problem+json/schema/allOf/1/properties/code/enum");
    narrowed.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn base(api: &Value) -> &str {
    api["servers"][0]["url"].as_str().unwrap_or_default()
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn pretty(value: &Value) -> String {
    escape(&serde_json::to_string_pretty(value).unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_of_the_document_is_never_markup() {
        let page = DocsPage::render(&json!({
            "info": {"title": "<script>", "version": "1"},
            "paths": {"/x": {"get": {"summary": "<img onerror=x>", "responses": {"200": {"description": "\"><b>"}}}}},
        }));
        let html = std::str::from_utf8(&page.html).unwrap();
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("\"><b>"));
        assert!(page.policy.contains("sha256-"));
    }
}
