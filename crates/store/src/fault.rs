//! Failures on request, for the tests that prove what survives them. Without the feature `faults`,
//! which no shipped build has, a point is nothing.
//!
//! `CUSTODY_FAULT=<point>:<kill|error|pause>[:<n>]` acts when the point is reached for the n-th time
//! (default 1) in this process, and then never again. `kill` is SIGKILL to the process itself;
//! `error` is [`crate::StoreError::Unavailable`]; `pause` waits until the file that `CUSTODY_FAULT_GO` names
//! is there (for ever without one), having written the point's name to standard error.

#[cfg(not(feature = "faults"))]
#[inline]
#[expect(clippy::unused_async, reason = "with the feature it may pause")]
pub async fn point(_name: &'static str) -> Result<(), crate::StoreError> {
    Ok(())
}

#[cfg(feature = "faults")]
pub use armed::point;

#[cfg(feature = "faults")]
mod armed {
    use std::{
        sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };

    use nix::{
        sys::signal::{Signal, kill},
        unistd::getpid,
    };

    use crate::StoreError;

    struct Fault {
        point: String,
        act: String,
        at: u64,
        reached: AtomicU64,
    }

    static FAULT: LazyLock<Option<Fault>> = LazyLock::new(|| read(&std::env::var("CUSTODY_FAULT").ok()?));

    fn read(text: &str) -> Option<Fault> {
        let mut parts = text.split(':');
        let (point, act) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let at = parts.next().and_then(|n| n.parse().ok()).unwrap_or(1);
        Some(Fault { point, act, at, reached: AtomicU64::new(0) })
    }

    pub async fn point(name: &'static str) -> Result<(), StoreError> {
        let Some(fault) = &*FAULT else { return Ok(()) };
        if fault.point != name || fault.reached.fetch_add(1, Ordering::SeqCst) + 1 != fault.at {
            return Ok(());
        }
        match fault.act.as_str() {
            "kill" => {
                let _ = kill(getpid(), Signal::SIGKILL);
                std::future::pending().await
            }
            "pause" => {
                eprintln!("fault: paused at {name}");
                pause().await;
                Ok(())
            }
            _ => Err(StoreError::Unavailable(sqlx::Error::Io(std::io::Error::other(format!(
                "fault at {name}"
            ))))),
        }
    }

    async fn pause() {
        let Some(go) = std::env::var_os("CUSTODY_FAULT_GO") else { return std::future::pending().await };
        while !std::path::Path::new(&go).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_fault_is_a_point_an_act_and_a_count() {
            let fault = |text| read(text).map(|f| (f.point, f.act, f.at));
            assert_eq!(fault("commit.copied:kill"), Some(("commit.copied".into(), "kill".into(), 1)));
            assert_eq!(fault("commit.taken:error:7"), Some(("commit.taken".into(), "error".into(), 7)));
            assert_eq!(fault("commit.taken"), None);
        }
    }
}
