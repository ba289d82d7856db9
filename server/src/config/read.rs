//! From text to values. Problems are collected, never thrown at the first.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::keys::Strength;
use super::{
    Config, ConfigError, DatabaseConfig, DirectoryReaders, EnvironmentKind, HttpConfig, LogConfig, LogFormat,
    MonitoringConfig, PasswordConfig, SameSitePolicy, SessionBinding, SessionConfig, TokenConfig, VARIABLES, files,
    keys, mail, proxies,
};
use crate::random;

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);
const SESSION_KEY_FILE: &str = "data/session.key";
const JWT_KEY_FILE: &str = "data/jwt.key";
/// HKDF spreads what the key holds; fewer characters cannot hold 128 bits in any usual alphabet.
const MIN_KEY_LENGTH: usize = 32;

/// A set of variables.
#[derive(Clone, Debug, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// The process's variables; in development those of `.env` in the working directory as well, where the process has none of that
    /// name.
    #[must_use]
    pub fn of_process() -> Self {
        let mut variables: HashMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        if variables.get("ENVIRONMENT").is_some_and(|kind| kind == "development") {
            // Not `dotenv_iter`, which takes that of any folder above.
            for (name, value) in dotenvy::from_path_iter(".env").into_iter().flatten().flatten() {
                variables.entry(name).or_insert(value);
            }
        }
        Self(variables)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// What becomes of a key that has no file yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFiles {
    /// It is written to one.
    Make,
    /// It is forgotten.
    Leave,
    /// It is forgotten, once it is certain that a file could be made.
    Try,
}

/// Reads variables and keeps what is wrong with them.
pub(super) struct Reader {
    environment: Environment,
    key_files: KeyFiles,
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Reader {
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn warning(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// The variable's text; unset and empty are the same.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.environment.0.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A secret, from `NAME` or from the file that `NAME_FILE` names.
    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        let file_variable = format!("{name}_FILE");
        match (self.text(name), self.text(&file_variable)) {
            (Some(_), Some(_)) => {
                self.problem(format!("{name} and {file_variable} are both set: keep one"));
                None
            }
            (Some(value), None) => Some(value.into()),
            (None, Some(path)) => match fs::read_to_string(&path) {
                Ok(value) => {
                    self.warnings.extend(files::open_to_others(Path::new(&path)));
                    Some(value.trim().into())
                }
                Err(error) => {
                    let blocked = files::blocked(Path::new(&path), &error);
                    self.problem(format!(
                        "{file_variable}: cannot read {blocked}: correct the name, or make the file readable"
                    ));
                    None
                }
            },
            (None, None) => None,
        }
    }

    /// A secret that is given, or else the one in `path`, which is made where there is none.
    fn secret_or_made(&mut self, name: &str, path: &Path, make: impl FnOnce() -> SecretString) -> Option<SecretString> {
        if self.text(name).is_some() || self.text(&format!("{name}_FILE")).is_some() {
            return self.secret(name);
        }
        let is_missing = matches!(path.try_exists(), Ok(false));
        let key = match self.key_files {
            KeyFiles::Leave if is_missing => Ok(make()),
            KeyFiles::Try if is_missing => files::could_be_made(path).map(|()| make()),
            _ => read_or_make(path, make),
        };
        match key {
            Ok(secret) => {
                self.warnings.extend(files::open_to_others(path));
                Some(secret)
            }
            Err(error) => {
                let blocked = files::blocked(path, &error);
                self.problem(format!(
                    "a key can be neither read nor made in {blocked}: give the folder to that user, or set {name} or {name}_FILE"
                ));
                None
            }
        }
    }

    fn number<N>(&mut self, name: &str, default: N, range: RangeInclusive<N>) -> N
    where
        N: FromStr + PartialOrd + Display + Copy,
    {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (start, end) = (range.start(), range.end());
                self.problem(format!("{name} must be a whole number from {start} to {end}, not {}", shown(&text)));
                default
            }
        }
    }

    fn choice<T: Copy>(&mut self, name: &str, default: T, choices: &[(&str, T)]) -> T {
        let Some(text) = self.text(name) else { return default };
        if let Some((_, value)) = choices.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)) {
            return *value;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.problem(format!("{name} must be one of: {}; not {}", words.join(", "), shown(&text)));
        default
    }

    /// The items of a list separated by `,` or `;`.
    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split([',', ';']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

/// A value as a problem shows it. Not for secrets.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(100).collect();
    format!("{start:?}")
}

/// Takes off quotation marks, which a shell takes off and Docker's `--env-file` leaves on, so that the rest is looked at as well.
fn unquote(reader: &mut Reader) {
    for name in VARIABLES.iter().flat_map(|variable| [variable.name.to_owned(), format!("{}_FILE", variable.name)]) {
        let Some(text) = reader.text(&name) else { continue };
        let inside = ['"', '\''].iter().find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark));
        if let Some(inside) = inside {
            reader.problem(format!(
                "{name} is in quotation marks, which are part of its value: write {name}=... without them"
            ));
            reader.environment.0.insert(name, inside.to_owned());
        }
    }
}

pub(super) fn config(environment: Environment, key_files: KeyFiles) -> Result<Config, ConfigError> {
    let mut reader = Reader { environment, key_files, problems: Vec::new(), warnings: Vec::new() };
    unquote(&mut reader);
    let kind = reader.choice(
        "ENVIRONMENT",
        EnvironmentKind::Production,
        &[("development", EnvironmentKind::Development), ("production", EnvironmentKind::Production)],
    );
    let cores = available_parallelism().map_or(1, usize::from);
    let http = http(&mut reader, kind, cores);
    let config = Config {
        environment: kind,
        database: database(&mut reader),
        session: session(&mut reader, &http),
        token: token(&mut reader),
        password: password(&mut reader, kind, cores),
        registration_open: reader.choice("REGISTRATION", false, &[("open", true), ("closed", false)]),
        directory: reader.choice(
            "DIRECTORY",
            DirectoryReaders::Members,
            &[("members", DirectoryReaders::Members), ("admins", DirectoryReaders::Admins)],
        ),
        mail: mail::read(&mut reader, kind),
        audit_for: DAY * reader.number("AUDIT_DAYS", 365_u32, 1..=3650),
        log: log(&mut reader, kind),
        monitoring: monitoring(&mut reader),
        http,
        warnings: reader.warnings,
    };
    if reader.problems.is_empty() { Ok(config) } else { Err(ConfigError(reader.problems)) }
}

fn http(reader: &mut Reader, kind: EnvironmentKind, cores: usize) -> HttpConfig {
    let port = reader.number("PORT", 3000_u16, 0..=65535);
    let host = match reader.text("HOST").as_deref() {
        None | Some("localhost") => IpAddr::from([127, 0, 0, 1]),
        Some(text) => text.parse().unwrap_or_else(|_| {
            let text = shown(text);
            reader.problem(format!(
                "HOST must be an IP address to listen on, for example 127.0.0.1 or 0.0.0.0; not {text}"
            ));
            IpAddr::from([127, 0, 0, 1])
        }),
    };
    if kind == EnvironmentKind::Production && !host.is_loopback() && reader.text("PUBLIC_URL").is_none() {
        reader.warning(format!(
            "HOST={host} lets other machines in, but PUBLIC_URL is not set, so people can sign in at http://localhost:{port} only: \
             set PUBLIC_URL to the address that they type"
        ));
    }
    HttpConfig {
        public_url: public_url(reader, kind, port),
        host,
        port,
        allowed_origins: allowed_origins(reader),
        trusted_proxies: trusted_proxies(reader, kind),
        client_dist: reader.text("CLIENT_DIST").map(PathBuf::from),
        workers: reader.number("WORKERS", cores, 1..=1024),
    }
}

fn public_url(reader: &mut Reader, kind: EnvironmentKind, port: u16) -> Url {
    let default = match kind {
        EnvironmentKind::Development => "http://localhost:5173".to_owned(),
        EnvironmentKind::Production => format!("http://localhost:{port}"),
    };
    let fallback = Url::parse("http://localhost").expect("a constant");
    let text = reader.text("PUBLIC_URL").unwrap_or(default);
    let url = match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
        _ => {
            // It may hold a password, although it must not.
            let not = if text.contains('@') { String::new() } else { format!("; not {}", shown(&text)) };
            reader.problem(format!(
                "PUBLIC_URL must be an http or https address, for example https://login.example.com{not}"
            ));
            return fallback;
        }
    };
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        reader.problem("PUBLIC_URL must be an origin alone: scheme, host and port, without a path or a user");
    }
    let allowed = reader.choice("ALLOW_INSECURE_HTTP", false, &[("true", true), ("false", false)]);
    if kind == EnvironmentKind::Production && url.scheme() == "http" && !is_loopback(&url) && !allowed {
        reader.problem(
            "PUBLIC_URL is http, so passwords would cross the network in clear text: use https, or set ALLOW_INSECURE_HTTP=true",
        );
    }
    url
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn allowed_origins(reader: &mut Reader) -> Vec<String> {
    let mut origins = Vec::new();
    for item in reader.list("ALLOWED_ORIGINS") {
        match Url::parse(&item) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none() => {
                origins.push(url.origin().ascii_serialization());
            }
            _ => reader.problem(format!(
                "ALLOWED_ORIGINS: {item:?} is not an origin; write each in full, for example https://app.example.com (no *)"
            )),
        }
    }
    origins
}

fn trusted_proxies(reader: &mut Reader, kind: EnvironmentKind) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for item in reader.list("TRUSTED_PROXIES") {
        let network = item.parse::<IpNet>().or_else(|_| item.parse::<IpAddr>().map(IpNet::from));
        match network {
            Ok(network) => networks.push(network),
            Err(_) => reader.problem(format!(
                "TRUSTED_PROXIES: {item:?} is not a network; write an address or a CIDR such as 10.0.0.0/8"
            )),
        }
    }
    if proxies::trust_everybody(&networks) {
        let text = shown(&reader.text("TRUSTED_PROXIES").unwrap_or_default());
        let said = format!(
            "TRUSTED_PROXIES={text} trusts everybody, so anybody can write any address into X-Forwarded-For: name the networks of \
             your proxies alone"
        );
        match kind {
            EnvironmentKind::Production => reader.problem(said),
            EnvironmentKind::Development => reader.warning(said),
        }
    }
    networks
}

fn database(reader: &mut Reader) -> DatabaseConfig {
    let default = "sqlite://data/hallpass.db";
    let url = reader.secret("DATABASE_URL").unwrap_or_else(|| default.into());
    let mut config = DatabaseConfig::new(url).unwrap_or_else(|problem| {
        reader.problem(format!("DATABASE_URL {problem}"));
        DatabaseConfig::new(default.into()).expect("a constant")
    });
    config.connections = reader.number("DATABASE_CONNECTIONS", config.connections, 1..=1000);
    config
}

fn session(reader: &mut Reader, http: &HttpConfig) -> SessionConfig {
    let same_site = reader.choice(
        "COOKIE_SAMESITE",
        SameSitePolicy::Lax,
        &[("strict", SameSitePolicy::Strict), ("lax", SameSitePolicy::Lax), ("none", SameSitePolicy::None)],
    );
    if same_site == SameSitePolicy::None && !http.is_https() {
        reader.problem("COOKIE_SAMESITE=none needs an https PUBLIC_URL: browsers refuse such a cookie over http");
    }
    let idle = match reader.text("SESSION_IDLE_MINUTES").as_deref() {
        None | Some("off") => None,
        Some(_) => {
            let minutes = reader.number("SESSION_IDLE_MINUTES", 30_u32, 5..=43_200);
            Some(Duration::from_secs(u64::from(minutes) * 60))
        }
    };
    SessionConfig {
        keys: session_keys(reader),
        lifetime: DAY * reader.number("SESSION_EXPIRE_DAYS", 7_u32, 1..=400),
        idle,
        binding: reader.choice(
            "SESSION_BINDING",
            SessionBinding::Browser,
            &[("browser", SessionBinding::Browser), ("off", SessionBinding::Off)],
        ),
        max_per_user: reader.number("MAX_SESSIONS_PER_USER", 50_u32, 1..=10_000),
        same_site,
        fresh_for: MINUTE * reader.number("REAUTH_MINUTES", 10_u32, 1..=1440),
    }
}

fn token(reader: &mut Reader) -> TokenConfig {
    TokenConfig {
        keys: reader.secret_or_made("JWT_KEY", Path::new(JWT_KEY_FILE), ed25519_key).unwrap_or_default(),
        lifetime: MINUTE * reader.number("ACCESS_TOKEN_MINUTES", 5_u32, 1..=60),
        refresh_lifetime: DAY * reader.number("REFRESH_TOKEN_DAYS", 7_u32, 1..=400),
        password_grant: reader.choice("PASSWORD_GRANT", true, &[("on", true), ("off", false)]),
    }
}

/// A new Ed25519 key as PKCS#8 in PEM (RFC 8410 section 7): what stands before the 32 bytes is the same for every key.
fn ed25519_key() -> SecretString {
    const BEFORE: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = [BEFORE.as_slice(), &random::bytes::<32>()].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(der)).into()
}

fn session_keys(reader: &mut Reader) -> Vec<SecretString> {
    let random_key = || SecretString::from(URL_SAFE_NO_PAD.encode(random::bytes::<64>()));
    let Some(keys) = reader.secret_or_made("SESSION_KEY", Path::new(SESSION_KEY_FILE), random_key) else {
        return Vec::new();
    };
    let keys: Vec<SecretString> = keys.expose_secret().split(',').map(|key| key.trim().into()).collect();
    if keys.iter().any(|key| key.expose_secret().len() < MIN_KEY_LENGTH) {
        reader.problem(format!(
            "SESSION_KEY needs at least {MIN_KEY_LENGTH} characters a key, for example from: openssl rand -base64 48"
        ));
        return keys;
    }
    let strength = keys.iter().map(|key| keys::strength(key.expose_secret()));
    match strength.min() {
        Some(Strength::Sample) => reader.problem(
            "SESSION_KEY repeats a few characters: use a random one, for example from: openssl rand -base64 48",
        ),
        Some(Strength::Guessable) => reader.warning(
            "SESSION_KEY looks as if it could be guessed: use a random one, for example from: openssl rand -base64 48",
        ),
        Some(Strength::Random) | None => {}
    }
    keys
}

/// The key in `path`; made once, for its owner alone, where there is none.
fn read_or_make(path: &Path, make: impl FnOnce() -> SecretString) -> io::Result<SecretString> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    if !path.exists() {
        // Written whole under another name first: of several servers that start together, each sees one whole key, the same.
        let draft = path.with_extension(format!("{:016x}", u64::from_be_bytes(random::bytes())));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(make().expose_secret().as_bytes())?;
        file.sync_all()?;
        let published = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        published.or_else(|error| if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })?;
    }
    Ok(fs::read_to_string(path)?.trim().into())
}

fn password(reader: &mut Reader, kind: EnvironmentKind, cores: usize) -> PasswordConfig {
    let config = PasswordConfig {
        memory_kib: reader.number("ARGON2_MEMORY_KIB", 19_456_u32, 8..=131_072),
        iterations: reader.number("ARGON2_ITERATIONS", 2_u32, 1..=10),
        parallelism: reader.number("ARGON2_PARALLELISM", 1_u32, 1..=4),
        threads: reader.number("HASH_THREADS", cores, 1..=256),
        min_length: reader.number("PASSWORD_MIN_LENGTH", 12_usize, 8..=64),
        blocklist: reader.text("PASSWORD_BLOCKLIST").map(PathBuf::from),
    };
    if let Some(path) = &config.blocklist
        && let Err(error) = fs::File::open(path)
    {
        let blocked = files::blocked(path, &error);
        reader
            .problem(format!("PASSWORD_BLOCKLIST: cannot read {blocked}: correct the name, or make the file readable"));
    }
    // OWASP ASVS 5.0, appendix C.
    let floor = match config.iterations {
        1 => 47_104,
        2 => 19_456,
        _ => 12_288,
    };
    if kind == EnvironmentKind::Production && config.memory_kib < floor {
        reader.problem(format!(
            "ARGON2_MEMORY_KIB must be at least {floor} with ARGON2_ITERATIONS={} (OWASP ASVS 5.0, appendix C)",
            config.iterations
        ));
    }
    if config.memory_kib < 8 * config.parallelism {
        reader.problem("ARGON2_MEMORY_KIB must be at least 8 times ARGON2_PARALLELISM (RFC 9106 section 3.1)");
    }
    config
}

fn log(reader: &mut Reader, kind: EnvironmentKind) -> LogConfig {
    let default = match kind {
        EnvironmentKind::Development => LogFormat::Pretty,
        EnvironmentKind::Production => LogFormat::Json,
    };
    LogConfig {
        format: reader.choice("LOG_FORMAT", default, &[("json", LogFormat::Json), ("pretty", LogFormat::Pretty)]),
        filter: reader.text("RUST_LOG").unwrap_or_else(|| "info".to_owned()),
    }
}

fn monitoring(reader: &mut Reader) -> MonitoringConfig {
    let metrics = reader.text("METRICS_ADDR").and_then(|text| match text.parse::<SocketAddr>() {
        // The counters tell how busy a site is and when its sign-ins fail: nobody else's business.
        Ok(address) if address.ip().is_loopback() => Some(address),
        Ok(_) => {
            reader.problem(
                format!("METRICS_ADDR must be an address of this machine alone, 127.0.0.1:PORT or [::1]:PORT, not {text}: let Prometheus, its agent or a proxy that asks for a password ask there"),
            );
            None
        }
        Err(_) => {
            reader.problem(format!("METRICS_ADDR must be an address and a port, for example 127.0.0.1:9464; not {}", shown(&text)));
            None
        }
    });
    MonitoringConfig { metrics, collector: collector(reader) }
}

fn collector(reader: &mut Reader) -> Option<Url> {
    let text = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    // A second client that speaks TLS, with a second opinion on certificates, is not worth what a collector does anyway.
    let url = Url::parse(&text).ok().filter(|url| url.scheme() == "http" && url.has_host());
    let Some(url) = url else {
        reader.problem(
            "OTEL_EXPORTER_OTLP_ENDPOINT must be the http URL of a collector nearby, for example http://127.0.0.1:4318; a collector sends on over https",
        );
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        reader.problem(
            "OTEL_EXPORTER_OTLP_ENDPOINT must not hold a user or a password: put them into OTEL_EXPORTER_OTLP_HEADERS",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        reader.problem("OTEL_EXPORTER_OTLP_ENDPOINT must end before any ? or #: /v1/traces is added to it");
    }
    Some(url)
}
