//! Hallpass: a full-stack authentication server.
//!
//! The map of the house. A module uses only what stands below it.
//!
//! | module | what it is about |
//! | --- | --- |
//! | [`cli`] | one file per subcommand |
//! | [`app`] | every route and every layer, in order, on one screen |
//! | [`housekeeping`] | keeping the tables small |
//! | [`openapi`] | the document that describes the API |
//! | [`monitoring`] | being watched: what Prometheus is told |
//! | [`features`] | what the sign-in pages can offer |
//! | [`login`] | signing in and out |
//! | [`administration`] | what administrators do to people |
//! | [`links`] | links that are good for one use: invitations, new passwords, addresses |
//! | [`users`] | people: the directory, the profile |
//! | [`bearer`] | who is asking with a token |
//! | [`api_tokens`] | opaque tokens for scripts |
//! | [`access_tokens`] | JSON Web Tokens, and the refresh tokens that renew them |
//! | [`events`] | telling open pages what happens to their sessions |
//! | [`sessions`] | sessions: the store behind the cookie, listing and ending them |
//! | [`mail`] | mails: what they say, and their way to a mail server |
//! | [`audit`] | who did what to whom |
//! | [`system`] | health, server time, the documentation's addresses |
//! | [`identity`] | who is asking |
//! | [`secret`] | passwords and tokens, and their hashes |
//! | [`http`] | errors, input, origins, addresses, headers, the web app's files |
//! | [`db`] | three databases, one SQL text |
//! | [`metrics`], [`traces`] | counters, and spans for OpenTelemetry |
//! | [`telemetry`], [`clock`], [`random`], [`fold`], [`config`] | logs, time, randomness, names, settings |

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

// For main.rs: the library does not contain the web app.
use hallpass_embed as _;

pub mod access_tokens;
pub mod administration;
pub mod api_tokens;
pub mod app;
pub mod audit;
pub mod bearer;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod events;
pub mod features;
pub mod fold;
pub mod housekeeping;
pub mod http;
pub mod identity;
pub mod links;
pub mod login;
pub mod mail;
pub mod metrics;
pub mod monitoring;
#[cfg(test)]
mod mutation;
pub mod openapi;
pub mod random;
pub mod secret;
pub mod sessions;
pub mod system;
pub mod telemetry;
pub mod traces;
pub mod users;
