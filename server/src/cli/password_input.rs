//! Where the command line takes a password from: a prompt that shows nothing, or one line of standard input.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};

use crate::config::PasswordConfig;
use crate::secret::blocklist::Blocklist;
use crate::secret::hasher::Hasher;
use crate::secret::password::{PasswordRule, normalize};

/// Reads a new password, holds it against the rule, and gives its hash.
pub(super) async fn new_hash(from_stdin: bool, config: &PasswordConfig, about: &[&str]) -> anyhow::Result<String> {
    let password = normalize(&if from_stdin || !io::stdin().is_terminal() { line()? } else { prompt()? });
    let known = Blocklist::read(config.blocklist.as_deref()).context("cannot read PASSWORD_BLOCKLIST")?;
    let rule = PasswordRule { min_length: config.min_length, known };
    rule.check(&password, about).map_err(|reason| anyhow::anyhow!("the password {reason}"))?;
    hash(config, password).await
}

/// The hash of a password under the configured parameters.
pub(super) async fn hash(config: &PasswordConfig, password: SecretString) -> anyhow::Result<String> {
    let hasher = Hasher::start(&PasswordConfig { threads: 1, ..config.clone() });
    Ok(hasher.hash(password).await?)
}

fn line() -> anyhow::Result<SecretString> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the password from standard input")?;
    Ok(line.trim_end_matches(['\n', '\r']).into())
}

fn prompt() -> anyhow::Result<SecretString> {
    let password = SecretString::from(rpassword::prompt_password("Password: ")?);
    let again = SecretString::from(rpassword::prompt_password("Once more: ")?);
    if password.expose_secret() != again.expose_secret() {
        bail!("the two passwords differ");
    }
    Ok(password)
}
