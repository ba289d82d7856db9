//! The configuration: environment variables in, checked values out, every problem reported at once.

pub(crate) mod files;
mod keys;
mod mail;
mod proxies;
mod read;
mod variables;

use std::net::{IpAddr, SocketAddr};
use std::path::{self, PathBuf};
use std::time::Duration;

use actix_web::cookie::SameSite;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use mail::{Encryption, MailConfig, SmtpServer};
pub use read::Environment;
use read::KeyFiles;
pub use variables::{VARIABLES, Variable};

/// Everything the server can be told. One value, passed to those who need it; never global.
#[derive(Clone, Debug)]
pub struct Config {
    /// `development` relaxes what would be unsafe on the internet.
    pub environment: EnvironmentKind,
    /// How people and proxies reach the server.
    pub http: HttpConfig,
    /// Where the data lives.
    pub database: DatabaseConfig,
    /// How long sessions live and what binds them.
    pub session: SessionConfig,
    /// How long tokens live and what signs them.
    pub token: TokenConfig,
    /// Argon2id's cost and the rule for new passwords.
    pub password: PasswordConfig,
    /// `REGISTRATION`: whether anybody may make an account.
    pub registration_open: bool,
    /// `DIRECTORY`: who may list and search people.
    pub directory: DirectoryReaders,
    /// How mails are sent; none are without `SMTP_URL`.
    pub mail: Option<MailConfig>,
    /// `AUDIT_DAYS`: how long is kept what happened.
    pub audit_for: Duration,
    /// What the log looks like.
    pub log: LogConfig,
    /// Who watches the server.
    pub monitoring: MonitoringConfig,
    /// What is allowed but hardly meant, each with the mend.
    pub warnings: Vec<String>,
}

/// `DIRECTORY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryReaders {
    /// Everybody who is signed in.
    Members,
    /// Administrators alone.
    Admins,
}

/// ENVIRONMENT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentKind {
    /// On a developer's machine.
    Development,
    /// Everywhere else; the default.
    Production,
}

/// How people and proxies reach the server.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// `PUBLIC_URL`: what people type.
    pub public_url: Url,
    /// HOST: the address to listen on.
    pub host: IpAddr,
    /// PORT: zero takes any free one.
    pub port: u16,
    /// `ALLOWED_ORIGINS`: foreign origins that may use the API with credentials.
    pub allowed_origins: Vec<String>,
    /// `TRUSTED_PROXIES`: whose word about the client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `CLIENT_DIST`: a folder with a built web app, to be served instead of the embedded one.
    pub client_dist: Option<PathBuf>,
    /// WORKERS: how many threads serve requests.
    pub workers: usize,
}

impl HttpConfig {
    /// Whether people reach the server over https, which decides about `Secure`, `__Host-` and HSTS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The origin of `PUBLIC_URL`, as browsers write it (RFC 6454 section 6.2).
    #[must_use]
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }
}

/// Which database `DATABASE_URL` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// `sqlite:`
    Sqlite,
    /// `mysql:` and `mariadb:`
    MySql,
    /// `postgres:` and `postgresql:`
    Postgres,
}

/// Enough to keep two cores busy; with several servers, together fewer than the database allows.
const DEFAULT_CONNECTIONS: u32 = 10;

/// Where the data lives.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// The scheme of the URL.
    pub kind: DatabaseKind,
    /// `DATABASE_URL`, which may hold a password.
    pub url: SecretString,
    /// `DATABASE_CONNECTIONS`: how many are open at once, at most; on SQLite those that read.
    pub connections: u32,
}

impl DatabaseConfig {
    /// The database that `url` names.
    ///
    /// # Errors
    /// What is wrong with the URL, to be read after its name.
    pub fn new(url: SecretString) -> Result<Self, String> {
        let text = url.expose_secret();
        let kind = match text.split(':').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "sqlite" => DatabaseKind::Sqlite,
            "mysql" | "mariadb" => DatabaseKind::MySql,
            "postgres" | "postgresql" => DatabaseKind::Postgres,
            _ => {
                return Err(
                    "must begin with sqlite:, mysql: or postgres:, for example sqlite://data/hallpass.db".to_owned()
                );
            }
        };
        if kind == DatabaseKind::Sqlite && (text.contains(":memory:") || text.contains("mode=memory")) {
            return Err("must name a file: each connection would have a database in memory of its own".to_owned());
        }
        if kind != DatabaseKind::Sqlite {
            check_database_url(text)?;
        }
        Ok(Self { kind, url, connections: DEFAULT_CONNECTIONS })
    }

    /// The URL in clear, for the driver only.
    pub(crate) fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Which database it is, without the user and the password: an SQLite file's absolute path, or the address of a server's
    /// database.
    #[must_use]
    pub fn name(&self) -> String {
        if self.kind == DatabaseKind::Sqlite {
            let url = self.url().split('?').next().unwrap_or_default();
            let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
            let file = percent_decode_str(file).decode_utf8_lossy();
            return path::absolute(&*file).map_or_else(|_| file.to_string(), |path| path.display().to_string());
        }
        let Ok(url) = Url::parse(self.url()) else { return "the database of DATABASE_URL".to_owned() };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
    }
}

/// Whether a database server's URL can be read as it was meant. It is not repeated in what is wrong with it, for it may hold a
/// password.
fn check_database_url(text: &str) -> Result<(), String> {
    const SIGNS: &str = "in a user or password write % as %25, # as %23, / as %2F, ? as %3F, @ as %40, : as %3A";
    let form = "it is written SCHEME://USER:PASSWORD@HOST:PORT/DATABASE";
    let url = Url::parse(text).map_err(|error| format!("is not a URL ({error}): {form}, and {SIGNS}"))?;
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // What should have been the user and the password ended at a sign that ends them.
    let is_cut_off = !authority.is_empty() && !authority.contains('@') && behind.contains('@');
    let is_in_parameter = url.query_pairs().any(|(name, value)| value.contains('@') && !name.contains('@'));
    if url.fragment().is_some() || (is_cut_off && !is_in_parameter) {
        return Err(format!("has a sign in its user or password that ends them: {form}, and {SIGNS}"));
    }
    Ok(())
}

/// `SESSION_BINDING`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionBinding {
    /// A session belongs to the browser family and operating system that made it.
    Browser,
    /// Any browser may present it.
    Off,
}

/// `COOKIE_SAMESITE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSitePolicy {
    /// Not even links from elsewhere carry the cookie.
    Strict,
    /// Links from elsewhere carry it, requests do not.
    Lax,
    /// Everything carries it; for an app on another site, over https only.
    None,
}

impl From<SameSitePolicy> for SameSite {
    fn from(policy: SameSitePolicy) -> Self {
        match policy {
            SameSitePolicy::Strict => Self::Strict,
            SameSitePolicy::Lax => Self::Lax,
            SameSitePolicy::None => Self::None,
        }
    }
}

/// How long tokens live and what signs them.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    /// `JWT_KEY`: private keys in PEM form; the first signs, all verify.
    pub keys: SecretString,
    /// `ACCESS_TOKEN_MINUTES`: the longest an access token is believed by those who do not ask us.
    pub lifetime: Duration,
    /// `REFRESH_TOKEN_DAYS`: the longest a session lives that tokens carry.
    pub refresh_lifetime: Duration,
    /// `PASSWORD_GRANT`: whether `POST /token` takes a password.
    pub password_grant: bool,
}

/// How long sessions live and what binds them.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// `SESSION_KEY`: the first signs cookies, all verify.
    pub keys: Vec<SecretString>,
    /// `SESSION_EXPIRE_DAYS`: the longest a session lives.
    pub lifetime: Duration,
    /// `SESSION_IDLE_MINUTES`: the longest it rests.
    pub idle: Option<Duration>,
    /// `SESSION_BINDING`.
    pub binding: SessionBinding,
    /// `MAX_SESSIONS_PER_USER`: the oldest ends first.
    pub max_per_user: u32,
    /// `COOKIE_SAMESITE`.
    pub same_site: SameSitePolicy,
    /// `REAUTH_MINUTES`: how long a password that was entered counts for what matters most.
    pub fresh_for: Duration,
}

/// Argon2id's cost (RFC 9106 section 3.1) and the rule for new passwords.
#[derive(Clone, Debug)]
pub struct PasswordConfig {
    /// `ARGON2_MEMORY_KIB`.
    pub memory_kib: u32,
    /// `ARGON2_ITERATIONS`.
    pub iterations: u32,
    /// `ARGON2_PARALLELISM`: lanes, computed one after the other.
    pub parallelism: u32,
    /// `HASH_THREADS`: how many hashes are computed at once.
    pub threads: usize,
    /// `PASSWORD_MIN_LENGTH`, in characters.
    pub min_length: usize,
    /// `PASSWORD_BLOCKLIST`: a file of passwords that are refused.
    pub blocklist: Option<PathBuf>,
}

/// `LOG_FORMAT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Pretty,
}

/// What the log looks like.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `LOG_FORMAT`.
    pub format: LogFormat,
    /// `RUST_LOG`.
    pub filter: String,
}

/// Who watches the server.
#[derive(Clone, Debug, Default)]
pub struct MonitoringConfig {
    /// `METRICS_ADDR`: where Prometheus may ask; on this machine only.
    pub metrics: Option<SocketAddr>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector that spans are sent to.
    pub collector: Option<Url>,
}

/// What is wrong with the configuration: every problem, each with the mend.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} problem(s):\n{}", .0.len(), .0.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the process's environment, and `.env` in the working directory when ENVIRONMENT is `development`.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_environment(Environment::of_process())
    }

    /// The same for a command that must not make anything: keys that are still missing are not written to files.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_env_read_only() -> Result<Self, ConfigError> {
        read::config(Environment::of_process(), KeyFiles::Leave)
    }

    /// The same for `check`: says as well where the keys that are still missing could not be written.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_env_to_check() -> Result<Self, ConfigError> {
        read::config(Environment::of_process(), KeyFiles::Try)
    }

    /// Reads any set of variables; what the tests use.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_environment(environment: Environment) -> Result<Self, ConfigError> {
        read::config(environment, KeyFiles::Make)
    }
}

#[cfg(test)]
mod tests;
