//! What a tenant changes about masking: detectors turned off, places and names of its own.

use serde::{Deserialize, Serialize};

use super::{
    DETECTORS, Detector, DetectorSet, Masker, key_names::ExtraKeys, pointer_pattern::PointerPattern,
};

/// A tenant's mask policy, as `GET|PUT /api/v1/mask-policy` show it. The default changes nothing:
/// every detector is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskPolicy {
    /// The form of this document: 1.
    pub version: u32,
    /// Names of detectors that are off.
    pub disabled: Vec<String>,
    /// Pointers into the source event that are masked whatever stands there; `*` is any one key or
    /// index. Stronger than `keep`.
    pub mask: Vec<String>,
    /// Pointers below which no detector looks; `*` as above.
    pub keep: Vec<String>,
    /// Further names of keys whose texts and numbers are masked, in any case and with or without
    /// `-`, `_` and `.`: `tax_id` is `taxId` too.
    pub keys: Vec<String>,
}

impl Default for MaskPolicy {
    fn default() -> Self {
        Self { version: 1, disabled: Vec::new(), mask: Vec::new(), keep: Vec::new(), keys: Vec::new() }
    }
}

/// One thing that is wrong with a policy; `pointer` is into the policy's document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct PolicyFault {
    pub pointer: String,
    pub detail: String,
}

impl MaskPolicy {
    pub const VERSION: u32 = 1;
    /// Of each list. Every event is held against all of them.
    pub const ITEMS_MAX: usize = 256;

    pub(super) fn compile(&self) -> Result<Masker, Vec<PolicyFault>> {
        let mut faults = Vec::new();
        if self.version != Self::VERSION {
            let detail = format!("must be {}, the only version there is", Self::VERSION);
            faults.push(PolicyFault { pointer: "/version".to_owned(), detail });
        }
        let disabled = each("disabled", &self.disabled, &mut faults, detector);
        let mask = each("mask", &self.mask, &mut faults, pattern);
        let keep = each("keep", &self.keep, &mut faults, pattern);
        let keys = each("keys", &self.keys, &mut faults, |name| {
            ExtraKeys::fold(name).ok_or_else(|| "a key's name has 2 to 128 letters or digits".to_owned())
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Masker {
            enabled: disabled.into_iter().fold(DetectorSet::default(), DetectorSet::without),
            mask,
            keep,
            keys: ExtraKeys::new(keys),
        })
    }
}

fn each<T>(
    list: &str,
    texts: &[String],
    faults: &mut Vec<PolicyFault>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    if texts.len() > MaskPolicy::ITEMS_MAX {
        let detail = format!("may hold at most {} items", MaskPolicy::ITEMS_MAX);
        faults.push(PolicyFault { pointer: format!("/{list}"), detail });
        return Vec::new();
    }
    let mut good = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        match read(text) {
            Ok(item) => good.push(item),
            Err(detail) => faults.push(PolicyFault { pointer: format!("/{list}/{at}"), detail }),
        }
    }
    good
}

fn pattern(text: &str) -> Result<PointerPattern, String> {
    PointerPattern::parse(text).map_err(str::to_owned)
}

fn detector(name: &str) -> Result<Detector, String> {
    Detector::from_name(name).ok_or_else(|| {
        let nearest = DETECTORS
            .iter()
            .map(|(d, _)| d.name())
            .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
        format!("there is no such detector; the nearest is {}", nearest.unwrap_or_default())
    })
}
