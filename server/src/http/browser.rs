//! The browser that made a request, as far as its User-Agent says: its family and its operating system, never a version.

use std::fmt;
use std::sync::Arc;

use quick_cache::sync::Cache;
use woothee::parser::Parser;

/// More of a User-Agent than this is not read.
const MAX_USER_AGENT: usize = 512;
/// How many User-Agents are kept; browsers of one release send the same.
const KEPT: usize = 1024;

/// A browser's family and operating system, for example "Firefox on Linux". It names the device in the user's list, and the
/// session is bound to it (`sessions::binding`): a changed name of a family or system ends stored sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser(Arc<str>);

impl Browser {
    /// What a User-Agent header tells.
    #[must_use]
    pub fn of_user_agent(user_agent: Option<&[u8]>) -> Self {
        let text = String::from_utf8_lossy(user_agent.unwrap_or_default());
        let text: String = text.chars().take(MAX_USER_AGENT).collect();
        let Some(found) = Parser::new().parse(&text) else { return Self::named(product(&text)) };
        match (found.name, system(found.os)) {
            ("UNKNOWN", None) | ("HTTP Library", _) => Self::named(product(&text)),
            ("UNKNOWN", Some(system)) => Self::named(format!("A browser on {system}")),
            (name, None) => Self::named(name),
            (name, Some(system)) => Self::named(format!("{name} on {system}")),
        }
    }

    fn named(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The text, as stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What User-Agents tell, each read once.
pub struct Browsers(Cache<Vec<u8>, Browser>);

impl Browsers {
    /// What this one tells.
    #[must_use]
    pub fn find(&self, user_agent: Option<&[u8]>) -> Browser {
        let Some(short) = user_agent.filter(|text| text.len() <= MAX_USER_AGENT) else {
            return Browser::of_user_agent(user_agent);
        };
        self.0.get(short).unwrap_or_else(|| {
            let browser = Browser::of_user_agent(user_agent);
            self.0.insert(short.to_owned(), browser.clone());
            browser
        })
    }
}

impl Default for Browsers {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl fmt::Debug for Browsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browsers").finish_non_exhaustive()
    }
}

/// The operating system without its version.
fn system(os: &str) -> Option<&str> {
    match os {
        "UNKNOWN" => None,
        "Mac OSX" => Some("macOS"),
        "iPhone" | "iPad" | "iPod" => Some(os),
        os if os.starts_with("Windows Phone") => Some("Windows Phone"),
        os if os.starts_with("Windows") => Some("Windows"),
        os => Some(os),
    }
}

/// The name of a program that is no browser: `curl` of `curl/8.5.0`.
fn product(user_agent: &str) -> String {
    let name: String =
        user_agent.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')).take(40).collect();
    if name.is_empty() { "An unknown program".to_owned() } else { name }
}

impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME_WINDOWS: &str =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/VERSION Safari/537.36";
    const FIREFOX_LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:VERSION) Gecko/20100101 Firefox/VERSION";
    const SAFARI_MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/VERSION Safari/605.1.15";
    const SAFARI_PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/VERSION Mobile/15E148 Safari/604.1";
    const CHROME_ANDROID: &str =
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/VERSION Mobile Safari/537.36";
    const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/VERSION Safari/537.36 Edg/VERSION";

    fn name(user_agent: &str) -> String {
        Browser::of_user_agent(Some(user_agent.as_bytes())).to_string()
    }

    #[test]
    fn families_and_systems_have_names() {
        for (user_agent, expected) in [
            (CHROME_WINDOWS, "Chrome on Windows"),
            (FIREFOX_LINUX, "Firefox on Linux"),
            (SAFARI_MAC, "Safari on macOS"),
            (SAFARI_PHONE, "Safari on iPhone"),
            (CHROME_ANDROID, "Chrome on Android"),
            (EDGE, "Edge on Windows"),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.32", "python-requests"),
            ("", "An unknown program"),
        ] {
            assert_eq!(name(&user_agent.replace("VERSION", "137.0")), expected, "{user_agent}");
        }
    }

    #[test]
    fn an_update_changes_nothing() {
        for user_agent in [CHROME_WINDOWS, FIREFOX_LINUX, SAFARI_MAC, SAFARI_PHONE, CHROME_ANDROID, EDGE] {
            assert_eq!(name(&user_agent.replace("VERSION", "99.0")), name(&user_agent.replace("VERSION", "137.0")));
        }
    }

    #[test]
    fn junk_is_bounded() {
        assert!(Browser::of_user_agent(Some(&[0xff; 10_000])).as_str().len() < 100);
        assert!(name(&"x".repeat(10_000)).len() <= 40);
        assert_eq!(Browser::of_user_agent(None), Browser::of_user_agent(Some(b"")));
    }
}
