//! `SESSION_BINDING`: which browsers may present a session.
//!
//! A session is bound to the family of its browser and to the group of its operating system. Neither a version nor "mobile"
//! counts, so neither an update nor "Request Desktop Website" signs anybody out: that setting makes iPhones and iPads send
//! the User-Agent of a Mac, and Android devices that of Linux.

const BETWEEN: &str = " on ";

/// The family of a browser and its operating system, as [`Browser`](crate::http::browser::Browser) names them.
#[derive(Clone, Copy, Debug)]
struct Fingerprint<'a> {
    family: &'a str,
    system: Option<&'a str>,
}

/// Operating systems that one device can name, depending on the page it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group<'a> {
    Apple,
    Linux,
    Windows,
    Other(Option<&'a str>),
}

impl<'a> Fingerprint<'a> {
    fn of(browser: &'a str) -> Self {
        match browser.rsplit_once(BETWEEN) {
            Some((family, system)) => Self { family, system: Some(system) },
            None => Self { family: browser, system: None },
        }
    }

    fn group(self) -> Group<'a> {
        match self.system {
            Some("iPhone" | "iPad" | "iPod" | "iOS" | "macOS") => Group::Apple,
            Some("Android" | "Linux" | "ChromeOS") => Group::Linux,
            Some("Windows" | "Windows Phone") => Group::Windows,
            other => Group::Other(other),
        }
    }

    fn family(self) -> &'a str {
        match (self.family, self.group()) {
            // Apps on Android show pages in a WebView, which is Chrome and sends its name in desktop mode.
            ("Webview", Group::Linux) => "Chrome",
            (family, _) => family,
        }
    }

    /// Whether both can be one app on an iPhone or iPad. Apps there are built on one engine, and in desktop mode some of them
    /// send the text of Safari on a Mac, or one that names no browser.
    fn may_be_desktop_mode_of(self, other: Self) -> bool {
        let is_plain = matches!(self.family, "Safari" | "A browser");
        self.system == Some("macOS") && is_plain && other.group() == Group::Apple && other.system != Some("macOS")
    }
}

/// Whether a session that the browser `stored` has opened may be presented by the browser `presented`.
pub(super) fn is_same_browser(stored: &str, presented: &str) -> bool {
    if stored == presented {
        return true;
    }
    let (stored, presented) = (Fingerprint::of(stored), Fingerprint::of(presented));
    stored.group() == presented.group() && stored.family() == presented.family()
        || presented.may_be_desktop_mode_of(stored)
        || stored.may_be_desktop_mode_of(presented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_of_one_group_are_one_and_families_are_not() {
        const GROUPS: [&[&str]; 4] = [
            &["iPhone", "iPad", "iPod", "macOS"],
            &["Android", "Linux", "ChromeOS"],
            &["Windows", "Windows Phone"],
            &["BSD"],
        ];
        for (one_group, systems) in GROUPS.iter().enumerate() {
            for (other_group, others) in GROUPS.iter().enumerate() {
                for (system, other) in systems.iter().flat_map(|system| others.iter().map(move |other| (system, other)))
                {
                    let firefox = (format!("Firefox on {system}"), format!("Firefox on {other}"));
                    assert_eq!(is_same_browser(&firefox.0, &firefox.1), one_group == other_group, "{firefox:?}");
                    let chrome = format!("Chrome on {other}");
                    assert!(!is_same_browser(&firefox.0, &chrome), "{} {chrome}", firefox.0);
                }
            }
        }
    }

    #[test]
    fn an_app_on_a_phone_may_look_like_safari_on_a_mac_and_a_mac_looks_like_itself() {
        for (one, other, is_same) in [
            ("Chrome on iPhone", "Safari on macOS", true),
            ("Safari on macOS", "Edge on iPad", true),
            ("Webview on iPhone", "A browser on macOS", true),
            ("Webview on Android", "Chrome on Linux", true),
            ("Chrome on macOS", "Safari on macOS", false),
            ("Chrome on iPhone", "Safari on iPhone", false),
            ("Chrome on iPhone", "Safari on Linux", false),
            ("Chrome on Windows", "Safari on macOS", false),
            ("Chrome on macOS", "A browser on macOS", false),
        ] {
            assert_eq!(is_same_browser(one, other), is_same, "{one}, {other}");
            assert_eq!(is_same_browser(other, one), is_same, "{other}, {one}");
        }
    }

    #[test]
    fn what_names_no_system_is_only_itself() {
        assert!(is_same_browser("curl", "curl"));
        assert!(!is_same_browser("curl", "python-requests"));
        assert!(!is_same_browser("Firefox", "Firefox on Linux"));
        assert!(!is_same_browser("An unknown program", "A browser on Linux"));
        assert!(!is_same_browser("", "Chrome on Linux"));
    }
}
