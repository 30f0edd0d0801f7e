//! How a file says that a finding rests on calls that failed. Neither OCSF nor Prowler's CSV has a place for
//! it; without one a copy of a PASS that nobody could look at would be as good as any.

use custody_domain::{
    Evidence,
    json::{Object, Value},
};

/// Of CSV. Of OCSF it is `unmapped.evidence`.
pub(crate) const COLUMN: &str = "EVIDENCE";

/// Complete where nothing is said: engines other than ours do not look.
pub(crate) fn read(said: Option<&str>) -> Evidence {
    match said {
        Some(said) if said == Evidence::Incomplete.as_str() => Evidence::Incomplete,
        _ => Evidence::Complete,
    }
}

pub(crate) fn of_ocsf(finding: &Value<'_>) -> Evidence {
    read(finding.pointer("/unmapped/evidence").and_then(Value::as_str))
}

/// A finding of OCSF that says of itself that its evidence is incomplete.
pub(crate) fn incomplete(mut finding: Value<'_>) -> Value<'_> {
    if let Value::Object(members) = &mut finding {
        if members.get("unmapped").and_then(Value::as_object).is_none() {
            members.insert("unmapped", Value::Object(Object::new()));
        }
        if let Some(Value::Object(unmapped)) = members.get_mut("unmapped") {
            unmapped.insert("evidence", Value::from(Evidence::Incomplete.as_str()));
        }
    }
    finding
}
