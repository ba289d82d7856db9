//! `GET /features`: what the sign-in pages can offer on this server. The answer says nothing about any account.

use actix_web::web::{Data, Json, ServiceConfig, ThinData};
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::Config;
use crate::db::Db;
use crate::http::problem::Problem;
use crate::http::resource::endpoint;
use crate::problems;
use crate::users::queries as users;

/// Adds the route.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/features").get(show));
}

/// What the configuration offers.
#[derive(Clone, Copy, Debug)]
pub struct Offered {
    registration: RegistrationMode,
    mail: bool,
    password: PasswordFeatures,
}

impl Offered {
    /// Reads it from the configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            registration: if config.registration_open { RegistrationMode::Open } else { RegistrationMode::Closed },
            mail: config.mail.is_some(),
            password: PasswordFeatures { login: true, min_length: config.password.min_length },
        }
    }
}

/// Who can create an account.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Everybody.
    Open,
    /// Administrators.
    Closed,
}

/// Signing in with a password.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PasswordFeatures {
    /// Whether a password can be used to sign in.
    login: bool,
    /// The least number of characters of a new password.
    min_length: usize,
}

/// A kind of external identity provider.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Google.
    Google,
    /// GitHub.
    Github,
    /// Microsoft.
    Microsoft,
    /// Apple.
    Apple,
    /// Any other provider that speaks `OpenID Connect`.
    Oidc,
}

/// An external identity provider that people can sign in with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderFeature {
    /// The configured id.
    id: String,
    /// The name on the button.
    name: String,
    /// What the button looks like.
    kind: ProviderKind,
    /// Whether signing in with it can create an account.
    can_register: bool,
}

/// What the sign-in pages can offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Features {
    /// Who can create an account.
    registration: RegistrationMode,
    /// Whether this server sends mail, and so links to reset a password.
    mail: bool,
    /// Whether the first administrator has not been created yet.
    setup_needed: bool,
    /// Signing in with a password.
    password: PasswordFeatures,
    /// Whether passkeys can be used.
    passkeys: bool,
    /// The providers to sign in with, in the order of their buttons.
    providers: Vec<ProviderFeature>,
    /// The id of the provider that this browser signed in with last.
    #[schema(required)]
    last_used: Option<String>,
}

problems!(
    /// What the question can be refused with.
    FeaturesProblems: InternalError, Unavailable
);

/// What the sign-in pages can offer on this server. Needs no credential and says nothing about any account.
#[utoipa::path(get, path = "/features", operation_id = "getFeatures", tag = "system",
    responses((status = 200, body = Features), FeaturesProblems))]
pub(crate) async fn show(offered: ThinData<Offered>, db: Data<Db>) -> Result<Json<Features>, Problem> {
    let ThinData(Offered { registration, mail, password }) = offered;
    let setup_needed = !users::has_admin(&db).await?;
    let (passkeys, providers, last_used) = (false, Vec::new(), None);
    Ok(Json(Features { registration, mail, setup_needed, password, passkeys, providers, last_used }))
}
