//! Mail: what is written, the queue in the database, and the way from there to a mail server.
//!
//! A mail is written in the same transaction as the link that it carries, so neither is ever without the other, and no
//! request waits for a mail server. Until it is sent, the queue holds the link in clear, which the table of links never
//! does: so a mail is deleted as soon as it is sent or given up, and what it says goes into no log.

mod address;
pub mod message;
mod outbox;
pub mod queries;
mod sender;
mod smtp;

pub use message::Message;
pub use outbox::{Letter, Outbox};
pub use sender::Sender;
pub use smtp::Smtp;
