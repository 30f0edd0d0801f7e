//! Which items.

use clap::Args;
use serde_json::{Map, Value};

/// The filters that choose items; all that are given must hold.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Filters {
    /// Only those with this reason: syntax, schema, time, size, encoding, depth, conflict,
    /// tenant, and others that the list shows.
    #[arg(long)]
    reason: Option<String>,

    /// Only those of this format: custody, cloudtrail, or auto where it could not be told.
    #[arg(long, value_name = "FORMAT")]
    source_format: Option<String>,

    /// Only those received at this time or later (RFC 3339, or a date).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// Only those received before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl Filters {
    pub(super) fn parameters(&self) -> Vec<(&'static str, &str)> {
        let given = [
            ("reason", &self.reason),
            ("source_format", &self.source_format),
            ("from", &self.from),
            ("to", &self.to),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }

    /// As the body of a request that works off many.
    pub(super) fn body(&self, cursor: Option<&str>) -> Value {
        let mut body: Map<_, _> =
            self.parameters().into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect();
        if body.is_empty() {
            body.insert("all".to_owned(), true.into());
        }
        if let Some(cursor) = cursor {
            body.insert("cursor".to_owned(), cursor.into());
        }
        Value::Object(body)
    }
}
