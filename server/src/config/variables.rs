//! The list of variables; the README's table is tested against it.

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is not set, in words.
    pub default: &'static str,
}

const fn variable(name: &'static str, default: &'static str) -> Variable {
    Variable { name, default }
}

/// Every variable this version reads, in the order of the README.
pub const VARIABLES: &[Variable] = &[
    variable("ENVIRONMENT", "production"),
    variable("PUBLIC_URL", "http://localhost:PORT; in development http://localhost:5173"),
    variable("ALLOW_INSECURE_HTTP", "false"),
    variable("HOST", "127.0.0.1"),
    variable("PORT", "3000"),
    variable("DATABASE_URL", "sqlite://data/hallpass.db"),
    variable("DATABASE_CONNECTIONS", "10"),
    variable("SESSION_KEY", "data/session.key, made once"),
    variable("SESSION_EXPIRE_DAYS", "7"),
    variable("SESSION_IDLE_MINUTES", "off"),
    variable("SESSION_BINDING", "browser"),
    variable("MAX_SESSIONS_PER_USER", "50"),
    variable("COOKIE_SAMESITE", "lax"),
    variable("ALLOWED_ORIGINS", "empty"),
    variable("TRUSTED_PROXIES", "empty"),
    variable("REGISTRATION", "closed"),
    variable("DIRECTORY", "members"),
    variable("ACCESS_TOKEN_MINUTES", "5"),
    variable("REFRESH_TOKEN_DAYS", "7"),
    variable("JWT_KEY", "data/jwt.key, made once"),
    variable("PASSWORD_GRANT", "on"),
    variable("ARGON2_MEMORY_KIB", "19456"),
    variable("ARGON2_ITERATIONS", "2"),
    variable("ARGON2_PARALLELISM", "1"),
    variable("PASSWORD_MIN_LENGTH", "12"),
    variable("PASSWORD_BLOCKLIST", "off"),
    variable("REAUTH_MINUTES", "10"),
    variable("AUDIT_DAYS", "365"),
    variable("SMTP_URL", "off"),
    variable("MAIL_FROM", "required with SMTP_URL"),
    variable("WORKERS", "cores"),
    variable("HASH_THREADS", "cores"),
    variable("CLIENT_DIST", "the embedded app; client/dist where none is embedded"),
    variable("LOG_FORMAT", "pretty in development, json in production"),
    variable("RUST_LOG", "info"),
    variable("METRICS_ADDR", "off"),
    variable("OTEL_EXPORTER_OTLP_ENDPOINT", "off"),
];
