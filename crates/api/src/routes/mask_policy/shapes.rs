//! The shape of a mask policy, for the OpenAPI document; the ingest crate reads and checks it.

#![expect(dead_code, reason = "it exists for its schema alone")]

use utoipa::ToSchema;

/// What a tenant changes about masking (docs/masking.md). The default changes nothing: every
/// detector is on.
#[derive(ToSchema)]
#[schema(as = MaskPolicy, example = json!({
    "version": 1,
    "disabled": ["email"],
    "mask": ["/requestParameters/tags/*/value"],
    "keep": ["/metadata/commit"],
    "keys": ["tax_id"]
}))]
pub(crate) struct MaskPolicyBody {
    /// The form of this document: 1.
    version: u32,
    /// Names of detectors that are off.
    disabled: Vec<String>,
    /// JSON pointers into the source event that are masked whatever stands there; `*` is any one key
    /// or index. Stronger than `keep`.
    mask: Vec<String>,
    /// JSON pointers below which no detector looks; `*` as above.
    keep: Vec<String>,
    /// Further names of keys whose values are masked, in any case and spelling.
    keys: Vec<String>,
}
