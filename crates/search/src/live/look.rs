//! Looks where the logs of all feeds end: one question for all of them.

use std::sync::Weak;

use custody_domain::TenantId;
use futures::future::select_all;
use tokio::time;

use super::Live;

/// As long as there is a feed.
pub(super) async fn look(live: Live) {
    let mut hints = live.0.hints.clone();
    let config = live.0.config;
    while let Some(tenants) = live.tenants() {
        for hint in &mut hints {
            hint.mark_unchanged();
        }
        match live.0.log.heads(&tenants).await {
            Ok(heads) => {
                let feeds = live.lock();
                for (tenant, head) in heads {
                    if let Some(feed) = feeds.of.get(&tenant).and_then(Weak::upgrade) {
                        feed.ends_at(head);
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "logs that are streamed could not be looked at"),
        }
        time::sleep(config.pause).await;
        // A hint whose sender is gone says nothing any more.
        hints.retain(|hint| hint.has_changed().is_ok());
        let hinted = async {
            if hints.is_empty() {
                return std::future::pending().await;
            }
            let _ = select_all(hints.iter_mut().map(|hint| Box::pin(hint.changed()))).await;
        };
        tokio::select! {
            () = time::sleep(config.poll.saturating_sub(config.pause)) => {}
            () = live.0.added.notified() => {}
            () = hinted => {}
        }
    }
}

impl Live {
    /// None where there is no feed any more; then whoever comes next begins anew.
    fn tenants(&self) -> Option<Vec<TenantId>> {
        let mut feeds = self.lock();
        feeds.of.retain(|_, feed| feed.strong_count() > 0);
        feeds.looking = !feeds.of.is_empty();
        feeds.looking.then(|| feeds.of.keys().copied().collect())
    }
}
