//! HTTP as every capability needs it: errors, input, origins, addresses, headers, the web app's files.

pub mod assets;
pub mod browser;
pub mod client;
pub mod client_ip;
pub mod coding;
pub mod connection;
pub mod cookies;
pub mod cursor;
pub mod drain;
pub mod embedded;
pub mod envelope;
pub mod extract;
pub mod forwarding;
pub mod headers;
pub mod layer;
pub mod navigation;
pub mod object;
pub mod pieces;
pub mod problem;
pub mod resource;
pub mod same_site;
pub mod server;
pub mod spa;
pub mod well_known;
