//! Handing a mail over to a mail server (RFC 5321).

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;

use super::queries::Waiting;
use crate::config::{Encryption, MailConfig, SmtpServer};

/// Characters of a mail server's answer that are kept.
const MAX_TEXT: usize = 200;
/// The longest word of a mail server's answer that is kept: shorter than a token is.
const MAX_WORD: usize = 32;

/// The way to the mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    send_within: Duration,
}

/// Why a mail was not taken.
#[derive(Debug)]
pub(super) struct Failure {
    /// The server has refused it for good (a 5xx), as opposed to being away or busy.
    pub is_refusal: bool,
    /// Why, without anything of the mail.
    pub reason: String,
}

impl Smtp {
    /// To the server that `SMTP_URL` names, which is told that we are `host`.
    ///
    /// # Errors
    /// When the authority of `ca=FILE` is none.
    pub fn new(config: &MailConfig, host: Option<&str>) -> Result<Self, Error> {
        let SmtpServer { host: server, port, encryption, login, authority } = &config.server;
        let tls = || {
            let mut parameters = TlsParameters::builder(server.clone());
            if let Some(authority) = authority {
                parameters = parameters.add_root_certificate(Certificate::from_pem(authority)?);
            }
            parameters.build_rustls()
        };
        let tls = match encryption {
            Encryption::Wrapped => Tls::Wrapper(tls()?),
            Encryption::StartTls => Tls::Required(tls()?),
            Encryption::None => Tls::None,
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.as_str());
        let mut transport = transport.port(*port).tls(tls).timeout(Some(config.send_within));
        if let Some(host) = host {
            transport = transport.hello_name(ClientId::Domain(host.to_owned()));
        }
        if let Some((user, password)) = login {
            transport = transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: transport.build(), from: config.from.clone(), send_within: config.send_within })
    }

    /// Whether the server lets us in; why not, where it does not.
    ///
    /// # Errors
    /// In words.
    pub async fn try_out(&self) -> Result<(), String> {
        match tokio::time::timeout(self.send_within, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("it does not answer as a mail server does".to_owned()),
            Ok(Err(error)) => Err(reason(&error)),
            Err(_) => Err("it does not answer in time".to_owned()),
        }
    }

    pub(super) async fn send(&self, mail: &Waiting) -> Result<(), Failure> {
        let message = self
            .message(mail)
            .map_err(|()| Failure { is_refusal: true, reason: "it cannot be written as a mail".to_owned() })?;
        match tokio::time::timeout(self.send_within, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failure { is_refusal: is_refusal(&error), reason: reason(&error) }),
            Err(_) => Err(Failure { is_refusal: false, reason: "the mail server does not answer in time".to_owned() }),
        }
    }

    /// The mail as it is sent. Every attempt has the same id, so that who gets it twice can tell.
    fn message(&self, mail: &Waiting) -> Result<Message, ()> {
        let recipient = mail.recipient.parse().map_err(drop)?;
        let written_at = u64::try_from(mail.created_at.as_micros()).map_err(drop)?;
        // No answer from a machine is wanted, as this comes from one (RFC 3834 section 5).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient))
            .subject(mail.subject.as_str())
            .date(UNIX_EPOCH + Duration::from_micros(written_at))
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())
            .map_err(drop)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Whether the mail itself is refused for good. 530 to 539 are about signing in (RFC 4954 section 6): `SMTP_URL` can be
/// mended while the mail waits.
fn is_refusal(error: &Error) -> bool {
    error.is_permanent() && error.status().is_none_or(|code| u16::from(code) / 10 != 53)
}

/// The error in words. A mail server may repeat the recipient or the link in its answer, so what could be one is left out.
fn reason(error: &Error) -> String {
    let text = error.to_string();
    let kept = |word: &str| word.len() <= MAX_WORD && !word.contains(['@', '/']) && !word.chars().any(char::is_control);
    let words: Vec<&str> = text.split_whitespace().map(|word| if kept(word) { word } else { "…" }).collect();
    words.join(" ").chars().take(MAX_TEXT).collect()
}
