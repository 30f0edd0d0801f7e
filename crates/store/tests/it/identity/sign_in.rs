//! Signing in: who is let in, that all refusals are one, and where they are written.

use custody_auth::{Operation, Role, SignInLimits, SignInLimitsConfig};
use custody_domain::{Outcome, TenantId};
use custody_store::{IdentityError, one_time_secrets, tenants, tenants::TenantStatus, users};

use super::house::{House, PASSWORD, authority, now, passwords, secs};
use crate::fixture::{count, scope};

#[tokio::test]
async fn a_person_signs_in_by_any_spelling_of_their_address() {
    let house = House::new().await;
    let ada = house.person(&house.acme, "Ada@Example.com", Role::Admin).await;
    let id = house.acme.id.to_string();
    for (email, tenant) in
        [("ada@example.com", Some("acme")), (" ADA@example.COM", Some(&*id)), ("ada@example.com", None)]
    {
        let started = house.try_sign_in(email, PASSWORD, tenant).await.unwrap();
        assert_eq!((started.user, started.tenant, started.role), (ada, house.acme.id, Role::Admin));
        assert!(!started.must_set_password);
    }
    let last = house.outbox(house.acme.id).await.pop().unwrap();
    assert_eq!(last.action, "custody.session.started");
    assert_eq!((last.actor.kind.as_str(), last.actor.id), ("user", ada.to_string()));
    assert_eq!(last.actor.name.as_deref(), Some("ada@example.com"));
    assert_eq!(last.recorded_by.via, "POST /api/v1/auth/login");
}

#[tokio::test]
async fn every_refusal_is_the_same_and_is_written_where_it_belongs() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    house.person(&house.other, "bob@example.com", Role::Admin).await;
    let (acme, reserved) = (house.acme.id, TenantId::RESERVED);
    let wrong = "not the password at all";
    let one_time = custody_auth::SecretKind::OneTime.generate();
    for (email, password, tenant, into) in [
        ("ada@example.com", wrong, Some("acme"), acme),
        ("ada@example.com", wrong, None, acme),
        ("ada@example.com", "", Some("acme"), acme),
        ("ada@example.com", &one_time.text, Some("acme"), acme),
        ("ada@example.com", PASSWORD, Some("other"), reserved),
        ("ada@example.com", PASSWORD, Some("nowhere"), reserved),
        ("ada@example.com", PASSWORD, Some("custody"), reserved),
        ("ada@example.com", PASSWORD, Some(""), reserved),
        ("nobody@example.com", PASSWORD, Some("acme"), reserved),
        ("nobody@example.com", &one_time.text, Some("acme"), reserved),
        ("bob@example.com", PASSWORD, Some("acme"), reserved),
        ("no address\u{0}", PASSWORD, Some("acme\u{0}\u{1}"), reserved),
        ("", "", None, reserved),
        // A password in the wrong field.
        (PASSWORD, PASSWORD, Some("acme"), reserved),
    ] {
        let before = house.outbox(into).await.len();
        let tenant = tenant.map(|t| t.replace('\u{0}', ""));
        let error = house.try_sign_in(email, password, tenant.as_deref()).await.unwrap_err();
        assert!(matches!(error, IdentityError::Refused), "{email} {tenant:?}: {error}");
        let outbox = house.outbox(into).await;
        assert_eq!(outbox.len(), before + 1, "{email} {tenant:?}");
        let change = outbox.last().unwrap();
        assert_eq!(change.action, "custody.session.failed");
        assert_eq!(change.outcome, Outcome::Failure);
        assert_eq!(change.recorded_by.principal, "system:anonymous");
        assert_eq!(change.recorded_by.peer_ip.unwrap().to_string(), "192.0.2.7");
        let shown = if email.contains('@') { email } else { "not an address" };
        assert_eq!(change.actor.name.as_deref(), Some(shown));
    }
    let mut owner = house.fixture.owner().await;
    crate::fixture::run(&mut owner, "ALTER TABLE audit_outbox NO FORCE ROW LEVEL SECURITY").await;
    for secret in [wrong, PASSWORD, &one_time.text] {
        let told = format!("audit_outbox WHERE change::text LIKE '%{secret}%'");
        assert_eq!(count(&mut owner, &told).await, 0);
    }
    assert!(count(&mut owner, "audit_outbox").await > 13);
}

#[tokio::test]
async fn a_tenant_that_has_a_nul_in_its_name_is_nobody_s() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let error = house.try_sign_in("ada@example.com", PASSWORD, Some("acme\u{0}")).await.unwrap_err();
    assert!(matches!(error, IdentityError::Refused), "{error}");
}

#[tokio::test]
async fn a_suspended_tenant_s_people_are_refused_until_it_is_resumed() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let started = house.sign_in("ada@example.com", &house.acme).await;
    let operator = scope(TenantId::RESERVED);
    let set = async |status| {
        tenants::set_status(house.store(), &operator, house.acme.id, status, now()).await.unwrap();
    };
    set(TenantStatus::Suspended).await;
    let error = house.try_sign_in("ada@example.com", PASSWORD, Some("acme")).await.unwrap_err();
    assert!(matches!(error, IdentityError::Refused));
    let access = house.access(&started, now()).await;
    assert!(house.show(&access.token, now()).await.is_err());
    let refreshed = house.refresh(&started.refresh_token.text, None, now()).await;
    assert!(matches!(refreshed, Err(IdentityError::Refused)));
    set(TenantStatus::Active).await;
    house.show(&access.token, now()).await.unwrap();
    house.refresh(&started.refresh_token.text, None, now()).await.unwrap();
    let actions = house.actions(house.acme.id).await;
    assert!(actions.contains(&"custody.tenant.suspended".to_owned()), "{actions:?}");
}

#[tokio::test]
async fn a_person_of_several_tenants_chooses_once_the_password_is_proven() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    house.person(&house.other, "ada@example.com", Role::User).await;
    let error = house.try_sign_in("ada@example.com", PASSWORD, None).await.unwrap_err();
    let IdentityError::ChooseTenant(names) = error else { panic!("{error}") };
    assert_eq!(names, ["acme", "other"]);
    let error = house.try_sign_in("ada@example.com", "wrong password", None).await.unwrap_err();
    assert!(matches!(error, IdentityError::Refused));
    assert_eq!(house.sign_in("ada@example.com", &house.other).await.role, Role::User);
}

#[tokio::test]
async fn attempts_are_counted_before_the_password_is_looked_at() {
    let mut house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    house.limits = SignInLimits::new(&SignInLimitsConfig::default());
    for _ in 0..10 {
        let refused = house.try_sign_in("ada@example.com", "wrong password", None).await;
        assert!(matches!(refused, Err(IdentityError::Refused)));
    }
    // Another spelling is the same account.
    let stopped = house.try_sign_in("ADA@example.com", PASSWORD, None).await.unwrap_err();
    let IdentityError::TooMany(stopped) = stopped else { panic!("{stopped}") };
    assert!((1..=60).contains(&stopped.retry_after_secs), "{stopped}");
}

#[tokio::test]
async fn the_first_operator_signs_in_once_and_sets_a_password() {
    let house = House::new().await;
    let system = scope(TenantId::RESERVED);
    let start = async || {
        let made =
            one_time_secrets::first_operator(house.store(), &system, authority(), "op@example.com", now());
        made.await.unwrap()
    };
    let lost = start().await.unwrap().one_time_secret.unwrap();
    // Not used before the next start: there is a new one, and it alone is good.
    let made = start().await.unwrap();
    let secret = made.one_time_secret.unwrap();
    let sign_in = async |secret: &str| house.try_sign_in("op@example.com", secret, Some("custody")).await;
    assert!(matches!(sign_in(&lost.text).await, Err(IdentityError::Refused)));
    let started = sign_in(&secret.text).await.unwrap();
    assert!(started.must_set_password);
    assert_eq!((started.user, started.tenant, started.role), (made.user, TenantId::RESERVED, Role::Operator));
    assert!(matches!(sign_in(&secret.text).await, Err(IdentityError::Refused)), "single use");

    let who = house.show(&house.access(&started, now()).await.token, now()).await.unwrap();
    assert!(who.permit(Operation::CreateTenant, None).is_err());
    let scope = house.scope_of(&started, Operation::SetPassword).await;
    let checks = (passwords(), &house.limits);
    let short = users::set_password(house.store(), checks, &scope, None, "short", now()).await;
    assert!(matches!(short, Err(IdentityError::Invalid { pointer: "/password", .. })), "{short:?}");
    users::set_password(house.store(), checks, &scope, None, PASSWORD, now()).await.unwrap();
    house.scope_of(&started, Operation::CreateTenant).await;
    assert!(start().await.is_none());
    assert!(!sign_in(PASSWORD).await.unwrap().must_set_password);
}

#[tokio::test]
async fn servers_that_start_together_make_one_operator() {
    let house = House::new().await;
    let system = scope(TenantId::RESERVED);
    let authority = authority();
    let starts = (0..4)
        .map(|_| one_time_secrets::first_operator(house.store(), &system, authority, "op@x.org", now()));
    let made = futures::future::join_all(starts).await;
    let users: std::collections::BTreeSet<_> = made.into_iter().map(|m| m.unwrap().unwrap().user).collect();
    assert_eq!(users.len(), 1);
}

#[tokio::test]
async fn a_one_time_secret_is_over_after_a_day() {
    let house = House::new().await;
    let new = users::NewUser {
        email: "ada@example.com".to_owned(),
        tenant: house.acme.id,
        role: Role::User,
        row_grant: None,
    };
    let yesterday = now() - secs(86_400);
    let made =
        users::create(house.store(), &scope(house.acme.id), authority(), new, yesterday).await.unwrap();
    let secret = made.one_time_secret.unwrap();
    let late = house.try_sign_in("ada@example.com", &secret.text, Some("acme")).await;
    assert!(matches!(late, Err(IdentityError::Refused)));
}

#[tokio::test]
async fn a_reset_ends_the_password_and_every_session() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let started = house.sign_in("ada@example.com", &house.acme).await;
    let system = scope(TenantId::RESERVED);
    let reset = one_time_secrets::reset(house.store(), &system, authority(), "Ada@example.com", now());
    let secret = reset.await.unwrap();
    assert!(house.show(&house.access(&started, now()).await.token, now()).await.is_err());
    assert!(house.refresh(&started.refresh_token.text, None, now()).await.is_err());
    assert!(house.try_sign_in("ada@example.com", PASSWORD, Some("acme")).await.is_err());
    let again = house.try_sign_in("ada@example.com", &secret.text, Some("acme")).await.unwrap();
    assert!(again.must_set_password);
}
