//! A finding, as queries look at it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{Delta, Evidence, FindingSeverity, FindingStatus, TriageState};
use crate::{FindingId, ScanId};

/// A finding together with what people said of it. An empty text is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<'f> {
    pub id: FindingId,
    pub scan: ScanId,
    /// As the engine has it; findings of one scan may share it.
    pub uid: Cow<'f, str>,
    pub provider: Cow<'f, str>,
    pub check: Cow<'f, str>,
    pub service: Cow<'f, str>,
    pub region: Cow<'f, str>,
    pub account: Cow<'f, str>,
    pub resource: FoundOn<'f>,
    pub title: Cow<'f, str>,
    pub status: FindingStatus,
    pub severity: FindingSeverity,
    pub evidence: Evidence,
    pub delta: Delta,
    pub triage: TriageState,
    pub owner: Cow<'f, str>,
    pub note: Cow<'f, str>,
    pub muted: bool,
    /// No later scan has looked at the same.
    pub current: bool,
    pub first_seen: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    pub texts: Texts<'f>,
}

/// What it is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundOn<'f> {
    pub uid: Cow<'f, str>,
    pub name: Cow<'f, str>,
    pub kind: Cow<'f, str>,
}

/// What stands in its body alone. [`super::query::asks_for_texts`] says whether a query looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts<'f> {
    pub status_detail: Cow<'f, str>,
    pub description: Cow<'f, str>,
    pub risk: Cow<'f, str>,
    pub remediation: Cow<'f, str>,
    pub categories: Vec<Cow<'f, str>>,
    /// Frameworks whose requirements name the check: `CIS-3.0`.
    pub frameworks: Vec<Cow<'f, str>>,
}
