//! Names and keys that come from outside.

use custody_objects::{Key, ObjectsError, layout};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::tenant;

fn reason(answer: Result<Key, ObjectsError>) -> String {
    match answer {
        Err(ObjectsError::Refused { reason }) => reason,
        other => panic!("it was not refused: {other:?}"),
    }
}

#[test]
fn a_name_that_leads_elsewhere_is_refused_with_its_reason() {
    let (scope, job) = (tenant(), Uuid::new_v4());
    let other = format!("../../{}/jobs/{job}/x", tenant().tenant());
    let long = "a".repeat(2_000);
    for (name, why) in [
        ("", "is empty"),
        (".", "begins with a dot"),
        ("..", "begins with a dot"),
        ("../x", "begins with a dot"),
        (".hidden", "begins with a dot"),
        ("a/b", "'/'"),
        ("/etc/passwd", "'/'"),
        ("a\\b", "'\\\\'"),
        ("a\0b", "'\\0'"),
        ("a b", "' '"),
        ("ä", "'ä'"),
        ("%2e%2e", "'%'"),
        ("a\n", "'\\n'"),
        (&long, "2000 bytes"),
        (&other, "begins with a dot"),
    ] {
        let said = reason(layout::job_file(&scope, job, name));
        assert!(said.contains(why), "{name:?}: {said}");
        let text =
            format!("{}{name}", layout::job_file(&scope, job, "x").unwrap().as_str().trim_end_matches('x'));
        reason(Key::parse(&scope, &text));
    }
    layout::job_file(&scope, job, &"a".repeat(255)).unwrap();
    layout::job_file(&scope, job, "A-z_0..9").unwrap();
}

#[test]
fn only_the_layouts_keys_of_the_scopes_tenant_are_keys() {
    let (scope, job) = (tenant(), Uuid::new_v4());
    let root = format!("tenants/{}", scope.tenant());
    for key in [
        layout::anchor(&scope, 0, 0),
        layout::anchor(&scope, u32::MAX, u64::MAX),
        layout::job_file(&scope, job, "x.csv").unwrap(),
    ] {
        assert_eq!(Key::parse(&scope, key.as_str()).unwrap(), key);
        reason(Key::parse(&tenant(), key.as_str()));
    }
    for text in [
        String::new(),
        "health/x".to_owned(),
        root.clone(),
        format!("{root}/"),
        format!("/{root}/jobs/{job}/x"),
        format!("{root}//jobs/{job}/x"),
        format!("{root}/jobs/{job}"),
        format!("{root}/jobs/{job}/"),
        format!("{root}/jobs/{job}/a/b"),
        format!("{root}/jobs/{}/x", job.to_string().to_uppercase().replace('0', "A")),
        format!("{root}/jobs/{}/x", job.simple()),
        format!("{root}/other/{job}/x"),
        format!("{root}/anchors/e0/5.note"),
        format!("{root}/anchors/e00/{:020}.note", 5),
        format!("{root}/anchors/e+1/{:020}.note", 5),
        format!("{root}/anchors/e0/{:020}", 5),
        format!("{root}/anchors/e0/99999999999999999999.note"),
        format!("{}/jobs/{job}/x", root.to_uppercase()),
    ] {
        reason(Key::parse(&scope, &text));
    }
}

proptest! {
    /// Whatever is accepted is exactly one name under the job's prefix.
    #[test]
    fn an_accepted_name_is_one_step_below_its_job(name in "[ -~\\PC]{0,40}") {
        let (scope, job) = (tenant(), Uuid::new_v4());
        if let Ok(key) = layout::job_file(&scope, job, &name) {
            let prefix = format!("tenants/{}/jobs/{job}/", scope.tenant());
            prop_assert_eq!(key.as_str(), prefix + &name);
            prop_assert!(!name.contains('/') && !name.starts_with('.') && !name.is_empty());
            prop_assert_eq!(Key::parse(&scope, key.as_str()).unwrap(), key);
        }
    }
}
