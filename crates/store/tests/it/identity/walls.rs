//! What the roles may not do with people and secrets, tried in SQL.

use custody_auth::Role;
use custody_domain::TenantId;
use custody_store::DatabaseRole;

use super::house::House;
use crate::fixture::{count, run, try_run};

const FORBIDDEN: &str = "42501";

#[tokio::test]
async fn no_role_reads_what_it_does_not_need() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    for (role, statement) in [
        (DatabaseRole::App, "SELECT id FROM users"),
        (DatabaseRole::App, "SELECT id FROM sessions"),
        (DatabaseRole::App, "SELECT secret_hash FROM refresh_tokens"),
        (DatabaseRole::App, "SELECT secret_hash FROM one_time_secrets"),
        (DatabaseRole::App, "SELECT kid FROM signing_keys"),
        (DatabaseRole::App, "SELECT secret_hash FROM api_keys"),
        (DatabaseRole::App, "SELECT secret_hash FROM invitations"),
        (DatabaseRole::App, "UPDATE invitations SET secret_hash = NULL"),
        (DatabaseRole::App, "INSERT INTO invitations (secret_hash) VALUES (NULL)"),
        (DatabaseRole::App, "SELECT secret_hash FROM tickets"),
        (DatabaseRole::App, "UPDATE api_keys SET role = 'admin'"),
        (DatabaseRole::App, "UPDATE api_keys SET secret_hash = ''"),
        (DatabaseRole::App, "UPDATE memberships SET user_id = user_id"),
        (DatabaseRole::App, "UPDATE audit_outbox SET change = '{}'"),
        (DatabaseRole::App, "INSERT INTO memberships (tenant_id) VALUES (NULL)"),
        (DatabaseRole::System, "SELECT change FROM audit_outbox"),
        (DatabaseRole::System, "DELETE FROM audit_outbox"),
        (DatabaseRole::System, "SELECT policy FROM mask_policies"),
        (DatabaseRole::System, "UPDATE memberships SET role = 'admin'"),
        (DatabaseRole::System, "DELETE FROM memberships"),
        (DatabaseRole::System, "DELETE FROM users"),
        (DatabaseRole::System, "UPDATE sessions SET tenant_id = NULL"),
        (DatabaseRole::System, "UPDATE users SET email = 'x@y'"),
        (DatabaseRole::System, "UPDATE api_keys SET role = 'admin'"),
        (DatabaseRole::System, "INSERT INTO api_keys (tenant_id) VALUES (NULL)"),
        (DatabaseRole::System, "UPDATE signing_keys SET public_key = ''"),
        (DatabaseRole::Writer, "SELECT id FROM users"),
        (DatabaseRole::Writer, "SELECT id FROM audit_outbox"),
        (DatabaseRole::Reaper, "SELECT id FROM users"),
        (DatabaseRole::Reaper, "SELECT id FROM api_keys"),
    ] {
        let mut connection = house.fixture.as_role(role).await;
        let answer = try_run(&mut connection, statement).await;
        assert_eq!(answer, Err(FORBIDDEN.to_owned()), "{role:?}: {statement}");
    }
}

#[tokio::test]
async fn a_tenant_s_transaction_sees_its_own_people_alone() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    house.person(&house.other, "bob@example.com", Role::Admin).await;
    let mut app = house.fixture.as_role(DatabaseRole::App).await;
    for table in ["memberships", "invitations", "audit_outbox"] {
        assert_eq!(count(&mut app, table).await, 0, "{table} without a tenant");
        run(&mut app, &format!("BEGIN; SET LOCAL app.tenant_id = '{}'", house.acme.id)).await;
        let own = count(&mut app, table).await;
        let foreign = format!("{table} WHERE tenant_id = '{}'", house.other.id);
        assert_eq!((own > 0, count(&mut app, &foreign).await), (true, 0), "{table}");
        run(&mut app, "COMMIT").await;
    }
}

/// The second wall: what the program refuses in words, the table refuses as well.
#[tokio::test]
async fn an_operator_outside_the_reserved_tenant_cannot_stand_in_a_table() {
    let house = House::new().await;
    let ada = house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let mut system = house.fixture.as_role(DatabaseRole::System).await;
    for (tenant, role) in [(house.other.id, "operator"), (TenantId::RESERVED, "admin")] {
        let statement = format!(
            "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at)
             VALUES ('{tenant}', '{ada}', '{role}', now(), now())"
        );
        assert_eq!(try_run(&mut system, &statement).await, Err("23514".to_owned()), "{role}");
    }
}
