//! PBKDF2 with SHA-256 or SHA-512, as Django, passlib, Keycloak, Ory Kratos and ASP.NET Core Identity write it.

use pbkdf2::pbkdf2_hmac;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::TAG_BYTES;

const DAMAGED: &str = "is not a PBKDF2 hash from end to end";

/// The hash function that PBKDF2 is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Sha256,
    Sha512,
}

impl Function {
    /// Bytes that it gives at a time. A longer tag costs the iterations once more for each of these.
    fn block(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The most iterations of one block that are computed: about a second of one thread.
    fn max_iterations(self) -> u32 {
        match self {
            Self::Sha256 => 2_000_000,
            Self::Sha512 => 1_000_000,
        }
    }

    fn too_many(self) -> &'static str {
        match self {
            Self::Sha256 => "has a number of PBKDF2 iterations that is not computed: 1 to 2000000 are",
            Self::Sha512 => "has a number of PBKDF2 iterations that is not computed: 1 to 1000000 are with SHA-512",
        }
    }
}

/// A PBKDF2 hash that was read and may be computed.
#[derive(Debug)]
pub(in crate::secret) struct Pbkdf2 {
    function: Function,
    iterations: u32,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Pbkdf2 {
    /// Django: `600000$salt$base64`, where the salt is text.
    pub(super) fn parse_django(text: &str, function: Function) -> Result<Self, &'static str> {
        match text.split('$').collect::<Vec<_>>()[..] {
            [iterations, salt, tag] => {
                Self::new(function, super::decimal(iterations), Some(salt.into()), super::base64(tag))
            }
            _ => Err(DAMAGED),
        }
    }

    /// passlib: `29000$base64$base64`. PHC: `i=600000,l=32$base64$base64`.
    pub(super) fn parse_modular(text: &str, function: Function) -> Result<Self, &'static str> {
        let [parameters, salt, tag] = text.split('$').collect::<Vec<_>>()[..] else { return Err(DAMAGED) };
        let tag = super::base64(tag);
        let iterations = match parameters.strip_prefix("i=") {
            None => super::decimal(parameters),
            Some(named) => {
                let (iterations, length) = named.split_once(",l=").map_or((named, None), |(i, l)| (i, Some(l)));
                if let Some(length) = length
                    && super::decimal(length).map(|length| length as usize) != tag.as_ref().map(Vec::len)
                {
                    return Err(DAMAGED);
                }
                super::decimal(iterations)
            }
        };
        Self::new(function, iterations, super::base64(salt), tag)
    }

    /// ASP.NET Core Identity, version 3: Base64 of 1, and then of big-endian numbers of four bytes each: the hash function (1: SHA-256,
    /// 2: SHA-512), the iterations, the length of the salt; salt and tag follow (`PasswordHasher.cs` of dotnet/aspnetcore).
    pub(super) fn parse_aspnet(text: &str) -> Result<Self, &'static str> {
        const DAMAGED: &str = "is not a hash of ASP.NET Core Identity from end to end";
        let bytes = super::base64(text).ok_or(DAMAGED)?;
        let [_, function, iterations, length] = [0, 1, 5, 9].map(|at| bytes.get(at..at + 4));
        let number = |bytes: Option<&[u8]>| bytes.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        let function = match number(function).ok_or(DAMAGED)? {
            0 => return Err("is made with SHA-1, which is not computed: leave it empty, and give the user a link"),
            1 => Function::Sha256,
            2 => Function::Sha512,
            _ => return Err(DAMAGED),
        };
        let length = number(length).and_then(|length| usize::try_from(length).ok()).ok_or(DAMAGED)?;
        let (salt, tag) = bytes.get(13..).and_then(|rest| rest.split_at_checked(length)).ok_or(DAMAGED)?;
        if !TAG_BYTES.contains(&tag.len()) || salt.is_empty() {
            return Err(DAMAGED);
        }
        Self::new(function, number(iterations), Some(salt.to_vec()), Some(tag.to_vec()))
    }

    fn new(
        function: Function,
        iterations: Option<u32>,
        salt: Option<Vec<u8>>,
        tag: Option<Vec<u8>>,
    ) -> Result<Self, &'static str> {
        let salt = salt.filter(|salt| !salt.is_empty()).ok_or(DAMAGED)?;
        let tag = tag.filter(|tag| TAG_BYTES.contains(&tag.len())).ok_or(DAMAGED)?;
        let blocks = if tag.len() > function.block() { 2 } else { 1 };
        match iterations {
            Some(iterations) if (1..=function.max_iterations() / blocks).contains(&iterations) => {
                Ok(Self { function, iterations, salt, tag })
            }
            _ => Err(function.too_many()),
        }
    }

    /// Whether it is the hash of this password.
    pub fn matches(&self, password: &[u8]) -> bool {
        let mut computed = vec![0; self.tag.len()];
        match self.function {
            Function::Sha256 => pbkdf2_hmac::<Sha256>(password, &self.salt, self.iterations, &mut computed),
            Function::Sha512 => pbkdf2_hmac::<Sha512>(password, &self.salt, self.iterations, &mut computed),
        }
        computed.ct_eq(&self.tag).into()
    }

    /// How often the hash function is computed, with those for each further block.
    pub fn iterations(&self) -> u64 {
        u64::from(self.iterations) * self.tag.len().div_ceil(self.function.block()) as u64
    }

    /// Whether the function is SHA-512.
    pub fn is_sha512(&self) -> bool {
        self.function == Function::Sha512
    }

    /// Within what one thread does in about a second.
    #[cfg(test)]
    pub(super) fn is_bounded(&self) -> bool {
        let max = if self.is_sha512() { 1_000_000 } else { 2_000_000 };
        self.iterations() <= max && (16..=64).contains(&self.tag.len()) && !self.salt.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::secret::legacy::ForeignHash;

    #[track_caller]
    fn is_of(text: &str, password: &str) {
        let hash = ForeignHash::parse(text).unwrap();
        assert!(hash.matches(password.as_bytes()), "{text}");
        assert!(!hash.matches(format!("{password}x").as_bytes()) && !hash.matches(b""), "{text}");
    }

    /// From the tests of Ory Kratos, and from a page of Azure whose password is "password".
    #[test]
    fn reads_phc_strings() {
        is_of(
            "$pbkdf2-sha256$i=100000,l=32$1jP+5Zxpxgtee/iPxGgOz0RfE9/KJuDElP1ley4VxXc$QJxzfvdbHYBpydCbHoFg3GJEqMFULwskiuqiJctoYpI",
            "test",
        );
        is_of(
            "$pbkdf2-sha512$i=100000,l=32$bdHBpn7OWOivJMVJypy2UqR0UnaD5prQXRZevj/05YU$+wArTfv1a+bNGO1iZrmEdVjhA+lL11wF4/IxpgYfPwc",
            "test",
        );
        is_of(
            "$pbkdf2-sha512$i=100000,l=64$HqJwOCHweNk1pLryiu3RsA$KVSvxKYcibIG5S5n55RvxKRTdAAfCUtBJoy5IuFzdSZyzkwvUcU+FPawEWFPn+06JyZsndfRTfpiEh+2eSJLkg",
            "password",
        );
    }

    /// From the tests of dotnet/aspnetcore (SHA-256, .NET 3 to 6), and made by .NET 8 (SHA-512).
    #[test]
    fn reads_hashes_of_aspnet_core_identity() {
        is_of("AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==", "my password");
        is_of("AQAAAAIAAYagAAAAENoVftXbReMcFkOwzlfLFgFkx1tZ2PVoFwKaz/7UP6r5rlrymlHMFjMgowJCZl+6YA==", "Test123$");
    }
}
