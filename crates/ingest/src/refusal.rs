//! Refusals that need no reading of the item: for its length, as the rest of a broken body, and for
//! what is in the log already.

use custody_domain::json::Limits;
use custody_store::quarantine::ItemError;

use crate::{Format, RawItem, Reason, format::SourceFormat, prepare::Rejected, split::Cut};

/// What stands in the log in an item's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownBy {
    EventId,
    RequestKey,
}

impl Rejected {
    /// Why an item is refused before it is read, if it is.
    pub(crate) fn unread(item: &RawItem, format: Format) -> Option<Self> {
        let refuse = |reason, detail| Self {
            reason,
            errors: vec![ItemError { pointer: String::new(), detail }],
            source_format: format.as_str(),
        };
        match (&item.fault, &item.cut) {
            (Some(fault), cut) => {
                let kept = cut.as_ref().map(|cut| format!("; {}", left_out(cut, item))).unwrap_or_default();
                Some(refuse(Reason::Syntax, format!("{fault}{kept}")))
            }
            (None, Some(cut)) => {
                let most = Limits::default().bytes;
                Some(refuse(Reason::Size, format!("at most {most} bytes are taken; {}", left_out(cut, item))))
            }
            (None, None) => None,
        }
    }

    /// Another event stands under what this one is known by.
    pub(crate) fn repeated(known_by: KnownBy, format: SourceFormat) -> Self {
        let detail = match known_by {
            KnownBy::EventId => return Self::conflict(format),
            KnownBy::RequestKey => {
                "another event was recorded in this place of a request with this Idempotency-Key"
            }
        };
        let error = ItemError { pointer: String::new(), detail: detail.to_owned() };
        Self { reason: Reason::Conflict, errors: vec![error], source_format: format.as_str() }
    }
}

fn left_out(cut: &Cut, item: &RawItem) -> String {
    let Cut { length, sha256 } = cut;
    let hash = hex::encode(sha256);
    format!("it is {length} bytes long (SHA-256 {hash}), of which the first {} were kept", item.bytes.len())
}
