//! Invitations: who is invited learns nothing of others, and who invites learns nothing at all.

use custody_auth::{Operation, Role};
use custody_domain::{InvitationId, TenantId};
use custody_store::{
    IdentityError, PageRequest, StoreError,
    invitations::{self, CreatedInvitation, NewInvitation},
    memberships, users,
};
use uuid::Uuid;

use super::house::{House, PASSWORD, at, now, passwords, secs};
use crate::fixture::scope;

async fn invite(house: &House, tenant: TenantId, email: &str, role: Role) -> CreatedInvitation {
    let new = NewInvitation { email: email.to_owned(), role };
    invitations::create(house.store(), &scope(tenant), new, now()).await.unwrap()
}

fn refused<T>(result: &Result<T, IdentityError>) -> bool {
    matches!(result, Err(IdentityError::Refused))
}

#[tokio::test]
async fn a_new_person_sets_a_password_and_is_in() {
    let house = House::new().await;
    let made = invite(&house, house.acme.id, "New@Example.com", Role::User).await;
    let short = house.accept(&made.secret.text, "short").await;
    assert!(matches!(short, Err(IdentityError::Invalid { pointer: "/password", .. })));
    let accepted = house.accept(&made.secret.text, PASSWORD).await.unwrap();
    assert_eq!((accepted.email.as_str(), accepted.tenant), ("new@example.com", house.acme.id));
    assert_eq!(house.sign_in("new@example.com", &house.acme).await.role, Role::User);
    assert!(refused(&house.accept(&made.secret.text, PASSWORD).await), "single use");
    let actions = house.actions(house.acme.id).await;
    assert!(
        actions.ends_with(&["custody.invitation.accepted".to_owned(), "custody.session.started".to_owned()])
    );
}

#[tokio::test]
async fn a_known_person_proves_their_password_and_keeps_it() {
    let house = House::new().await;
    let ada = house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let made = invite(&house, house.other.id, "ada@example.com", Role::Auditor).await;
    let before = house.actions(house.other.id).await;
    assert!(refused(&house.accept(&made.secret.text, "somebody else's guess").await));
    assert_eq!(house.actions(house.other.id).await, before, "the inviting tenant learns nothing");
    let failed = house.outbox(TenantId::RESERVED).await.pop().unwrap();
    assert_eq!(
        (failed.action.as_str(), failed.resource.unwrap().id),
        ("custody.session.failed", ada.to_string())
    );
    // The rule for a password is asked before anybody is looked up: no difference shows here.
    assert!(matches!(house.accept(&made.secret.text, "short").await, Err(IdentityError::Invalid { .. })));
    assert_eq!(house.accept(&made.secret.text, PASSWORD).await.unwrap().user, ada);
    assert_eq!(house.sign_in("ada@example.com", &house.other).await.role, Role::Auditor);
    assert_eq!(house.sign_in("ada@example.com", &house.acme).await.role, Role::Admin);
}

#[tokio::test]
async fn inviting_answers_the_same_whether_the_address_is_known_or_not() {
    let house = House::new().await;
    house.person(&house.other, "known@example.com", Role::Admin).await;
    let known = invite(&house, house.acme.id, "known@example.com", Role::User).await.invitation;
    let unknown = invite(&house, house.acme.id, "unknown@example.com", Role::User).await.invitation;
    let blank = |mut invitation: invitations::Invitation| {
        invitation.id = InvitationId(Uuid::nil());
        invitation.email = String::new();
        invitation
    };
    assert_eq!(blank(known), blank(unknown));
    let member = invite(&house, house.other.id, "known@example.com", Role::User).await;
    // Who is a member already keeps their role.
    house.accept(&member.secret.text, PASSWORD).await.unwrap();
    assert_eq!(house.sign_in("known@example.com", &house.other).await.role, Role::Admin);
}

#[tokio::test]
async fn an_invitation_ends_by_time_by_revocation_and_by_the_next_one() {
    let house = House::new().await;
    let made = invite(&house, house.acme.id, "a@example.com", Role::User).await;
    let checks = (passwords(), &house.limits);
    let late = now() + secs(7 * 86_400);
    let origin = at(Operation::AcceptInvitation);
    let expired = invitations::accept(house.store(), checks, &made.secret.text, PASSWORD, origin, late).await;
    assert!(refused(&expired));

    let again = invite(&house, house.acme.id, "A@example.com", Role::Auditor).await;
    assert!(refused(&house.accept(&made.secret.text, PASSWORD).await), "replaced");
    let id = again.invitation.id;
    let revoke = async |tenant, id| invitations::revoke(house.store(), &scope(tenant), id, now()).await;
    assert!(matches!(revoke(house.other.id, id).await, Err(StoreError::NotFound)), "another tenant's");
    revoke(house.acme.id, id).await.unwrap();
    assert!(matches!(revoke(house.acme.id, id).await, Err(StoreError::NotFound)));
    assert!(refused(&house.accept(&again.secret.text, PASSWORD).await), "revoked");
    let all = invitations::list(house.store(), &scope(house.acme.id), PageRequest::first()).await.unwrap();
    assert_eq!(all.items.len(), 2);
    assert!(all.items.iter().all(|i| i.revoked_at.is_some()));
    let none = invitations::list(house.store(), &scope(house.other.id), PageRequest::first()).await.unwrap();
    assert_eq!(none.items, []);
}

#[tokio::test]
async fn of_many_acceptances_at_once_one_counts() {
    let house = House::new().await;
    let made = invite(&house, house.acme.id, "a@example.com", Role::User).await;
    let all = (0..4).map(|_| house.accept(&made.secret.text, PASSWORD));
    let accepted = futures::future::join_all(all).await;
    assert_eq!(accepted.iter().filter(|a| a.is_ok()).count(), 1, "{accepted:?}");
    let members = users::list(house.store(), &scope(house.acme.id), PageRequest::first()).await.unwrap();
    assert_eq!(members.items.len(), 1);
    // Where nobody new is made, it is the invitation's own row that decides.
    let known = invite(&house, house.other.id, "a@example.com", Role::User).await;
    let all = (0..4).map(|_| house.accept(&known.secret.text, PASSWORD));
    let accepted = futures::future::join_all(all).await;
    assert_eq!(accepted.iter().filter(|a| a.is_ok()).count(), 1, "{accepted:?}");
}

#[tokio::test]
async fn operators_and_tenants_do_not_mix() {
    let house = House::new().await;
    for (tenant, role) in [
        (house.acme.id, Role::Operator),
        (TenantId::RESERVED, Role::Admin),
        (TenantId::RESERVED, Role::Auditor),
    ] {
        let new = NewInvitation { email: "a@example.com".to_owned(), role };
        let made = invitations::create(house.store(), &scope(tenant), new, now()).await;
        assert!(matches!(made, Err(IdentityError::Invalid { pointer: "/role", .. })), "{made:?}");
    }
}

#[tokio::test]
async fn a_tenant_keeps_one_admin() {
    let house = House::new().await;
    let (store, acme) = (house.store(), scope(house.acme.id));
    let ada = house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let user = house.person(&house.acme, "user@example.com", Role::User).await;
    let last = |result: Result<(), IdentityError>| matches!(result, Err(IdentityError::LastOne));
    assert!(last(memberships::remove(store, &acme, ada, now()).await));
    assert!(last(memberships::set_role(store, &acme, ada, Role::User, now()).await));
    memberships::set_role(store, &acme, ada, Role::Admin, now()).await.unwrap();
    memberships::set_role(store, &acme, user, Role::Admin, now()).await.unwrap();
    memberships::set_role(store, &acme, ada, Role::Auditor, now()).await.unwrap();
    assert!(last(memberships::remove(store, &acme, user, now()).await));
    memberships::remove(store, &acme, ada, now()).await.unwrap();
    let not_found = memberships::remove(store, &acme, ada, now()).await;
    assert!(matches!(not_found, Err(IdentityError::Store(StoreError::NotFound))));
    let others = scope(house.other.id);
    let foreign = memberships::remove(store, &others, user, now()).await;
    assert!(matches!(foreign, Err(IdentityError::Store(StoreError::NotFound))));
    let wrong = memberships::set_role(store, &acme, user, Role::Operator, now()).await;
    assert!(matches!(wrong, Err(IdentityError::Invalid { .. })));
}

#[tokio::test]
async fn two_admins_cannot_remove_each_other_at_once() {
    let house = House::new().await;
    let (store, acme) = (house.store(), scope(house.acme.id));
    for round in 0..5 {
        let ada = house.person(&house.acme, &format!("a{round}@example.com"), Role::Admin).await;
        let others = users::list(store, &acme, PageRequest::first()).await.unwrap().items;
        let admins: Vec<_> = others.into_iter().filter(|m| m.role == Role::Admin && m.user != ada).collect();
        let Some(bob) = admins.first().map(|m| m.user) else { continue };
        let (one, two) = tokio::join!(
            memberships::remove(store, &acme, ada, now()),
            memberships::set_role(store, &acme, bob, Role::User, now())
        );
        assert_eq!([&one, &two].iter().filter(|r| r.is_ok()).count(), 1, "{one:?} {two:?}");
    }
    let left = users::list(store, &acme, PageRequest::first()).await.unwrap().items;
    assert_eq!(left.iter().filter(|m| m.role == Role::Admin).count(), 1);
}
