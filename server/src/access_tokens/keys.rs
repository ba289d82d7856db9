//! The keys that sign access tokens. The first signs, all verify, so that a key can be changed without signing anybody out.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Why there is no key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no PEM block.
    #[error("JWT_KEY holds no private key in PEM form (PKCS#8), such as `openssl genpkey -algorithm ed25519` makes")]
    Missing,
    /// A block is of another kind.
    #[error("JWT_KEY holds a key that is neither Ed25519 nor P-256")]
    Unsupported,
}

/// One key.
pub(super) struct Key {
    pub id: String,
    pub algorithm: Algorithm,
    pub signing: EncodingKey,
    pub verifying: DecodingKey,
    pub public: Jwk,
}

impl Key {
    /// What kind of key it is decides about the algorithm: Ed25519 signs as `EdDSA` (RFC 8037), P-256 as ES256 (RFC 7518).
    fn parse(pem: &str) -> Option<Self> {
        let edwards = EncodingKey::from_ed_pem(pem.as_bytes()).map(|key| (key, Algorithm::EdDSA));
        let (signing, algorithm) =
            edwards.or_else(|_| EncodingKey::from_ec_pem(pem.as_bytes()).map(|key| (key, Algorithm::ES256))).ok()?;
        let mut public = Jwk::from_encoding_key(&signing, algorithm).ok()?;
        // RFC 7638: whoever has the key can compute its name.
        let id = public.thumbprint(ThumbprintHash::SHA256).ok()?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let verifying = DecodingKey::from_jwk(&public).ok()?;
        Some(Self { id, algorithm, signing, verifying, public })
    }
}

/// Reads one or more keys.
pub(super) fn parse(pem: &SecretString) -> Result<Vec<Key>, KeyError> {
    let blocks = pem.expose_secret().match_indices(BEGIN).map(|(at, _)| {
        let block = &pem.expose_secret()[at..];
        block.find(END).map_or(block, |end| &block[..end + END.len()])
    });
    let keys: Vec<Key> =
        blocks.map(|block| Key::parse(block).ok_or(KeyError::Unsupported)).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(KeyError::Missing) } else { Ok(keys) }
}
