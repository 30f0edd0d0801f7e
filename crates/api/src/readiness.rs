//! Whether this server can do its work: what `/readyz` answers.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::{Map, Value, json};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// A check that has not answered by then has failed.
const CHECK_TIME_MAX: Duration = Duration::from_secs(3);

/// One thing that must be well. The binary hands these in.
#[async_trait]
pub trait Check: Send + Sync + 'static {
    /// Its name in the answer (`database`).
    fn name(&self) -> &'static str;

    /// What to show while it is well; else a short reason, which anybody may read: no addresses, no
    /// names of tenants, no error of a library.
    async fn check(&self) -> Result<Value, String>;
}

/// An answer this old is answered again: anybody may ask, and each asks the database.
const ANSWER_AGE_MAX: Duration = Duration::from_secs(1);

/// All checks of this server.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Arc<[Arc<dyn Check>]>,
    last: Arc<Mutex<Option<(Instant, bool, Value)>>>,
}

impl Readiness {
    pub fn new(checks: Vec<Arc<dyn Check>>) -> Self {
        Self { checks: checks.into(), last: Arc::default() }
    }

    /// Whether all are well, and the answer: `{"status": "ready" | "unready", "checks": {name:
    /// {"ok", …}}, "reasons": […]}`.
    pub(crate) async fn ask(&self) -> (bool, Value) {
        // Held while asking, so that all who come meanwhile get the one answer.
        let mut last = self.last.lock().await;
        if let Some((at, ready, answer)) = &*last
            && at.elapsed() < ANSWER_AGE_MAX
        {
            return (*ready, answer.clone());
        }
        let (ready, answer) = self.run().await;
        *last = Some((Instant::now(), ready, answer.clone()));
        (ready, answer)
    }

    async fn run(&self) -> (bool, Value) {
        let answers = join_all(self.checks.iter().map(|check| async {
            let answer = timeout(CHECK_TIME_MAX, check.check()).await;
            (check.name(), answer.unwrap_or_else(|_| Err("does not answer".to_owned())))
        }));
        let (mut checks, mut reasons) = (Map::new(), Vec::new());
        for (name, answer) in answers.await {
            let shown = match answer {
                Ok(Value::Object(mut shown)) => {
                    shown.insert("ok".into(), true.into());
                    shown.into()
                }
                Ok(_) => json!({"ok": true}),
                Err(reason) => {
                    reasons.push(format!("{name}: {reason}"));
                    json!({"ok": false, "reason": reason})
                }
            };
            checks.insert(name.to_owned(), shown);
        }
        let ready = reasons.is_empty();
        let status = if ready { "ready" } else { "unready" };
        (ready, json!({"status": status, "checks": checks, "reasons": reasons}))
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|c| c.name())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static str, Option<Result<Value, String>>);

    #[async_trait]
    impl Check for Fixed {
        fn name(&self) -> &'static str {
            self.0
        }

        async fn check(&self) -> Result<Value, String> {
            match &self.1 {
                Some(answer) => answer.clone(),
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn it_is_ready_when_all_are_well() {
        let well = Fixed("partitions", Some(Ok(json!({"days_ahead": 7}))));
        let (ready, answer) = Readiness::new(vec![Arc::new(well)]).ask().await;
        assert!(ready);
        assert_eq!(answer["checks"]["partitions"], json!({"days_ahead": 7, "ok": true}));
        assert_eq!(answer["status"], "ready");
    }

    /// Time is tokio's own here and runs ahead when all wait.
    #[tokio::test(start_paused = true)]
    async fn what_is_not_well_or_does_not_answer_is_named() {
        let checks: Vec<Arc<dyn Check>> = vec![
            Arc::new(Fixed("database", None)),
            Arc::new(Fixed("followers", Some(Err("90 s behind".to_owned())))),
            Arc::new(Fixed("partitions", Some(Ok(json!({}))))),
        ];
        let (ready, answer) = Readiness::new(checks).ask().await;
        assert!(!ready);
        assert_eq!(answer["reasons"], json!(["database: does not answer", "followers: 90 s behind"]));
        assert_eq!(answer["checks"]["partitions"]["ok"], true);
    }
}
