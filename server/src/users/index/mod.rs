//! What is computed from an account's names and stored beside it: by which words people find it, and which usernames look like
//! its own.

pub mod fill;
pub mod queries;
pub mod skeleton;
pub mod terms;

use sha2::{Digest, Sha256};

use super::email::email_key;
use crate::fold::fold;

/// Raise this when what is computed changes; every account is then indexed again.
const RULES: i64 = 1;

/// The version of the rules and of Unicode by which an account was indexed.
const FORM: i64 = {
    let (confusables, normal_forms) = (unicode_security::UNICODE_VERSION, unicode_normalization::UNICODE_VERSION);
    #[expect(clippy::cast_possible_wrap, reason = "a version of Unicode is a small number")]
    let confusables = (confusables.0 * 100 + confusables.1) as i64;
    let normal_forms = normal_forms.0 as i64 * 100 + normal_forms.1 as i64;
    (RULES * 10_000 + confusables) * 10_000 + normal_forms
};

/// The names of an account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Names {
    /// The account's id.
    pub id: String,
    /// The name to sign in with.
    pub username: String,
    /// The same as it is compared and stored.
    pub username_folded: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The name others see.
    pub full_name: String,
}

impl Names {
    /// The names of a new account.
    #[must_use]
    pub fn new(id: &str, username: &str, email: Option<&str>, full_name: &str) -> Self {
        Self {
            id: id.to_owned(),
            username: username.to_owned(),
            username_folded: fold(username),
            email: email.map(str::to_owned),
            full_name: full_name.to_owned(),
        }
    }

    /// What the index is computed from; where it differs from what is stored, the index is out of date.
    fn hash(&self) -> [u8; 32] {
        let names = [&self.username, &self.username_folded, self.email.as_deref().unwrap_or_default(), &self.full_name];
        let hash = names
            .into_iter()
            .fold(Sha256::new(), |hash, name| hash.chain_update((name.len() as u64).to_be_bytes()).chain_update(name));
        hash.finalize().into()
    }

    fn email_key(&self) -> Option<String> {
        self.email.as_deref().map(email_key)
    }
}
