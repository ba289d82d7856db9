//! New passwords: held against the rule, then hashed. One way for everybody who sets one over HTTP.

use actix_web::web;
use secrecy::SecretString;

use crate::http::problem::Problem;
use crate::secret::hasher::Hasher;
use crate::secret::password::{self, PasswordRule};

/// Takes new passwords.
#[derive(Clone, Debug)]
pub struct NewPasswords {
    hasher: Hasher,
    rule: PasswordRule,
}

impl NewPasswords {
    /// That keep to the rule.
    #[must_use]
    pub fn new(hasher: Hasher, rule: PasswordRule) -> Self {
        Self { hasher, rule }
    }

    /// The hash of a good new password of the person whom the words `about` describe, which stands in the request under
    /// `field`.
    ///
    /// # Errors
    /// 422 naming `field` and the reason, 503 when too many are waiting.
    pub async fn hash(&self, field: &str, password: SecretString, about: [&str; 3]) -> Result<String, Problem> {
        let (rule, about) = (self.rule.clone(), about.map(str::to_owned));
        // Estimating takes milliseconds of work, so it is done beside the threads that serve.
        let verdict = web::block(move || {
            let password = password::normalize(&password);
            rule.check(&password, &about.each_ref().map(String::as_str)).map(|()| password)
        });
        let verdict = verdict.await.map_err(Problem::internal)?;
        let password = verdict.map_err(|reason| Problem::invalid(field, reason.to_string()))?;
        Ok(self.hasher.hash(password).await?)
    }
}
