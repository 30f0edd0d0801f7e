//! A stream's own traces. Each read is told in the tenant's log under `custody.log.*`; if a stream
//! delivered what is written about itself, each delivery would be the next one's reason.

use custody_auth::{Operation, Principal, operation::TOLD};
use custody_domain::Entry;

/// Whether the entry tells of a read.
pub(super) fn is_told(entry: &Entry<'_>) -> bool {
    entry.action().is_some_and(|action| action.starts_with(TOLD))
}

/// Who streamed, where the entry tells that somebody did.
pub(super) fn streamed_by<'e>(entry: &'e Entry<'_>) -> Option<&'e str> {
    if !is_told(entry) {
        return None;
    }
    let recorded_by = entry.content.as_object()?.get("recorded_by")?.as_object()?;
    if recorded_by.get("via")?.as_str()? != Operation::FollowEntries.route() {
        return None;
    }
    recorded_by.get("principal")?.as_str()
}

/// Whether it is about a stream of this principal's: of any, for two streams of one person would
/// otherwise tell each other of themselves for ever.
pub(super) fn is_own(streamed_by: Option<&str>, principal: &Principal) -> bool {
    streamed_by.is_some_and(|by| by == principal.to_string())
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

    fn own(action: &str, by: &str, via: &str) -> bool {
        let me = Principal::User(UserId(Uuid::from_u128(1)));
        let content = format!(
            r#"{{"action":"{action}","actor":{{"id":"1"}},"recorded_by":{{"principal":"{by}","via":"{via}"}}}}"#
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
