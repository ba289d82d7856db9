//! Every refusal names its variable and its mend; what is safe passes.

use super::*;

const KEY: (&str, &str) = ("SESSION_KEY", "b9bKx2v0Zq7wT5uY8eR1aS3dF6gH4jL0");

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_environment(std::iter::once(KEY).chain(variables.iter().copied()).collect())
}

#[track_caller]
fn refused(variables: &[(&str, &str)], word: &str) {
    let ConfigError(problems) = read(variables).expect_err("must be refused");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(word), "{problems:?} does not say {word}");
}

#[test]
fn defaults_are_those_of_production() {
    let config = read(&[]).expect("safe as it comes");
    assert_eq!(config.environment, EnvironmentKind::Production);
    assert_eq!(config.http.origin(), "http://localhost:3000");
    assert_eq!(config.session.lifetime, Duration::from_hours(168));
    assert_eq!(config.session.idle, None);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!((config.password.memory_kib, config.password.iterations, config.password.parallelism), (19_456, 2, 1));
}

#[test]
fn development_expects_the_dev_server() {
    let config = read(&[("ENVIRONMENT", "development")]).expect("safe as it comes");
    assert_eq!(config.http.origin(), "http://localhost:5173");
    assert_eq!(config.log.format, LogFormat::Pretty);
}

#[test]
fn unsafe_production_is_refused() {
    refused(&[("PUBLIC_URL", "http://login.example.com")], "ALLOW_INSECURE_HTTP");
    refused(&[("PUBLIC_URL", "https://example.com/path")], "PUBLIC_URL");
    refused(&[("PUBLIC_URL", "ftp://example.com")], "PUBLIC_URL");
    refused(&[("SESSION_KEY", "short")], "openssl rand");
    refused(&[("SESSION_KEY", &"x".repeat(64))], "random");
    refused(&[("COOKIE_SAMESITE", "none")], "https");
    refused(&[("ALLOWED_ORIGINS", "*")], "ALLOWED_ORIGINS");
    refused(&[("ALLOWED_ORIGINS", "https://a.example/path")], "ALLOWED_ORIGINS");
    refused(&[("TRUSTED_PROXIES", "0.0.0.0/0")], "TRUSTED_PROXIES");
    refused(&[("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1")], "trusts everybody");
    refused(&[("TRUSTED_PROXIES", "::/0")], "trusts everybody");
    refused(&[("TRUSTED_PROXIES", "proxy")], "CIDR");
    refused(&[("SESSION_KEY", "changemechangemechangemechangeme")], "random");
    refused(&[("SESSION_KEY", &format!("{},{}", KEY.1, "12".repeat(20)))], "random");
    refused(&[("DATABASE_URL", "postgres://u:p/ss@127.0.0.1:1/db")], "%2F");
    refused(&[("PUBLIC_URL", "\"https://example.com\"")], "quotation marks");
    refused(&[("DATABASE_URL", "oracle://x")], "sqlite:");
    refused(&[("DATABASE_URL", "sqlite::memory:")], "file");
    refused(&[("ARGON2_MEMORY_KIB", "4096")], "19456");
    refused(&[("ARGON2_ITERATIONS", "1")], "47104");
    refused(&[("PORT", "70000")], "PORT");
    refused(&[("SESSION_EXPIRE_DAYS", "0")], "SESSION_EXPIRE_DAYS");
    refused(&[("SESSION_IDLE_MINUTES", "1")], "SESSION_IDLE_MINUTES");
    refused(&[("SESSION_BINDING", "ip")], "browser, off");
    refused(&[("PASSWORD_MIN_LENGTH", "4")], "PASSWORD_MIN_LENGTH");
    refused(&[("HOST", "example.com")], "HOST");
    refused(&[("PASSWORD_BLOCKLIST", "/nowhere/list")], "/nowhere/list");
    refused(&[("PASSWORD_GRANT", "maybe")], "on, off");
    refused(&[("LOG_FORMAT", "xml")], "LOG_FORMAT");
    refused(&[("METRICS_ADDR", "0.0.0.0:9464")], "this machine");
    refused(&[("METRICS_ADDR", "[::]:9464")], "this machine");
    refused(&[("METRICS_ADDR", "10.0.0.1:9464"), ("ENVIRONMENT", "development")], "this machine");
    refused(&[("METRICS_ADDR", "9464")], "127.0.0.1:9464");
    refused(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318")], "http://127.0.0.1:4318");
    refused(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example")], "https");
    refused(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:hunter2@collector:4318")], "OTEL_EXPORTER_OTLP_HEADERS");
    refused(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/?x=1")], "/v1/traces");
    refused(&[("ENVIRONMENT", "staging")], "ENVIRONMENT");
    refused(&[("SESSION_KEY_FILE", "/nowhere")], "both set");
    let from = ("MAIL_FROM", "Hallpass <hallpass@example.com>");
    refused(&[("SMTP_URL", "smtp://mail.example.com"), from], "tls=required");
    refused(&[("SMTP_URL", "smtps://mail.example.com")], "MAIL_FROM");
    refused(&[("SMTP_URL", "smtps://mail.example.com"), ("MAIL_FROM", "Hallpass")], "hallpass@example.com");
    refused(&[("SMTP_URL", "smtps://mail.example.com"), ("SMTP_URL_FILE", "/nowhere"), from], "both set");
}

#[test]
fn what_is_hardly_meant_is_warned_of() {
    assert_eq!(read(&[]).expect("fine").warnings, [""; 0]);
    for (variables, word) in [
        ([("HOST", "0.0.0.0")], "http://localhost:3000"),
        ([("SESSION_KEY", "abcdefghijklmnopqrstuvwxyz012345")], "guessed"),
    ] {
        let warnings = read(&variables).expect("allowed").warnings;
        assert!(warnings.len() == 1 && warnings[0].contains(word), "{warnings:?}");
    }
    let named = [("HOST", "0.0.0.0"), ("PUBLIC_URL", "https://login.example.com")];
    assert_eq!(read(&named).expect("fine").warnings, [""; 0]);
    let developer = read(&[("ENVIRONMENT", "development"), ("TRUSTED_PROXIES", "0.0.0.0/0")]).expect("allowed");
    assert!(developer.warnings[0].contains("trusts everybody"), "{:?}", developer.warnings);
}

#[test]
fn all_problems_are_reported_at_once_and_no_secret_is() {
    let error =
        read(&[("PORT", "x"), ("HOST", "y"), ("DATABASE_URL", "odbc://u:hunter2@h/d")]).expect_err("three problems");
    assert_eq!(error.0.len(), 3);
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn mail_is_off_until_it_is_set_up() {
    assert!(read(&[]).expect("fine").mail.is_none());
    let variables = [("SMTP_URL", "smtps://u:hunter2@mail.example.com"), ("MAIL_FROM", "hallpass@example.com")];
    let config = read(&variables).expect("fine");
    assert_eq!(config.mail.as_ref().expect("on").server.host, "mail.example.com");
    assert!(!format!("{config:?}").contains("hunter2"));
    let ConfigError(problems) = read(&[("SMTP_URL", "mail"), ("MAIL_FROM", "x"), ("PORT", "x")]).expect_err("three");
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn nobody_watches_unless_told_so() {
    let config = read(&[]).expect("safe as it comes").monitoring;
    assert!(config.metrics.is_none() && config.collector.is_none());
    let config = read(&[("METRICS_ADDR", "[::1]:9464"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector/otlp")]);
    let config = config.expect("fine").monitoring;
    assert_eq!(config.metrics.map(|address| address.port()), Some(9464));
    assert_eq!(config.collector.expect("set").as_str(), "http://collector/otlp");
}

#[test]
fn lists_take_commas_and_semicolons() {
    let config =
        read(&[("ALLOWED_ORIGINS", "https://a.example;https://b.example:8443, http://localhost:5174")]).expect("fine");
    assert_eq!(config.http.allowed_origins, ["https://a.example", "https://b.example:8443", "http://localhost:5174"]);
    let config = read(&[("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1;fd00::/8")]).expect("fine");
    assert_eq!(config.http.trusted_proxies.len(), 3);
}

#[test]
fn https_and_insecure_http_can_be_chosen() {
    assert!(
        read(&[("PUBLIC_URL", "https://login.example.com"), ("COOKIE_SAMESITE", "none")])
            .expect("fine")
            .http
            .is_https()
    );
    assert!(read(&[("PUBLIC_URL", "http://10.1.2.3"), ("ALLOW_INSECURE_HTTP", "true")]).is_ok());
}

#[test]
fn secrets_come_from_files_too_and_never_show() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    std::fs::write(&path, "0123456789abcdefghijklmnopqrstuv,vutsrqponmlkjihgfedcba9876543210\n").expect("written");
    let path = path.to_str().expect("UTF-8");
    let config = Config::from_environment([("SESSION_KEY_FILE", path)].into()).expect("fine");
    assert_eq!(config.session.keys.len(), 2);
    assert!(!format!("{config:?}").contains("vutsrq"));
}

#[test]
fn the_readme_lists_every_variable_with_its_default() {
    let readme = include_str!("../../../README.md");
    for Variable { name, default } in VARIABLES {
        let row = readme.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("README.md has no row for {name}"));
        assert!(row.contains(default), "README.md gives another default for {name}: {row}");
    }
}
