//! In which compressed form a client wants a file (RFC 9110 section 12.5.3).

use actix_web::http::header::ContentEncoding::{self, Brotli, Gzip};
use actix_web::http::header::{self, HeaderMap};

/// Content codings in the order in which to try them; empty where the file as it is comes first.
pub type Codings = &'static [ContentEncoding];

/// What the client accepts of the codings that the app's files come in; where it likes them equally, the one that makes
/// smaller files goes first.
#[must_use]
pub fn accepted(headers: &HeaderMap) -> Codings {
    const NAMES: [&str; 4] = ["br", "gzip", "identity", "*"];
    let mut weights = [None; NAMES.len()];
    let lines = headers.get_all(header::ACCEPT_ENCODING).filter_map(|line| line.to_str().ok());
    for item in lines.flat_map(|line| line.split(',')) {
        let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
        if let Some(at) = NAMES.iter().position(|name| coding.trim().eq_ignore_ascii_case(name)) {
            weights[at].get_or_insert_with(|| weight(parameters));
        }
    }
    let [brotli, gzip, identity, any] = weights;
    let [brotli, gzip] = [brotli, gzip].map(|named| named.or(any).unwrap_or(0.0));
    let identity = identity.unwrap_or(0.0);
    if identity > brotli.max(gzip) {
        return &[];
    }
    match (brotli > 0.0, gzip > 0.0) {
        (true, true) if brotli >= gzip => &[Brotli, Gzip],
        (true, true) => &[Gzip, Brotli],
        (true, false) => &[Brotli],
        (false, true) => &[Gzip],
        (false, false) => &[],
    }
}

/// The weight that the parameters of an item such as `gzip;q=0.5` give it.
pub(super) fn weight(parameters: &str) -> f32 {
    let value = parameters.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
    value.map_or(1.0, |value| value.trim().parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn brotli_goes_first_unless_the_client_says_otherwise() {
        for (header, expected) in [
            ("gzip, deflate, br, zstd", &[Brotli, Gzip][..]),
            ("BR;q=0.5,gzip ; Q=0.5", &[Brotli, Gzip]),
            ("*", &[Brotli, Gzip]),
            ("br;q=0.5, gzip", &[Gzip, Brotli]),
            ("br;q=0.5, *", &[Gzip, Brotli]),
            ("br;q=0, gzip", &[Gzip]),
            ("gzip;q=0, *", &[Brotli]),
            ("br", &[Brotli]),
            ("identity, br;q=0.5", &[]),
            ("br;q=junk", &[]),
            ("brotli, xbr, zstd", &[]),
            ("*;q=0", &[]),
            ("", &[]),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(header))]);
            assert_eq!(accepted(&headers), expected, "{header}");
        }
        assert!(accepted(&HeaderMap::new()).is_empty());
    }
}
