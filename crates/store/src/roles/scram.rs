//! A password's SCRAM-SHA-256 verifier in the form that PostgreSQL stores (RFC 5803 with RFC 7677:
//! `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`), so that `CREATE ROLE` never
//! carries the password itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// PostgreSQL's own default. The passwords are 256 random bits; no stretching could add to that.
const ITERATIONS: u32 = 4096;

/// `password` must be ASCII: what `SASLprep` would change of other text is not changed here.
pub(crate) fn verifier(password: &str, salt: [u8; 16]) -> String {
    let salted = salted_password(password.as_bytes(), &salt);
    let client_key = mac(&salted, &[b"Client Key"]);
    let server_key = mac(&salted, &[b"Server Key"]);
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(Sha256::digest(client_key)),
        STANDARD.encode(server_key),
    )
}

/// PBKDF2 of one block (RFC 8018, 5.2).
fn salted_password(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut block = mac(password, &[salt, &1_u32.to_be_bytes()]);
    let mut sum = block;
    for _ in 1..ITERATIONS {
        block = mac(password, &[&block]);
        for (into, byte) in sum.iter_mut().zip(block) {
            *into ^= byte;
        }
    }
    sum
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677, section 3: the exchange's own password, salt and iterations.
    #[test]
    fn rfc_7677_example_verifies() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap_or_default();
        let salted = salted_password(b"pencil", &salt);
        let client_key = mac(&salted, &[b"Client Key"]);
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let mut proof = mac(&Sha256::digest(client_key), &[message.as_bytes()]);
        for (into, byte) in proof.iter_mut().zip(client_key) {
            *into ^= byte;
        }
        assert_eq!(STANDARD.encode(proof), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    }
}
