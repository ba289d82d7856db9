//! Decides whether a request may be answered with the app's page: it must accept HTML (RFC 9110 section 12.5.1) and must
//! not be for a script, a style, an image or another part of a page (Fetch Metadata, `Sec-Fetch-Dest`).

use actix_web::http::header::{self, HeaderMap, HeaderName};

use super::coding::weight;

/// Part of a response's `Vary` header wherever this decision shaped the response.
pub const VARY: &str = "accept-encoding, accept, sec-fetch-dest";

static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// Destinations that can show a page. `empty` is `fetch()` and prefetching, which say in `Accept` what they want.
const PAGE_DESTINATIONS: [&str; 4] = ["document", "empty", "iframe", "frame"];
/// Media ranges that include HTML, most specific first: a specific range overrides a general one.
const HTML_RANGES: [&str; 3] = ["text/html", "text/*", "*/*"];

/// True if the request accepts HTML and is not for a part of a page.
#[must_use]
pub fn takes_page(headers: &HeaderMap) -> bool {
    let destination = headers.get(&SEC_FETCH_DEST).and_then(|value| value.to_str().ok());
    let is_part = destination.is_some_and(|destination| !PAGE_DESTINATIONS.contains(&destination));
    !is_part && accepts_html(headers)
}

/// True without an `Accept` header or with an empty one: both mean that any media type is acceptable.
fn accepts_html(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).filter_map(|line| line.to_str().ok());
    let ranges: Vec<&str> =
        lines.flat_map(|line| line.split(',')).map(str::trim).filter(|range| !range.is_empty()).collect();
    if ranges.is_empty() {
        return true;
    }
    let mut weights: [Option<f32>; HTML_RANGES.len()] = [None; HTML_RANGES.len()];
    for range in ranges {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        if let Some(at) = HTML_RANGES.iter().position(|html| kind.trim().eq_ignore_ascii_case(html)) {
            let weight = parameters.rsplit(';').find_map(weight_of).unwrap_or(1.0);
            weights[at] = Some(weights[at].map_or(weight, |known| known.max(weight)));
        }
    }
    weights.into_iter().flatten().next().is_some_and(|weight| weight > 0.0)
}

/// The value of a `q` parameter; `None` for other parameters.
fn weight_of(parameter: &str) -> Option<f32> {
    parameter.trim_start().starts_with(['q', 'Q']).then(|| weight(parameter))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn html_is_accepted_by_name_by_range_and_by_default() {
        for (accept, expected) in [
            ("*/*", true),
            ("text/*", true),
            ("text/html", true),
            ("TEXT/HTML;level=1", true),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json, text/plain, */*", true),
            ("image/*, */*;q=0.1", true),
            ("application/json, text/html;q=0.2", true),
            ("text/html;charset=utf-8;q=0.7", true),
            ("text/html;q=0, text/html;level=1", true),
            ("", true),
            (" , ", true),
            ("application/json", false),
            ("application/json, text/plain", false),
            ("text/css,*/*;q=0", false),
            ("text/html;q=0, */*", false),
            ("text/html; Q=0.0, text/*", false),
            ("text/*;q=0, */*", false),
            ("*/*;q=0", false),
            ("image/avif,image/webp,image/png", false),
            ("application/xhtml+xml", false),
            ("text/htmlx", false),
            ("junk", false),
        ] {
            assert_eq!(takes_page(&headers(&[(header::ACCEPT, accept)])), expected, "{accept}");
        }
        assert!(takes_page(&HeaderMap::new()));
        assert!(takes_page(&headers(&[(header::ACCEPT, "application/json"), (header::ACCEPT, "text/html")])));
    }

    #[test]
    fn parts_of_a_page_are_never_pages() {
        for (destination, expected) in [
            ("document", true),
            ("iframe", true),
            ("empty", true),
            ("script", false),
            ("style", false),
            ("image", false),
            ("font", false),
            ("json", false),
            ("manifest", false),
            ("worker", false),
            ("serviceworker", false),
            ("video", false),
            ("a-destination-of-the-future", false),
        ] {
            let lines = [(SEC_FETCH_DEST.clone(), destination), (header::ACCEPT, "*/*")];
            assert_eq!(takes_page(&headers(&lines)), expected, "{destination}");
        }
        assert!(!takes_page(&headers(&[(SEC_FETCH_DEST.clone(), "empty"), (header::ACCEPT, "application/json")])));
    }
}
