//! scrypt as passlib, Django and Ory Kratos write it.

use subtle::ConstantTimeEq;

use super::TAG_BYTES;

const DAMAGED: &str = "is not a scrypt hash from end to end";
/// `128 * N * r * p`: the memory, and with the lanes one after the other the time as well.
const MAX_BYTES: u64 = 128 << 20;
/// `ln` is the logarithm of N. Ory Kratos writes N itself in its place, which no logarithm is as large as.
const MIN_N_AS_LN: u32 = 1024;

/// A scrypt hash that was read and may be computed.
#[derive(Debug)]
pub(in crate::secret) struct Scrypt {
    params: scrypt::Params,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Scrypt {
    /// `ln=14,r=8,p=1$base64$base64`
    pub(super) fn parse_phc(text: &str) -> Result<Self, &'static str> {
        let parts = text.split(['$', ',']).collect::<Vec<_>>();
        let [ln, r, p, salt, tag] = parts[..] else { return Err(DAMAGED) };
        let number = |part: &str, name| part.strip_prefix(name).and_then(super::decimal);
        let n = number(ln, "ln=").and_then(|ln| if ln >= MIN_N_AS_LN { Some(ln) } else { 1_u32.checked_shl(ln) });
        Self::new(n, number(r, "r="), number(p, "p="), super::base64(salt), tag)
    }

    /// `16384$salt$8$5$base64`, where the salt is text.
    pub(super) fn parse_django(text: &str) -> Result<Self, &'static str> {
        let parts = text.split('$').collect::<Vec<_>>();
        let [n, salt, r, p, tag] = parts[..] else { return Err(DAMAGED) };
        Self::new(super::decimal(n), super::decimal(r), super::decimal(p), Some(salt.into()), tag)
    }

    fn new(
        n: Option<u32>,
        r: Option<u32>,
        p: Option<u32>,
        salt: Option<Vec<u8>>,
        tag: &str,
    ) -> Result<Self, &'static str> {
        const TOO_MUCH: &str = "asks for too much work: 128 * N * r * p may be at most 128 MiB";
        let salt = salt.filter(|salt| !salt.is_empty()).ok_or(DAMAGED)?;
        let tag = super::base64(tag).filter(|tag| TAG_BYTES.contains(&tag.len())).ok_or(DAMAGED)?;
        let (n, r, p) = (n.ok_or(TOO_MUCH)?, r.ok_or(DAMAGED)?, p.ok_or(DAMAGED)?);
        let factors = [128, n, r, p].map(u64::from);
        let bytes = factors.iter().try_fold(1_u64, |bytes, factor| bytes.checked_mul(*factor));
        if bytes.is_none_or(|bytes| bytes > MAX_BYTES) {
            return Err(TOO_MUCH);
        }
        if n < 2 || !n.is_power_of_two() {
            return Err("has a scrypt N that is not a power of two");
        }
        let params = u8::try_from(n.ilog2()).ok().and_then(|log_n| scrypt::Params::new(log_n, r, p).ok());
        Ok(Self { params: params.ok_or(DAMAGED)?, salt, tag })
    }

    /// Whether it is the hash of this password.
    pub fn matches(&self, password: &[u8]) -> bool {
        let mut computed = vec![0; self.tag.len()];
        scrypt::scrypt(password, &self.salt, &self.params, &mut computed).is_ok() && computed.ct_eq(&self.tag).into()
    }

    /// Bytes that are written and read, lane after lane: at most 128 MiB.
    pub fn bytes(&self) -> u64 {
        let params = &self.params;
        (128_u64 << params.log_n()) * u64::from(params.r()) * u64::from(params.p())
    }

    #[cfg(test)]
    pub(super) fn is_bounded(&self) -> bool {
        self.bytes() <= 128 << 20 && (16..=64).contains(&self.tag.len()) && !self.salt.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::secret::legacy::ForeignHash;

    /// From the tests of Ory Kratos.
    #[test]
    fn reads_what_kratos_writes() {
        let text = "$scrypt$ln=16384,r=8,p=1$2npRo7P03Mt8keSoMbyD/tKFWyUzjiQf2svUaNDSrhA=$MiCzNcIplSMqSBrm4HckjYqYhaVPPjTARTzwB1cVNYE=";
        let hash = ForeignHash::parse(text).unwrap();
        assert!(hash.matches(b"test") && !hash.matches(b"test1") && !hash.matches(b""));
        let logarithm = ForeignHash::parse(&text.replace("16384", "14")).unwrap();
        assert!(logarithm.matches(b"test"));
    }
}
