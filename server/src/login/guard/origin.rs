//! Where an attempt comes from, as far as it matters for whose budget it uses.

use crate::sessions::device::Device;

/// By which way a password is given.
#[derive(Clone)]
pub(in crate::login) enum Way {
    /// Somebody signs in, with this browser or program.
    SignIn(Device),
    /// Somebody who is signed in gives it again, in the session of this id.
    Session(String),
}

impl Way {
    /// What can be told of the attempt before the database is asked.
    pub fn claim(&self) -> Claim {
        match self {
            Self::Session(id) => Claim::Session(id.clone()),
            Self::SignIn(device) => match device.proof() {
                Some(proof) => Claim::Proved(proof),
                None if device.claims_to_be_known() => Claim::Unproved,
                None => Claim::Nothing,
            },
        }
    }
}

/// What an attempt says about itself.
pub(in crate::login) enum Claim {
    /// It comes from a live session.
    Session(String),
    /// This server has made its device cookie, for somebody.
    Proved(Vec<u8>),
    /// It has something in the place of a device cookie.
    Unproved,
    /// Nothing.
    Nothing,
}

impl Claim {
    /// Whether the budget of the address is asked before the account is looked for. A proved device cookie may turn out to be known
    /// to the account, and then the address does not matter.
    pub const fn begins_with_address(&self) -> bool {
        matches!(self, Self::Unproved | Self::Nothing)
    }
}

/// Whose budget an attempt uses.
#[derive(Clone, Debug)]
pub(in crate::login) enum Origin {
    /// That of the name, and that of the address.
    Stranger,
    /// That of a browser which the account knows, by its nonce.
    Browser(Vec<u8>),
    /// That of a live session, by its id.
    Session(String),
}
