//! The application: every route and every layer, in order, on one screen.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_cors::Cors;
use actix_server::Server;
use actix_web::App;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data, PayloadConfig, ThinData};
use futures_util::future::OptionFuture;

use crate::access_tokens::{AccessTokens, KeyError, RefreshCookie, Refresher};
use crate::bearer::{self, Bearer};
use crate::clock::Clock;
use crate::config::{Config, EnvironmentKind, files};
use crate::db::{self, Db, Versions, migrate};
use crate::events::{self, Newsroom};
use crate::features::{self, Offered};
use crate::housekeeping::Housekeeping;
use crate::http::assets::Assets;
use crate::http::browser::Browsers;
use crate::http::client::Clients;
use crate::http::client_ip::TrustedProxies;
use crate::http::drain::Drain;
use crate::http::embedded::EmbeddedFile;
use crate::http::envelope::{self, Envelope};
use crate::http::extract::MAX_BODY;
use crate::http::forwarding::ForwardingCheck;
use crate::http::layer::sharing;
use crate::http::problem::{Code, Problem};
use crate::http::same_site::{self, TrustedOrigins};
use crate::http::server::{self, AtHand};
use crate::http::spa::{self, WebApp};
use crate::http::well_known;
use crate::identity::{EndReason, Freshness};
use crate::links::{self, Link, Links};
use crate::login::{self, Authenticator, ForgottenPasswords, LoginRules, Registration, Verifier, setup};
use crate::mail::{Outbox, Sender, Smtp};
use crate::metrics::Metrics;
use crate::monitoring::{Listener, Readings, Sources};
use crate::secret::blocklist::Blocklist;
use crate::secret::hasher::Hasher;
use crate::secret::password::PasswordRule;
use crate::sessions::device::Devices;
use crate::sessions::layer::{self, Sessions};
use crate::sessions::touch::{self, Toucher};
use crate::system::docs::Documentation;
use crate::traces::Traces;
use crate::users::index::fill;
use crate::users::new_passwords::NewPasswords;
use crate::users::search::directory::Directory;
use crate::{access_tokens, administration, api_tokens, audit, openapi, sessions, system};

/// How long requests that are under way may take to finish at shutdown, in seconds.
const FINISH_WITHIN: u64 = 6;
/// How long load balancers get to see that the server is going, before it stops listening; a developer has none.
const ANNOUNCE: Duration = Duration::from_secs(2);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {reason}", reason = cannot_listen(.0, .1))]
    Bind(SocketAddr, io::Error),
    /// The address for metrics cannot be listened on.
    #[error("cannot listen on {0} for metrics: {reason}: set METRICS_ADDR to a free address", reason = files::reason(.1))]
    BindMetrics(SocketAddr, io::Error),
    /// Spans cannot be sent.
    #[error("spans cannot be sent: set OTEL_EXPORTER_OTLP_ENDPOINT and the other variables of OpenTelemetry aright")]
    Traces(#[source] anyhow::Error),
    /// The database cannot be reached.
    #[error("the database cannot be opened: {0}")]
    Database(String),
    /// The web app's files are missing.
    #[error("the web app is missing: there is no {0}: build it with `just build`, or set CLIENT_DIST to its folder")]
    Client(String),
    /// Access tokens cannot be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The list of passwords that are refused cannot be read.
    #[error("PASSWORD_BLOCKLIST cannot be read")]
    Blocklist(#[source] io::Error),
    /// What is said to the mail server cannot be encrypted.
    #[error("SMTP_URL: the file that ca= names holds no certificate in PEM form")]
    Mail(#[from] lettre::transport::smtp::Error),
    /// The schema is not the one this version needs.
    #[error(transparent)]
    Schema(#[from] migrate::SchemaError),
}

/// A server that listens, and serves once it is told to [`Application::run`].
#[derive(Debug)]
pub struct Application {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
    db: Db,
    versions: Option<Versions>,
    clock: Clock,
    hasher: Hasher,
    password_rule: PasswordRule,
    access_tokens: AccessTokens,
    smtp: Option<Smtp>,
    links: Links,
    drain: Drain,
    newsroom: Newsroom,
    metrics: Metrics,
    metrics_listener: Option<Listener>,
    traces: Traces,
    web_app: WebApp,
}

/// Why an address cannot be listened on, and what to do.
fn cannot_listen(address: &SocketAddr, error: &io::Error) -> String {
    let (host, port) = (address.ip(), address.port());
    match error.kind() {
        io::ErrorKind::PermissionDenied if port < 1024 => format!(
            "permission denied, for ports below 1024 are for privileged programs: set PORT to 1024 or more, with a proxy before it, or \
             grant CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE and PORT={port})"
        ),
        io::ErrorKind::AddrInUse => {
            "another program does already: stop it, or set PORT (or HOST) to a free address".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("HOST={host} is not an address of this machine: set it to one, or to 0.0.0.0 for all of them")
        }
        _ => format!("{}: set HOST and PORT to a free address", files::reason(error)),
    }
}

impl Application {
    /// Opens the database, brings its schema up to date and listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(config: Config, clock: Clock) -> Result<Self, StartError> {
        let wanted = SocketAddr::new(config.http.host, config.http.port);
        let listener = TcpListener::bind(wanted).map_err(|error| StartError::Bind(wanted, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Bind(wanted, error))?;
        let bind_metrics = |at| Listener::bind(at).map_err(|error| StartError::BindMetrics(at, error));
        let metrics_listener = config.monitoring.metrics.map(bind_metrics).transpose()?;
        let traces = Traces::start(config.monitoring.collector.as_ref(), &clock)
            .map_err(|error| StartError::Traces(error.into()))?;
        let access_tokens = AccessTokens::new(&config.token, config.http.origin())?;
        let known = Blocklist::read(config.password.blocklist.as_deref()).map_err(StartError::Blocklist)?;
        let password_rule = PasswordRule { min_length: config.password.min_length, known };
        let host = config.http.public_url.host_str();
        let smtp = config.mail.as_ref().map(|mail| Smtp::new(mail, host)).transpose()?;
        let explain = |error| StartError::Database(db::explain(&error, &config.database));
        let db = Db::connect(&config.database).await.map_err(explain)?;
        db.refuse_transaction_pooler().await.map_err(explain)?;
        migrate::run(&db).await?;
        fill::run(&db, |_| ()).await.map_err(explain)?;
        let versions = Versions::of(&config.database).await;
        let hasher = Hasher::start(&config.password);
        let well_known = [access_tokens::routes::KEY_SET, well_known::CHANGE_PASSWORD];
        let routes = openapi::PATTERNS.into_iter().chain(well_known).collect();
        let web_app = WebApp::new(config.http.client_dist.as_deref(), &[]);
        Ok(Self {
            links: Links::new(config.http.origin()),
            config,
            listener,
            address,
            db,
            versions,
            clock,
            hasher,
            password_rule,
            access_tokens,
            smtp,
            drain: Drain::default(),
            newsroom: Newsroom::default(),
            metrics: Metrics::new(routes, EndReason::ALL.map(|reason| reason.to_string())),
            metrics_listener,
            traces,
            web_app,
        })
    }

    /// Serves these files as the web app, unless `CLIENT_DIST` names a folder.
    #[must_use]
    pub fn embedding(mut self, files: &[EmbeddedFile]) -> Self {
        self.web_app = WebApp::new(self.config.http.client_dist.as_deref(), files);
        self
    }

    /// Where it listens; tells the port where PORT was 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where Prometheus may ask; tells the port where it was 0.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref().map(Listener::address)
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The hashing threads.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The link through which the first administrator is made; `None` where there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn setup_link(&self) -> Result<Option<Link>, sqlx::Error> {
        setup::link(&self.db, &self.clock, &self.links).await
    }

    /// Serves until `stop` is done; then says so at /health for a moment, finishes what is under way and returns.
    ///
    /// # Errors
    /// When the server cannot be started.
    pub async fn run(mut self, stop: impl Future<Output = ()> + 'static) -> io::Result<()> {
        let (toucher, session_writer) = touch::toucher(self.db.clone(), sessions::queries::touch);
        let (token_toucher, token_writer) = touch::toucher(self.db.clone(), api_tokens::queries::touch);
        let Config { http, session, .. } = &self.config;
        let versions = self.versions.clone();
        let sessions = Sessions::new(self.db.clone(), self.clock.clone(), http, session, toucher, versions);
        let announce = match self.config.environment {
            EnvironmentKind::Production => ANNOUNCE,
            EnvironmentKind::Development => Duration::ZERO,
        };
        let (db, drain) = (self.db.clone(), self.drain.clone());
        let housekeeping = Housekeeping {
            db: db.clone(),
            clock: self.clock.clone(),
            lifetime: sessions.lifetime(),
            audit_for: self.config.audit_for,
            metrics: self.metrics.clone(),
        };
        let newsroom = self.newsroom.clone();
        let chores = [
            actix_web::rt::spawn(housekeeping.run()),
            actix_web::rt::spawn(newsroom.clone().run(db.clone(), self.clock.clone())),
        ];
        let (outbox, sender) = self.post();
        let (forgotten, links_mailed) =
            ForgottenPasswords::new(self.db.clone(), self.clock.clone(), self.links.clone(), outbox.clone());
        let writers = actix_web::rt::spawn(async { tokio::join!(session_writer, token_writer, links_mailed, sender) });

        let metrics_server = self.serve_metrics()?;
        let traces = self.traces.clone();

        let server = self.serve(sessions, token_toucher, outbox, forgotten)?;
        let handle = server.handle();
        let stopper = actix_web::rt::spawn(async move {
            stop.await;
            drain.begin();
            tracing::info!("shutting down");
            actix_web::rt::time::sleep(announce).await;
            newsroom.close();
            handle.stop(true).await;
        });
        let outcome = server.await;
        stopper.abort();
        chores.iter().for_each(actix_web::rt::task::JoinHandle::abort);
        if let Some(metrics_server) = metrics_server {
            metrics_server.stop(true).await;
        }
        // The workers are gone and with them the last touchers and outboxes: what they have noticed is written, what is being
        // sent is sent, and the writers end.
        let _ = tokio::time::timeout(Duration::from_secs(1), writers).await;
        let _ = tokio::time::timeout(Duration::from_secs(1), db.close()).await;
        let _ = actix_web::rt::task::spawn_blocking(move || traces.close()).await;
        outcome
    }

    /// Where mails are put, and what sends them.
    fn post(&self) -> (Outbox, OptionFuture<impl Future<Output = ()> + use<>>) {
        let (Some(smtp), Some(config)) = (&self.smtp, &self.config.mail) else {
            return (Outbox::closed(), None.into());
        };
        let (outbox, news) = Outbox::new(self.config.http.origin());
        let sender = Sender::new(self.db.clone(), self.clock.clone(), smtp.clone(), self.drain.clone(), config);
        (outbox, Some(sender.run(news)).into())
    }

    /// Lets Prometheus ask, where it may; until the end, so that it sees that, too.
    fn serve_metrics(&mut self) -> io::Result<Option<ServerHandle>> {
        let Some(listener) = self.metrics_listener.take() else { return Ok(None) };
        tracing::info!("metrics are at http://{}/metrics", listener.address());
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let sources = Sources { db, clock, hasher: self.hasher.clone(), newsroom: self.newsroom.clone() };
        let server = listener.serve(Readings::new(self.metrics.clone(), sources))?;
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Ok(Some(handle))
    }

    fn serve(
        self,
        sessions: Sessions,
        token_toucher: Toucher,
        outbox: Outbox,
        forgotten: ForgottenPasswords,
    ) -> io::Result<Server> {
        let offered = Offered::of(&self.config);
        let Config { http, session, token, registration_open, directory: readers, .. } = self.config;
        let proxies = TrustedProxies::new(http.trusted_proxies.clone());
        let envelope = Data::new(Envelope {
            is_https: http.is_https(),
            drain: self.drain.clone(),
            metrics: self.metrics.clone(),
            traces: self.traces,
            proxies: proxies.clone(),
            forwarding: ForwardingCheck::default(),
        });
        let origins = Data::new(TrustedOrigins::new(http.origin(), http.allowed_origins.clone()));
        let rules = LoginRules {
            lifetime: session.lifetime,
            token_lifetime: token.refresh_lifetime,
            max_sessions: session.max_per_user,
            password_grant: token.password_grant,
        };
        let freshness = Freshness(session.fresh_for);
        let registration = Registration { is_open: registration_open };
        let new_passwords = Data::new(NewPasswords::new(self.hasher.clone(), self.password_rule));
        let verifier = Data::new(Verifier::new(self.db.clone(), self.links.clone(), outbox.clone()));
        let (links, outbox, forgotten) = (Data::new(self.links), Data::new(outbox), Data::new(forgotten));
        let refresh_cookie = RefreshCookie::new(http.is_https(), session.same_site);
        let access_tokens = Data::new(self.access_tokens);
        let devices = Data::new(Devices::new(http.is_https(), session.same_site, session.keys.clone()));
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let bearer =
            Bearer::new(db, clock, access_tokens.clone(), sessions.clone(), token_toucher, self.versions.clone());
        let bearer = Data::new(bearer);
        let directory = Data::new(Directory::new(self.db.clone(), self.versions));
        let refresher =
            Data::new(Refresher::new(self.db.clone(), self.clock.clone(), sessions.clone(), session.keys.clone()));
        let (db, clock, key) = (self.db.clone(), self.clock.clone(), session.keys[0].clone());
        let authenticator = Data::new(Authenticator::new(db, clock, self.hasher, self.metrics, key));
        let (db, clock, drain) = (Data::new(self.db), Data::new(self.clock), Data::new(self.drain));
        let (newsroom, web_app) = (self.newsroom, self.web_app);
        let sessions = Data::new(sessions);
        let clients = Data::new(Clients { proxies, browsers: Browsers::default() });
        let assets = Assets::new(http.is_https());
        let at_hand = AtHand { assets: assets.clone(), envelope: envelope.clone() };
        let documentation = Data::new(Documentation::new(openapi::document));

        let app = move || {
            // A layer that is wrapped later stands further out.
            let with_session = web::scope("")
                .configure(login::routes::configure)
                .configure(administration::routes::configure)
                .configure(links::routes::configure)
                .configure(audit::routes::configure)
                .configure(sessions::routes::configure)
                .configure(events::routes::configure)
                .configure(access_tokens::routes::configure)
                .configure(api_tokens::routes::configure)
                .default_service(web::to(nothing_here))
                .wrap(from_fn(layer::attach))
                .wrap(sessions.middleware())
                .wrap(from_fn(sharing(&sessions, layer::exchange)))
                .wrap(from_fn(sharing(&bearer, bearer::authenticate)));

            let api = web::scope("/api")
                .configure(system::routes::configure)
                .configure(features::configure)
                .service(with_session)
                .wrap(from_fn(sharing(&origins, same_site::guard)))
                .wrap(Condition::new(!http.allowed_origins.is_empty(), cors(&http.allowed_origins)));

            App::new()
                .app_data(db.clone())
                .app_data(clock.clone())
                .app_data(authenticator.clone())
                .app_data(access_tokens.clone())
                .app_data(refresher.clone())
                .app_data(devices.clone())
                .app_data(drain.clone())
                .app_data(clients.clone())
                .app_data(directory.clone())
                .app_data(documentation.clone())
                .app_data(PayloadConfig::new(MAX_BODY))
                .app_data(sessions.clone())
                .app_data(ThinData(rules))
                .app_data(ThinData(freshness))
                .app_data(new_passwords.clone())
                .app_data(links.clone())
                .app_data(outbox.clone())
                .app_data(verifier.clone())
                .app_data(forgotten.clone())
                .app_data(ThinData(registration))
                .app_data(ThinData(offered))
                .app_data(ThinData(readers))
                .app_data(ThinData(newsroom.clone()))
                .app_data(ThinData(refresh_cookie))
                .app_data(origins.clone())
                .service(api)
                .configure(access_tokens::routes::configure_well_known)
                .configure(well_known::configure)
                .configure(spa::configure(web_app.clone(), assets.clone()))
                .wrap(from_fn(sharing(&envelope, envelope::wrap)))
        };
        let builder = Server::build().workers(http.workers).shutdown_timeout(FINISH_WITHIN).disable_signals();
        server::listen(builder, self.listener, at_hand, app)
    }
}

async fn nothing_here() -> Result<&'static str, Problem> {
    Err(Problem::new(Code::NotFound))
}

/// Exactly the origins of `ALLOWED_ORIGINS`, with their credentials.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allow_any_method()
        .allowed_headers(["content-type", "authorization"])
        .expose_headers(["x-request-id", "retry-after"])
        .supports_credentials()
        .max_age(3600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
