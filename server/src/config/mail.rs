//! Where mails go and whom they come from: `SMTP_URL` and `MAIL_FROM`.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::EnvironmentKind;
use super::read::Reader;

const EXAMPLE: &str =
    "write smtp://user:password@mail.example.com:587?tls=required, or smtps:// for TLS from the start";

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `SMTP_URL`: the server that takes them.
    pub server: SmtpServer,
    /// `MAIL_FROM`: whom they come from.
    pub from: Mailbox,
    /// How often is looked for mails that other servers have written, or that are to be tried again.
    pub look_every: Duration,
    /// How long one mail may take to be handed over.
    pub send_within: Duration,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What protects what is said to it.
    pub encryption: Encryption,
    /// Name and password to sign in with.
    pub login: Option<(String, SecretString)>,
    /// `ca=FILE`: the authority (in PEM form) that its certificate comes from, where that is none that browsers know.
    pub authority: Option<Vec<u8>>,
}

/// What protects the connection to a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// `smtps:`, TLS from the start (RFC 8314 section 3.3).
    Wrapped,
    /// `tls=required`: STARTTLS (RFC 3207), and nothing is sent to a server that does not offer it.
    StartTls,
    /// `tls=none`, and the default on this machine.
    None,
}

pub(super) fn read(reader: &mut Reader, kind: EnvironmentKind) -> Option<MailConfig> {
    let url = reader.secret("SMTP_URL")?;
    let server =
        server(url.expose_secret(), kind).map_err(|problem| reader.problem(format!("SMTP_URL {problem}"))).ok();
    let from = match reader.text("MAIL_FROM").map(|text| text.parse()) {
        Some(Ok(from)) => Some(from),
        Some(Err(_)) => {
            reader.problem("MAIL_FROM is no mailbox: write for example Hallpass <hallpass@example.com>");
            None
        }
        None => {
            reader.problem("MAIL_FROM is needed with SMTP_URL: write for example Hallpass <hallpass@example.com>");
            None
        }
    };
    let (look_every, send_within) = (Duration::from_secs(15), Duration::from_mins(1));
    Some(MailConfig { server: server?, from: from?, look_every, send_within })
}

/// What the URL says. Nothing of it is repeated in what is wrong with it, for it may hold a password.
fn server(text: &str, kind: EnvironmentKind) -> Result<SmtpServer, String> {
    let url = Url::parse(text).map_err(|_| format!("is no URL: {EXAMPLE}"))?;
    if !matches!(url.scheme(), "smtp" | "smtps") || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(format!("does not name a mail server: {EXAMPLE}"));
    }
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(format!("names no host: {EXAMPLE}"));
    }
    let (mut tls, mut authority) = (None, None);
    for (name, value) in url.query_pairs() {
        match (&*name, &*value) {
            ("tls", "required") => tls = Some(Encryption::StartTls),
            ("tls", "none") => tls = Some(Encryption::None),
            ("ca", path) => authority = Some(certificate(path)?),
            _ => return Err("may have no parameters but tls=required, tls=none and ca=FILE".to_owned()),
        }
    }
    let encryption = match (url.scheme(), tls) {
        ("smtps", Some(Encryption::None)) => {
            return Err("contradicts itself: smtps:// is TLS, tls=none is not".to_owned());
        }
        ("smtps", _) => Encryption::Wrapped,
        (_, Some(encryption)) => encryption,
        (_, None) if is_loopback(&host) || kind == EnvironmentKind::Development => Encryption::None,
        (_, None) => {
            return Err("does not encrypt, so links to new passwords would cross the network in clear text: add \
                        ?tls=required, use smtps://, or say ?tls=none where you want it so"
                .to_owned());
        }
    };
    let port = url.port().unwrap_or(match encryption {
        Encryption::Wrapped => 465,
        Encryption::StartTls => 587,
        Encryption::None => 25,
    });
    Ok(SmtpServer { host, port, encryption, login: login(&url)?, authority })
}

fn certificate(path: &str) -> Result<Vec<u8>, String> {
    let pem =
        fs::read_to_string(path).map_err(|error| format!("names a file with ca= that cannot be read ({error})"))?;
    if pem.contains("-----BEGIN CERTIFICATE-----") {
        Ok(pem.into_bytes())
    } else {
        Err("names a file with ca= that holds no certificate in PEM form".to_owned())
    }
}

fn login(url: &Url) -> Result<Option<(String, SecretString)>, String> {
    let decoded = |text| {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| "has a user or password that is not UTF-8")?;
        if text.chars().any(char::is_control) {
            Err("has a control character in its user or password")
        } else {
            Ok(text)
        }
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("has a password without a user".to_owned()),
        (_, None) => Err("has a user without a password".to_owned()),
        (user, Some(password)) => Ok(Some((decoded(user)?.into_owned(), decoded(password)?.into_owned().into()))),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_production(url: &str) -> Result<SmtpServer, String> {
        server(url, EnvironmentKind::Production)
    }

    #[test]
    fn says_where_and_how() {
        let there = |url| in_production(url).map(|server| (server.host, server.port, server.encryption)).unwrap();
        let mail = "mail.example.com".to_owned();
        assert_eq!(there("smtps://mail.example.com"), (mail.clone(), 465, Encryption::Wrapped));
        assert_eq!(there("smtp://mail.example.com?tls=required"), (mail.clone(), 587, Encryption::StartTls));
        assert_eq!(there("smtp://mail.example.com:2525/?tls=none"), (mail, 2525, Encryption::None));
        assert_eq!(there("smtp://localhost"), ("localhost".to_owned(), 25, Encryption::None));
        assert_eq!(there("smtp://[::1]:1025"), ("::1".to_owned(), 1025, Encryption::None));
        let server = in_production("smtps://me%40example.com:p%2Fss:w%C3%B6rd@mail.example.com").unwrap();
        let (user, password) = server.login.unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("me@example.com", "p/ss:wörd"));
    }

    #[test]
    fn what_is_unsafe_or_unclear_is_refused_without_telling_the_password() {
        for (url, word) in [
            ("mail.example.com", "is no URL"),
            ("http://mail.example.com", "mail server"),
            ("smtp://mail.example.com/inbox", "mail server"),
            ("smtp://", "host"),
            ("smtp://mail.example.com", "tls=required"),
            ("smtp://u:hunter2@192.0.2.7", "tls=required"),
            ("smtp://mail.example.com?tls=maybe", "parameters"),
            ("smtps://mail.example.com?tls=none", "contradicts"),
            ("smtps://u@mail.example.com", "without a password"),
            ("smtps://u:hunter2%0d%0a@mail.example.com", "control"),
            ("smtps://mail.example.com?ca=/nowhere/ca.pem", "cannot be read"),
        ] {
            let problem = in_production(url).expect_err(url);
            assert!(problem.contains(word) && !problem.contains("hunter2"), "{url}: {problem}");
        }
        assert!(server("smtp://mail.example.com", EnvironmentKind::Development).is_ok());
    }
}
