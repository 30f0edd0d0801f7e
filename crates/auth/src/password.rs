//! Passwords: argon2id, and the same cost whether the person exists or not.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};
use tokio::sync::{Semaphore, TryAcquireError};
use zeroize::Zeroizing;

/// In characters (NIST SP 800-63B asks for 8; nobody types these often).
pub const LENGTH_MIN: usize = 12;
/// In bytes. Argon2 takes more; a bound keeps a request small.
pub const LENGTH_MAX_BYTES: usize = 256;

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// At once, so that signing in cannot take all memory (each takes 19 MiB) and all cores.
const AT_ONCE_MAX: usize = 4;
/// Waiting for one of those; more are told to come back.
const WAITING_MAX: usize = 128;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("a password needs at least {LENGTH_MIN} characters")]
    TooShort,
    #[error("a password has at most {LENGTH_MAX_BYTES} bytes")]
    TooLong,
    #[error("a password of one repeated character is none")]
    TooSimple,
    /// Answer 503: too many people sign in at this moment.
    #[error("too many passwords are being checked")]
    Busy,
    #[error("the password cannot be hashed")]
    Hashing,
}

/// Hashes and verifies, a few at a time, off the threads that serve requests.
#[derive(Clone, Debug)]
pub struct Passwords {
    waiting: Arc<Semaphore>,
    working: Arc<Semaphore>,
    /// Of a random password: what an unknown person's is compared with.
    nobodys: Arc<str>,
}

impl Passwords {
    pub fn new() -> Result<Self, PasswordError> {
        let random = crate::secret::random_text();
        Ok(Self {
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            working: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            nobodys: hash_now(&random)?.into(),
        })
    }

    /// Whether a person may choose it.
    pub fn check(password: &str) -> Result<(), PasswordError> {
        if password.len() > LENGTH_MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        if password.chars().count() < LENGTH_MIN {
            return Err(PasswordError::TooShort);
        }
        let mut chars = password.chars();
        let first = chars.next();
        if chars.all(|c| Some(c) == first) {
            return Err(PasswordError::TooSimple);
        }
        Ok(())
    }

    /// Checks and hashes a new password; answers in PHC string format.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        Self::check(password)?;
        let password = Zeroizing::new(password.to_owned());
        self.work(move || hash_now(&password)).await?
    }

    /// Whether `password` is the one of `hash`; `None` is nobody's, which costs the same time.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        if password.len() > LENGTH_MAX_BYTES {
            return Ok(false);
        }
        let exists = hash.is_some();
        let hash = hash.unwrap_or(&self.nobodys).to_owned();
        let password = Zeroizing::new(password.to_owned());
        let fits = self
            .work(move || {
                PasswordHash::new(&hash).is_ok_and(|hash| {
                    argon2().is_ok_and(|a| a.verify_password(password.as_bytes(), &hash).is_ok())
                })
            })
            .await?;
        Ok(fits && exists)
    }

    async fn work<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.waiting.try_acquire().map_err(|error| match error {
            TryAcquireError::NoPermits | TryAcquireError::Closed => PasswordError::Busy,
        })?;
        // Moves into the task: a request that is given up still occupies its core until it ends.
        let turn = Arc::clone(&self.working).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        tokio::task::spawn_blocking(move || {
            let result = task();
            drop(turn);
            result
        })
        .await
        .map_err(|_| PasswordError::Hashing)
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hashing)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    argon2()?
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| PasswordError::Hashing)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse batterz", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse battery", None).await.unwrap());
        assert!(!passwords.verify("x", Some("no hash")).await.unwrap());
        assert_ne!(hash, passwords.hash("correct horse battery").await.unwrap());
    }

    #[test]
    fn the_rule_for_a_new_password() {
        let ok = |p: &str| Passwords::check(p);
        assert!(matches!(ok("elevenchars"), Err(PasswordError::TooShort)));
        assert!(matches!(ok("ääääääääääö"), Err(PasswordError::TooShort)));
        assert!(matches!(ok(&"a".repeat(12)), Err(PasswordError::TooSimple)));
        assert!(matches!(ok(&"ab".repeat(129)), Err(PasswordError::TooLong)));
        assert!(ok("twelve chars").is_ok());
        assert!(ok(&"ab".repeat(128)).is_ok());
    }

    /// Both ways do the same work: argon2 once. Compared by count of the work, not by a stopwatch,
    /// is not possible here, so the bound is wide.
    #[tokio::test]
    async fn nobody_costs_what_somebody_costs() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        let mut somebody = std::time::Duration::MAX;
        let mut nobody = std::time::Duration::MAX;
        for _ in 0..5 {
            let start = std::time::Instant::now();
            passwords.verify("wrong password!", Some(&hash)).await.unwrap();
            somebody = somebody.min(start.elapsed());
            let start = std::time::Instant::now();
            passwords.verify("wrong password!", None).await.unwrap();
            nobody = nobody.min(start.elapsed());
        }
        assert!(nobody * 4 > somebody && somebody * 4 > nobody, "{nobody:?} {somebody:?}");
    }
}
