//! Who may depend on whom (docs/ARCHITECTURE.md, "Arrows").

use crate::Package;

/// Each crate of ours and the ones that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "custody",
        &[
            "client", "api", "scans", "export", "search", "ingest", "ledger", "queue", "objects", "pdf",
            "store", "auth", "keys", "proof", "domain",
        ],
    ),
    ("client", &["proof", "domain"]),
    (
        "api",
        &[
            "scans", "export", "search", "ingest", "ledger", "queue", "objects", "store", "auth", "keys",
            "proof", "domain",
        ],
    ),
    ("scans", &["search", "ingest", "ledger", "queue", "objects", "store", "auth", "keys", "domain"]),
    ("export", &["search", "ledger", "queue", "objects", "store", "auth", "keys", "proof", "domain"]),
    ("search", &["ledger", "store", "auth", "keys", "domain"]),
    ("ingest", &["ledger", "store", "auth", "keys", "domain"]),
    ("ledger", &["store", "auth", "keys", "proof", "domain"]),
    ("queue", &["store", "auth", "keys", "domain"]),
    ("store", &["auth", "keys", "domain"]),
    ("objects", &["auth", "domain"]),
    ("auth", &["keys", "domain"]),
    ("keys", &["domain"]),
    ("proof", &["domain"]),
    ("pdf", &[]),
    ("domain", &[]),
    ("fuzz", &["ingest", "proof", "domain"]),
    ("testkit", &[]),
    ("tidy", &[]),
    // Measures from outside: the sample, the way to the database beside a server, real data.
    ("bench", &["ingest", "store", "keys", "testkit"]),
];

/// Others' crates that belong to one room, by the beginning of their name.
const ROOMS: &[(&str, &[&str])] = &[
    ("sqlx", &["store", "testkit", "bench"]),
    ("postgres", &["store"]),
    ("tokio-postgres", &[]),
    ("aws-config", &["queue"]),
    ("aws-sdk-sqs", &["queue"]),
    ("aws-sdk-", &[]),
    ("google-cloud", &[]),
    ("azure_", &[]),
    ("object_store", &["objects"]),
    ("opensearch", &[]),
    ("axum", &["api"]),
    ("utoipa", &["api"]),
    ("reqwest", &["client", "search"]),
    ("indicatif", &["client"]),
    ("jsonwebtoken", &["auth"]),
    ("argon2", &["auth"]),
    ("arrow-", &["export"]),
    ("parquet", &["export"]),
    ("typst", &["pdf"]),
    ("aes-gcm", &["keys"]),
];

/// Arrows that point the wrong way. Tests may use what they like of others' crates, but of ours
/// only what the crate itself may use, and the test kit.
pub fn check(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages {
        let name = short(&package.name);
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            wrong.push(format!("{name}: has no line in the table of arrows"));
            continue;
        };
        for dependency in &package.dependencies {
            let to = short(&dependency.name);
            let ours = to != dependency.name || ARROWS.iter().any(|(from, _)| *from == to);
            let for_tests = dependency.only_tests && to == "testkit";
            if ours && !for_tests && !allowed.contains(&to) {
                wrong.push(format!("{name} must not depend on {to}"));
            }
            let room = ROOMS.iter().find(|(prefix, _)| dependency.name.starts_with(prefix));
            if let Some((prefix, rooms)) = room
                && !dependency.only_tests
                && !rooms.contains(&name)
            {
                wrong.push(format!(
                    "{name} must not depend on {}: {prefix} is for {rooms:?}",
                    dependency.name
                ));
            }
        }
    }
    wrong
}

fn short(name: &str) -> &str {
    name.strip_prefix("custody-").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_down() {
        let good = [
            Package::of("custody-store", &["custody-auth", "sqlx", "dev:custody-testkit"]),
            Package::of("custody-api", &["custody-store", "axum", "dev:sqlx"]),
        ];
        assert_eq!(check(&good), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let found = check(&[Package::of("custody-domain", &["serde", "custody-store"])]);
        assert_eq!(found, ["domain must not depend on store"]);
        assert_eq!(check(&[Package::of("custody-auth", &["custody"])]), ["auth must not depend on custody"]);
        // Not even for tests, and the test kit not for the product.
        assert_eq!(check(&[Package::of("custody-auth", &["dev:custody-store"])]).len(), 1);
        assert_eq!(check(&[Package::of("custody-auth", &["custody-testkit"])]).len(), 1);
    }

    #[test]
    fn a_library_outside_its_room_is_found() {
        let found = check(&[Package::of("custody-api", &["sqlx"])]);
        assert_eq!(found, ["api must not depend on sqlx: sqlx is for [\"store\", \"testkit\", \"bench\"]"]);
        assert_eq!(check(&[Package::of("custody-ledger", &["aws-sdk-s3"])]).len(), 1);
        assert_eq!(check(&[Package::of("custody-new", &[])]), ["new: has no line in the table of arrows"]);
    }
}
