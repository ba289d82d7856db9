//! New passwords: held against the rule, then hashed. One way for everybody who sets one over HTTP.

use secrecy::SecretString;

use crate::http::problem::Problem;
use crate::secret::hasher::Hasher;
use crate::secret::password::PasswordRule;

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
        let hash = self.hasher.hash_new(password, self.rule.clone(), about.map(str::to_owned)).await?;
        hash.map_err(|reason| Problem::invalid(field, reason.to_string()))
    }
}
