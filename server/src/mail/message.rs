//! What the mails say: plain text, short, and no more about a person than the reader knows already. A name that somebody
//! chose for themselves stands in no mail to an address that is yet to be verified, for it could be an advertisement.

use crate::clock::Timestamp;

/// A mail's content.
#[derive(Clone, Copy)]
pub enum Message<'a> {
    /// To a person for whom an account was made.
    Invitation {
        /// The name to sign in with.
        username: &'a str,
        /// The link, in clear.
        url: &'a str,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// To a person who gets a new password.
    PasswordReset {
        /// The name to sign in with.
        username: &'a str,
        /// The link, in clear.
        url: &'a str,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// To an address that somebody says is theirs.
    AddressVerification {
        /// The link, in clear.
        url: &'a str,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// To an address that somebody says is theirs, when it is somebody's already.
    AddressTaken,
    /// To the address that is to be replaced.
    AddressChange {
        /// The name to sign in with.
        username: &'a str,
    },
    /// To the address that was taken out, with none in its place.
    AddressRemoval {
        /// The name to sign in with.
        username: &'a str,
    },
}

impl Message<'_> {
    /// The subject; it tells nothing that a notification on a locked telephone may not show.
    pub(super) fn subject(self) -> &'static str {
        match self {
            Self::Invitation { .. } => "You are invited",
            Self::PasswordReset { .. } => "Choose a new password",
            Self::AddressVerification { .. } => "Confirm your e-mail address",
            Self::AddressTaken => "You have an account already",
            Self::AddressChange { .. } => "Your e-mail address is about to change",
            Self::AddressRemoval { .. } => "Your e-mail address was removed",
        }
    }

    /// Until when the link in it is good, where there is one.
    pub(super) fn expires_at(self) -> Option<Timestamp> {
        match self {
            Self::Invitation { expires_at, .. }
            | Self::PasswordReset { expires_at, .. }
            | Self::AddressVerification { expires_at, .. } => Some(expires_at),
            Self::AddressTaken | Self::AddressChange { .. } | Self::AddressRemoval { .. } => None,
        }
    }

    /// The text, about the server that people know as `origin`.
    pub(super) fn body(self, origin: &str) -> String {
        match self {
            Self::Invitation { username, url, expires_at } => format!(
                "Hello {username},\n\n\
                 an account was made for you at {origin}. Choose a password to sign in with:\n\n{url}\n\n{}\n",
                until(expires_at)
            ),
            Self::PasswordReset { username, url, expires_at } => format!(
                "Hello {username},\n\n\
                 a new password was asked for at {origin}. Choose it here:\n\n{url}\n\n{}\n\n\
                 If you do not want a new password, do nothing: the one you have stays.\n",
                until(expires_at)
            ),
            Self::AddressVerification { url, expires_at } => format!(
                "Hello,\n\n\
                 somebody, most likely you, has given this address for an account at {origin}. Confirm it here:\n\n\
                 {url}\n\n{}\n\n\
                 If it was not you, do nothing: the address counts only once it is confirmed.\n",
                until(expires_at)
            ),
            Self::AddressTaken => format!(
                "Hello,\n\n\
                 somebody, most likely you, has given this address for an account at {origin}. It belongs to an account \
                 there already, so nothing was changed.\n\n\
                 You can sign in with this address, and if you have forgotten your password, ask for a new one:\n\n\
                 {origin}/forgot-password\n\n\
                 If it was not you, do nothing.\n"
            ),
            Self::AddressRemoval { username } => format!(
                "Hello {username},\n\n\
                 this e-mail address was taken out of your account at {origin}: nothing more is sent to it, and you cannot \
                 sign in with it.\n\n\
                 If it was not you, somebody knows your password: sign in with your username and change it at once.\n\n\
                 {origin}/account\n"
            ),
            Self::AddressChange { username } => format!(
                "Hello {username},\n\n\
                 another e-mail address was given for your account at {origin}. It takes the place of this one as soon as \
                 it is confirmed.\n\n\
                 If it was not you, somebody knows your password: sign in and change it at once, which also stops this.\n\n\
                 {origin}/account\n"
            ),
        }
    }
}

fn until(moment: Timestamp) -> String {
    let moment = moment.to_string();
    let (date, time) = moment.split_once('T').unwrap_or((&moment, ""));
    format!("The link is good for one use, until {date} at {} UTC.", time.get(..5).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_stands_on_a_line_of_its_own_and_not_in_the_subject() {
        let (url, expires_at) = ("https://x.example/link/token", Timestamp::from_micros(1_767_225_600_000_000));
        for message in [
            Message::Invitation { username: "alice", url, expires_at },
            Message::PasswordReset { username: "alice", url, expires_at },
            Message::AddressVerification { url, expires_at },
        ] {
            let body = message.body("https://x.example");
            assert!(body.lines().any(|line| line == url), "{body}");
            assert!(body.contains("until 2026-01-01 at 00:00 UTC"), "{body}");
            assert!(!message.subject().contains("token") && !message.subject().contains("alice"));
        }
    }
}
