//! What somebody says of a finding, in a body.

use chrono::{DateTime, Utc};
use custody_store::findings::{Mute, Triage, Wish};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::problem::{Fault, Kind, Problem};

const OWNER_CHARS_MAX: usize = 200;
const NOTE_CHARS_MAX: usize = 4_000;
const REASON_CHARS_MAX: usize = 1_000;

/// What is not given stays; null takes it back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TriageChange, example = json!({
    "state": "accepted", "owner": "platform team", "note": "A public site.",
    "mute": {"reason": "until the move", "until": "2026-06-30T00:00:00Z"},
}))]
pub(crate) struct SaidChange {
    /// `open`, `in_progress`, `accepted`, `false_positive`, `fixed`.
    state: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    owner: Wish<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    note: Wish<String>,
    /// It counts as dealt with; null ends that.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MuteBody>)]
    mute: Wish<MuteBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FindingMute)]
pub(crate) struct MuteBody {
    reason: String,
    /// Without it: until somebody says otherwise.
    until: Option<DateTime<Utc>>,
}

/// What is given and null is told from what is not given.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Wish<T>, D::Error> {
    Option::deserialize(deserializer).map(Wish::Becomes)
}

impl SaidChange {
    /// `at` is the pointer to it.
    pub(crate) fn read(self, at: &str, now: DateTime<Utc>) -> Result<Triage, Problem> {
        let mut faults = Vec::new();
        let state = self.state.as_deref().map(str::parse).transpose().unwrap_or_else(|unknown| {
            let unknown: custody_domain::finding::UnknownWord = unknown;
            faults.push(Fault::at(format!("{at}/state"), unknown.to_string()));
            None
        });
        let mut bounded = |name: &str, text: &str, max: usize| {
            if text.trim().is_empty() || text.chars().count() > max || text.contains('\0') {
                faults.push(Fault::at(format!("{at}/{name}"), format!("must have 1 to {max} characters")));
            }
        };
        if let Wish::Becomes(Some(owner)) = &self.owner {
            bounded("owner", owner, OWNER_CHARS_MAX);
        }
        if let Wish::Becomes(Some(note)) = &self.note {
            bounded("note", note, NOTE_CHARS_MAX);
        }
        if let Wish::Becomes(Some(mute)) = &self.mute {
            bounded("mute/reason", &mute.reason, REASON_CHARS_MAX);
            if mute.until.is_some_and(|until| until <= now) {
                faults.push(Fault::at(format!("{at}/mute/until"), "must be a time to come"));
            }
        }
        let triage = Triage {
            state,
            owner: self.owner,
            note: self.note,
            mute: self.mute.map(|mute| Mute { until: mute.until, reason: mute.reason }),
        };
        if triage == Triage::default() && faults.is_empty() {
            faults.push(Fault::at(format!("{at}/state"), "give this, or `owner`, `note` or `mute`"));
        }
        if faults.is_empty() {
            return Ok(triage);
        }
        Err(Problem::new(Kind::Invalid, "This cannot be said of a finding; `errors` names what.")
            .faults(faults))
    }
}
