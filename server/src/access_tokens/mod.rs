//! Access tokens: JSON Web Tokens that live for minutes (RFC 7519, RFC 9068), renewed with a refresh token that changes at
//! each use. Both belong to a row of `session`, so they are listed, limited and ended like any other session; and whoever
//! verifies an access token here asks that row.

mod cookie;
mod jwt;
mod keys;
pub mod queries;
mod refresh;
pub mod routes;

pub use cookie::RefreshCookie;
pub use jwt::{AccessTokens, Claims};
pub use keys::KeyError;
pub use refresh::{Refresher, Renewal};
