//! Names in the tables: `*` stands for any text, also none.

/// Whether `name` is of the form `pattern`.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut rest = rest;
    while let Some((part, more)) = rest.split_once('*') {
        let Some(at) = name.find(part) else {
            return false;
        };
        name = &name[at + part.len()..];
        rest = more;
    }
    name.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name) in [
            ("*", ""),
            ("Put*", "PutObject"),
            ("*Policy*", "PutRolePolicy"),
            ("*Policy", "PutRolePolicy"),
            ("Put*Policy*", "PutRolePolicyV2"),
            ("DeleteTrail", "DeleteTrail"),
            ("A*A", "AA"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("Put*", "GetPut"), ("A*A", "A"), ("*Policy", "PolicyX"), ("x", "xy"), ("Put*Policy", "Policy")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
