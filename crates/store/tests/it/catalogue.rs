//! Invariant 3, read from the catalogue: row security on every tenant table, every role just its
//! grants, no role that could step over it, no partition that anyone could read.
//!
//! The snapshot is the checked-in list of every role's grants by table, column and function, of
//! every policy and function; the rules below hold whatever the snapshot says. A change of
//! `access.sql` shows up here as a difference to be read.

use std::collections::BTreeSet;

use custody_store::DatabaseRole;
use sqlx::PgConnection;

use crate::fixture::{Fixture, run};

const REPORT: &str = include_str!("catalogue/report.sql");
/// They carry no policy: whoever reads one reads all tenants.
const PARTITIONS: [&str; 3] = ["entries_{day}", "event_keys_all", "request_keys_all"];
const OWN_TENANT: &str =
    "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";

/// The facts, with `{app}` for the app role's name, "own tenant" for the condition above, and one
/// `entries_{day}` for all partitions.
async fn report(fixture: &Fixture, connection: &mut PgConnection) -> BTreeSet<String> {
    let names: Vec<_> = DatabaseRole::ALL.iter().map(|role| fixture.installation.role_name(*role)).collect();
    let lines: Vec<String> = sqlx::query_scalar(REPORT).bind(&names).fetch_all(connection).await.unwrap();
    lines
        .into_iter()
        .map(|line| {
            let roles = DatabaseRole::ALL.iter().zip(&names);
            let line =
                roles.fold(line, |line, (role, name)| line.replace(name, &format!("{{{}}}", role.as_str())));
            days_away(&line.replace(OWN_TENANT, "own tenant"))
        })
        .collect()
}

fn days_away(line: &str) -> String {
    let Some(at) = line.find("entries_2") else { return line.to_owned() };
    let end = at + "entries_YYYYMMDD".len();
    format!("{}entries_{{day}}{}", &line[..at], &line[end..])
}

/// What breaks a rule, in words.
async fn violations(fixture: &Fixture, connection: &mut PgConnection) -> Vec<String> {
    let facts = report(fixture, connection).await;
    let tenant_tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND a.attname = 'tenant_id' AND NOT c.relispartition ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let mut wrong = Vec::new();
    for table in tenant_tables {
        if !facts.contains(&format!("table {table}: row security t, forced t")) {
            wrong.push(format!("{table} has no forced row security"));
        }
        let policy = format!(
            "policy tenant on {table}: for ALL to {{app}}, {{reaper}} using (own tenant) check (own tenant)"
        );
        if !facts.contains(&policy) {
            wrong.push(format!("{table} lacks the tenant's policy"));
        }
    }
    for fact in &facts {
        if let Some(policy) = fact.strip_prefix("policy ") {
            let of_tenant = policy.starts_with("tenant on ");
            let of_all = policy.contains(" to {writer} ") || policy.contains(" to {system} ");
            if !of_tenant && !of_all {
                wrong.push(format!("a policy that is nobody's: {fact}"));
            }
        }
        let may_cross_tenants = ["{system}", "{writer}"].iter().any(|role| fact.ends_with(role));
        let secret = ["entries:", "quarantine:", "tenant_keys:", "event_keys:", "role_credentials:"];
        let reads = fact.contains(": SELECT") && secret.iter().any(|t| fact.contains(t));
        let allowed = [
            "event_keys: SELECT to {writer}",
            // Followers: places, hashes, and the numbers that producers gave.
            "entries: SELECT (id, leaf_hash, producer_id, producer_seq, seq, tenant_id) to {system}",
        ];
        if may_cross_tenants && reads && !allowed.iter().any(|grant| fact.ends_with(grant)) {
            wrong.push(format!("contents across tenants: {fact}"));
        }
        let on_partition = PARTITIONS.iter().any(|name| fact.starts_with(&format!("grant on {name}: ")));
        if on_partition && !fact.ends_with(": INSERT to {writer}") {
            wrong.push(format!("a partition can be reached: {fact}"));
        }
        if fact.starts_with("role ")
            && !fact.ends_with("login=t superuser=f bypassrls=f createrole=f createdb=f replication=f")
        {
            wrong.push(format!("a role is too strong: {fact}"));
        }
        if fact.starts_with("member: ")
            || fact.starts_with("default grant: ")
            || fact.contains("to PUBLIC")
            || fact.ends_with("with grant option")
        {
            wrong.push(format!("not granted by access.sql: {fact}"));
        }
        let entries_changed = fact.starts_with("grant on entries: ") && !fact.contains(": SELECT");
        if entries_changed && !fact.ends_with("{reaper}") {
            wrong.push(format!("entries can be changed: {fact}"));
        }
        if fact.starts_with("function ") && !fact.contains("search_path=pg_catalog, pg_temp") {
            wrong.push(format!("a function without a fixed search_path: {fact}"));
        }
    }
    wrong
}

#[tokio::test]
async fn every_grant_and_policy_is_the_checked_in_one() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    assert_eq!(violations(&fixture, &mut owner).await, Vec::<String>::new());
    let facts: Vec<_> = report(&fixture, &mut owner).await.into_iter().collect();
    insta::assert_snapshot!("catalogue", facts.join("\n"));
}

/// Made later, by the function that makes them ahead.
#[tokio::test]
async fn a_new_partition_is_as_closed_as_the_first() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    let before = report(&fixture, &mut owner).await;
    let mut system = fixture.as_role(DatabaseRole::System).await;
    run(&mut system, "SELECT custody_create_partition(current_date + 100)").await;
    drop(system);
    run(
        &mut owner,
        &format!("REVOKE \"{}\" FROM CURRENT_USER", fixture.installation.role_name(DatabaseRole::System)),
    )
    .await;
    assert_eq!(report(&fixture, &mut owner).await, before);
}

/// Each breaks one thing, and is found by the rule for it: the test above can fail.
#[tokio::test]
async fn what_is_broken_on_purpose_is_found() {
    let fixture = Fixture::new().await;
    let expected = report(&fixture, &mut fixture.owner().await).await;
    let app = fixture.installation.role_name(DatabaseRole::App);
    let system = fixture.installation.role_name(DatabaseRole::System);
    let partition =
        "(SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'entries'::regclass)";
    let on_partition =
        |statement: &str| format!("DO $$ BEGIN EXECUTE format('{statement}', {partition}); END $$");
    for (broken, found) in [
        ("CREATE TABLE notes (tenant_id uuid)".to_owned(), "notes has no forced row security"),
        ("ALTER TABLE entries NO FORCE ROW LEVEL SECURITY".to_owned(), "entries has no forced"),
        ("DROP POLICY tenant ON quarantine".to_owned(), "quarantine lacks"),
        (format!("CREATE POLICY all_of_it ON entries TO \"{app}\" USING (true)"), "nobody's"),
        (format!("GRANT SELECT ON entries TO \"{system}\""), "contents across tenants"),
        (format!("GRANT SELECT (action) ON entries TO \"{system}\""), "contents across tenants"),
        (format!("GRANT SELECT (sealed) ON quarantine TO \"{system}\""), "contents across tenants"),
        (format!("GRANT UPDATE ON entries TO \"{app}\""), "entries can be changed"),
        (on_partition(&format!("GRANT SELECT ON %s TO \"{app}\"")), "a partition can be reached"),
        (format!("GRANT SELECT ON event_keys_all TO \"{app}\""), "a partition can be reached"),
        ("GRANT SELECT ON tenants TO PUBLIC".to_owned(), "not granted by access.sql"),
        (format!("GRANT \"{system}\" TO \"{app}\""), "not granted by access.sql"),
        (format!("ALTER ROLE \"{app}\" CREATEDB"), "a role is too strong"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1".to_owned(), "without a fixed search_path"),
    ] {
        let mut tx = fixture.owner().await;
        run(&mut tx, "BEGIN").await;
        run(&mut tx, &broken).await;
        let violations = violations(&fixture, &mut tx).await;
        assert!(violations.iter().any(|v| v.contains(found)), "{broken}: {violations:?}");
        assert_ne!(report(&fixture, &mut tx).await, expected, "{broken}");
        run(&mut tx, "ROLLBACK").await;
    }
}
