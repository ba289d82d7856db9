//! A phone's "Request Desktop Website" changes the operating system in the User-Agent and signs nobody out.

use crate::app::{CHROME, FIREFOX, PASSWORD, spawn};
use crate::sessions::reason;

/// User-Agents of one app on one device: as it is, and with "Request Desktop Website" or "Desktop site".
const DESKTOP_MODES: [(&str, &str); 9] = [
    // Safari on an iPhone and an iPad.
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 \
         Mobile/15E148 Safari/604.1",
        MAC_SAFARI,
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 \
         Mobile/15E148 Safari/604.1",
        MAC_SAFARI,
    ),
    // Chrome on an iPhone, today and up to 84.
    (
        IPHONE_CHROME,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142 \
         Version/11.1.1 Safari/605.1.15",
    ),
    (IPHONE_CHROME, MAC_SAFARI),
    // Firefox and Edge there.
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/144.0 \
         Mobile/15E148 Safari/605.1.15",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/144.0 Safari/605.1.15",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 \
         EdgiOS/132.2957.171 Mobile/15E148 Safari/604.1",
        MAC_SAFARI,
    ),
    // Chrome, Samsung Internet and Firefox on Android.
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 \
         Mobile Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 \
         Safari/537.36",
    ),
    ("Mozilla/5.0 (Android 14; Mobile; rv:137.0) Gecko/137.0 Firefox/137.0", FIREFOX),
];
const MAC_SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                          Version/17.6 Safari/605.1.15";
const IPHONE_CHROME: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 \
                             (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1";

#[actix_web::test]
async fn desktop_mode_signs_nobody_out() {
    let app = spawn().await;
    app.person("alice").await;
    for (phone, desktop) in DESKTOP_MODES {
        for (one, other) in [(phone, desktop), (desktop, phone)] {
            let mut browser = app.browser();
            browser.user_agent = Some(one.to_owned());
            browser.login("alice", PASSWORD).await.is(200, "");
            let device = browser.get("/api/sessions").await.json()["items"][0]["device"].clone();
            for user_agent in [other, one, other] {
                browser.user_agent = Some(user_agent.to_owned());
                browser.get("/api/me").await.is(200, "");
            }
            assert_eq!(browser.get("/api/sessions").await.json()["items"][0]["device"], device);
            browser.user_agent = Some(CHROME.to_owned());
            assert_eq!(reason(&mut browser).await, "browser_mismatch", "{one}");
        }
    }
}

/// What releases before groups of operating systems have stored.
#[actix_web::test]
async fn sessions_of_earlier_releases_stay_bound_to_their_browser() {
    let app = spawn().await;
    app.person("alice").await;
    for (stored, user_agents) in [
        ("UPDATE session SET browser = 'Safari on iPhone'", [DESKTOP_MODES[0].0, MAC_SAFARI]),
        ("UPDATE session SET browser = 'Safari on macOS'", [MAC_SAFARI, DESKTOP_MODES[1].0]),
        ("UPDATE session SET browser = 'Chrome on Android'", [DESKTOP_MODES[6].0, DESKTOP_MODES[6].1]),
        ("UPDATE session SET browser = 'Firefox on Linux'", [FIREFOX, DESKTOP_MODES[8].0]),
    ] {
        let mut browser = app.browser();
        browser.user_agent = Some(user_agents[0].to_owned());
        browser.login("alice", PASSWORD).await.is(200, "");
        app.execute(stored).await;
        for user_agent in user_agents {
            browser.user_agent = Some(user_agent.to_owned());
            browser.get("/api/me").await.is(200, "");
        }
        browser.user_agent = Some(CHROME.to_owned());
        assert_eq!(reason(&mut browser).await, "browser_mismatch", "{stored}");
    }
}
