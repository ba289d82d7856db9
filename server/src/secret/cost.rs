//! What computing a stored hash costs, so that refusals can be made to cost the same.
//!
//! The unit is a KiB that Argon2 goes through once: about a microsecond. How other kinds compare differs a little from one
//! processor to another; the figures are those of an x86-64 server.

use argon2::Params;

use super::legacy::ForeignHash;
use super::stored::StoredHash;

/// For each of the `2^cost` rounds of bcrypt.
const BCRYPT_ROUND: u64 = 72;
/// How many iterations of PBKDF2 with SHA-256.
const PBKDF2_SHA256_ITERATIONS: u64 = 3;
/// The same with SHA-512.
const PBKDF2_SHA512_ITERATIONS: u64 = 2;
/// How many rounds of phpass.
const PHPASS_ROUNDS: u64 = 7;
/// For each KiB of scrypt, which is written once and read once.
const SCRYPT_KIB: u64 = 2;

/// The cost of a stored hash.
pub(super) fn of(hash: &StoredHash) -> u64 {
    match hash {
        StoredHash::Argon2(hash) => of_argon2(&hash.params),
        StoredHash::Foreign(hash) => of_foreign(hash),
    }
}

/// The cost of Argon2 with these parameters. Lanes are computed one after the other, and cost nothing by themselves.
pub(super) fn of_argon2(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

fn of_foreign(hash: &ForeignHash) -> u64 {
    match hash {
        ForeignHash::Bcrypt(hash) => BCRYPT_ROUND << hash.cost(),
        ForeignHash::Pbkdf2(hash) if hash.is_sha512() => hash.iterations() / PBKDF2_SHA512_ITERATIONS,
        ForeignHash::Pbkdf2(hash) => hash.iterations() / PBKDF2_SHA256_ITERATIONS,
        ForeignHash::Scrypt(hash) => hash.bytes() / 1024 * SCRYPT_KIB,
        ForeignHash::Phpass(hash) => (1_u64 << hash.rounds_log()) / PHPASS_ROUNDS,
    }
}
