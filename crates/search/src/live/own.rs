//! A stream's own traces. Each read is told in the tenant's log under `custody.log.*`; if a stream
//! delivered what is written about itself, each delivery would be the next one's reason.

use custody_auth::{Operation, Principal};
use custody_domain::Entry;

const TOLD: &str = "custody.log.";

/// Who streamed, where the entry tells that somebody did.
pub(super) fn streamed_by<'e>(entry: &'e Entry<'_>) -> Option<&'e str> {
    let content = entry.content.as_object()?;
    if !content.get("action")?.as_str()?.starts_with(TOLD) {
        return None;
    }
    let via = content.get("recorded_by")?.as_object()?.get("via")?.as_str()?;
    if via != Operation::FollowEntries.route() {
        return None;
    }
    content.get("actor")?.as_object()?.get("id")?.as_str()
}

/// Whether it is about a stream of this principal's: of any, for two streams of one person would
/// otherwise tell each other of themselves for ever.
pub(super) fn is_own(streamed_by: Option<&str>, principal: &Principal) -> bool {
    streamed_by.is_some_and(|actor| actor == principal.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use custody_domain::{
        TenantId, UserId,
        json::{Limits, parse},
    };
    use uuid::Uuid;

    use super::*;

    fn own(action: &str, actor: &str, via: &str) -> bool {
        let me = Principal::User(UserId(Uuid::from_u128(1)));
        let content = format!(
            r#"{{"action":"{action}","actor":{{"id":"{actor}"}},"recorded_by":{{"principal":"{me}","via":"{via}"}}}}"#
        );
        let entry = Entry {
            tenant_id: TenantId(Uuid::from_u128(7)),
            id: Uuid::from_u128(9).into(),
            seq: 0,
            leaf_hash: [0; 32],
            content: parse(content.as_bytes(), &Limits::default()).unwrap(),
        };
        is_own(streamed_by(&entry), &me)
    }

    #[test]
    fn what_a_stream_leaves_in_the_log_is_its_own_and_nothing_else_is() {
        let (me, other) = (format!("user:{}", Uuid::from_u128(1)), format!("user:{}", Uuid::from_u128(2)));
        let via = "GET /api/v1/logs/stream";
        assert!(own("custody.log.streamed", &me, via));
        assert!(!own("custody.log.streamed", &other, via));
        assert!(!own("custody.log.searched", &me, "GET /api/v1/logs"));
        assert!(!own("order.updated", &me, via));
    }
}
