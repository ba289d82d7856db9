//! A mail server that keeps what it is given, and can be as unfriendly as mail servers are.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What it does with a mail.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    Take,
    /// Answers this to each recipient.
    Refuse(&'static str),
    /// Listens, and says nothing.
    Hang,
    /// Takes all of the mail, and goes before saying so.
    Drop,
}

#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub body: String,
    /// As it came over the wire.
    pub raw: String,
}

impl Mail {
    /// The address of the link in it.
    pub fn url(&self) -> &str {
        self.body.lines().find(|line| line.contains("/link/")).unwrap_or_else(|| panic!("no link in {}", self.body))
    }

    /// The token of the link in it.
    pub fn token(&self) -> &str {
        self.url().rsplit_once("/link/").unwrap().1
    }

    pub fn header(&self, name: &str) -> &str {
        let head = self.raw.split_once("\r\n\r\n").unwrap().0;
        let mut lines = head.lines().filter_map(|line| line.split_once(": ")).filter(|(found, _)| *found == name);
        let value = lines.next().unwrap_or_else(|| panic!("no {name} in {head}")).1;
        assert!(lines.next().is_none(), "{name} stands twice in {head}");
        value
    }

    fn read(to: String, raw: String) -> Self {
        let mut mail = Self { to, subject: String::new(), body: String::new(), raw };
        let subject = mail.header("Subject").to_owned();
        mail.subject = subject;
        let body = mail.raw.split_once("\r\n\r\n").unwrap().1.replace("\r\n", "\n");
        mail.body = match mail.header("Content-Transfer-Encoding") {
            "7bit" => body,
            "base64" => String::from_utf8(STANDARD.decode(body.replace('\n', "")).unwrap()).unwrap(),
            "quoted-printable" => unquoted(&body.replace("=\n", "")),
            other => panic!("{other}"),
        };
        mail
    }
}

fn unquoted(text: &str) -> String {
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

#[derive(Debug)]
struct State {
    manner: Manner,
    mails: Vec<Mail>,
    tries: usize,
    /// What clients sign in with.
    login: Option<String>,
}

pub struct MailServer {
    pub port: u16,
    state: Arc<Mutex<State>>,
    listening: actix_web::rt::task::JoinHandle<()>,
}

/// What protects a conversation.
#[derive(Clone)]
enum Security {
    None,
    /// From when the client asks for it.
    StartTls(TlsAcceptor),
    /// From the start.
    Wrapped(TlsAcceptor),
}

impl MailServer {
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// On a port that was another one's before.
    pub async fn start_on(port: u16) -> Self {
        Self::start_with(port, Security::None).await
    }

    /// One that encrypts, from the start or when asked to; and the authority that its certificate comes from, in PEM form.
    pub async fn start_encrypted(from_the_start: bool) -> (Self, String) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let chain = vec![params.signed_by(&key, &authority).unwrap().der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let security = if from_the_start { Security::Wrapped(acceptor) } else { Security::StartTls(acceptor) };
        (Self::start_with(0, security).await, authority.pem())
    }

    async fn start_with(port: u16, security: Security) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { manner: Manner::Take, mails: Vec::new(), tries: 0, login: None };
        let state = Arc::new(Mutex::new(state));
        let listening = actix_web::rt::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (state, security) = (Arc::clone(&state), security.clone());
                    actix_web::rt::spawn(async move { drop(receive(stream, &state, security).await) });
                }
            }
        });
        Self { port, state, listening }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn behave(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    /// How often somebody has begun a conversation.
    pub fn tries(&self) -> usize {
        self.state.lock().unwrap().tries
    }

    pub fn login(&self) -> Option<String> {
        self.state.lock().unwrap().login.clone()
    }

    /// What has come so far.
    pub fn taken(&self) -> Vec<Mail> {
        self.state.lock().unwrap().mails.clone()
    }

    /// The first `number` mails, once they have come.
    pub async fn mails(&self, number: usize) -> Vec<Mail> {
        until(|| async { self.taken().len() >= number }).await;
        self.taken()
    }

    /// Goes away; gives the port that it leaves.
    pub async fn stop(self) -> u16 {
        self.listening.abort();
        let _ = self.listening.await;
        self.port
    }
}

/// Waits for something that other threads do.
pub async fn until<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    for _ in 0..6_000 {
        if is_so().await {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to that");
}

const GREETING: &str = "220 mail.test\r\n";

async fn receive(stream: TcpStream, state: &Mutex<State>, security: Security) -> std::io::Result<()> {
    state.lock().unwrap().tries += 1;
    match security {
        Security::None => converse(stream, state, GREETING, false).await.map(drop),
        Security::Wrapped(acceptor) => converse(acceptor.accept(stream).await?, state, GREETING, false).await.map(drop),
        Security::StartTls(acceptor) => {
            let Some(stream) = converse(stream, state, GREETING, true).await? else { return Ok(()) };
            converse(acceptor.accept(stream).await?, state, "", false).await.map(drop)
        }
    }
}

/// Gives the stream back when the client wants to go on encrypted.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    state: &Mutex<State>,
    greeting: &str,
    offers_tls: bool,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    let manner = state.lock().unwrap().manner;
    if matches!(manner, Manner::Hang) {
        actix_web::rt::time::sleep(Duration::from_mins(1)).await;
    }
    stream.write_all(greeting.as_bytes()).await?;
    let mut to = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let (verb, rest) = line.trim_end().split_once([' ', ':']).unwrap_or((line.trim_end(), ""));
        let answer = match verb {
            "EHLO" if offers_tls => "250-mail.test\r\n250 STARTTLS",
            "STARTTLS" if offers_tls => {
                stream.write_all(b"220 go on\r\n").await?;
                return Ok(Some(stream.into_inner()));
            }
            "EHLO" => "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "AUTH" => {
                state.lock().unwrap().login = Some(rest.to_owned());
                "235 welcome"
            }
            "MAIL" | "NOOP" => "250 go on",
            "RCPT" => {
                rest.trim_start_matches("TO:<").trim_end_matches('>').clone_into(&mut to);
                if let Manner::Refuse(answer) = manner { answer } else { "250 go on" }
            }
            "DATA" => {
                stream.write_all(b"354 speak\r\n").await?;
                let raw = message(&mut stream).await?;
                if matches!(manner, Manner::Drop) {
                    return Ok(None);
                }
                state.lock().unwrap().mails.push(Mail::read(to.clone(), raw));
                "250 taken"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(None);
            }
            _ => "500 what?",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn message<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line == ".\r\n" || line.is_empty() {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
