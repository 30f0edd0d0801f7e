//! What is known of findings without looking at them.

use chrono::{DateTime, Utc};

/// Of the scan that they are of: for findings that do not say it themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// `aws`
    pub provider: Option<String>,
    pub account: Option<String>,
    pub seen_at: DateTime<Utc>,
}
