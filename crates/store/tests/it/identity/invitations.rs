//! Invitations: who is invited learns nothing of others, and who invites learns nothing at all.

use custody_auth::{Operation, Role, SignInLimits, SignInLimitsConfig};
use custody_domain::{InvitationId, TenantId};
use custody_store::{
    IdentityError, PageRequest, StoreError,
    invitations::{self, CreatedInvitation, Invitation, NewInvitation},
    memberships, users,
};
use uuid::Uuid;

use super::house::{House, PASSWORD, at, authority, now, passwords, secs};
use crate::fixture::{count, scope};

async fn invite(house: &House, tenant: TenantId, email: &str, role: Role) -> CreatedInvitation {
    let made = wish(house, tenant, email, role).await;
    house.hand_out(tenant, made.id).await.unwrap()
}

/// What an admin does, and all that they get.
async fn wish(house: &House, tenant: TenantId, email: &str, role: Role) -> Invitation {
    let new = NewInvitation { email: email.to_owned(), role, row_grant: None };
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
    let told: Vec<_> = actions.iter().skip(1).map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "custody.invitation.created",
            "custody.invitation.secret_issued",
            "custody.invitation.accepted",
            "custody.session.started"
        ]
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
    let known = wish(&house, house.acme.id, "known@example.com", Role::User).await;
    let unknown = wish(&house, house.acme.id, "unknown@example.com", Role::User).await;
    let blank = |mut invitation: Invitation| {
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
async fn until_an_operator_hands_a_secret_out_there_is_none() {
    let house = House::new().await;
    let made = wish(&house, house.acme.id, "ada@example.com", Role::User).await;
    let mut owner = house.fixture.owner().await;
    crate::fixture::run(&mut owner, "ALTER TABLE invitations NO FORCE ROW LEVEL SECURITY").await;
    assert_eq!(count(&mut owner, "invitations WHERE secret_hash IS NULL").await, 1);
    let waiting = async |tenant, at| {
        invitations::waiting(house.store(), authority(), tenant, PageRequest::first(), at)
            .await
            .unwrap()
            .items
    };
    let listed = waiting(None, now()).await;
    assert_eq!((listed.len(), &listed[0].invitation, listed[0].has_secret), (1, &made, false));
    assert_eq!((listed[0].tenant, listed[0].tenant_name.as_str()), (house.acme.id, "acme"));
    assert_eq!(waiting(Some(house.other.id), now()).await, []);
    assert_eq!(waiting(None, now() + secs(7 * 86_400)).await, []);

    let not_found =
        |result: Result<CreatedInvitation, StoreError>| matches!(result, Err(StoreError::NotFound));
    assert!(not_found(house.hand_out(house.other.id, made.id).await), "another tenant's");
    let first = house.hand_out(house.acme.id, made.id).await.unwrap();
    let second = house.hand_out(house.acme.id, made.id).await.unwrap();
    assert!(waiting(None, now()).await[0].has_secret);
    assert!(refused(&house.accept(&first.secret.text, PASSWORD).await), "replaced");
    house.accept(&second.secret.text, PASSWORD).await.unwrap();
    assert!(not_found(house.hand_out(house.acme.id, made.id).await), "accepted");
    assert_eq!(waiting(None, now()).await, []);
    let revoked = wish(&house, house.acme.id, "bob@example.com", Role::User).await;
    invitations::revoke(house.store(), &scope(house.acme.id), revoked.id, now()).await.unwrap();
    assert!(not_found(house.hand_out(house.acme.id, revoked.id).await), "revoked");
}

/// An admin, who sees all that their own tenant shows, cannot become the person whom they invited.
#[tokio::test]
async fn who_invites_cannot_become_the_person() {
    let house = House::new().await;
    let made = wish(&house, house.acme.id, "victim@example.com", Role::User).await;
    let shown = invitations::list(house.store(), &scope(house.acme.id), PageRequest::first()).await.unwrap();
    assert_eq!(shown.items, std::slice::from_ref(&made));
    // Its fields are all that was ever given out; none of them accepts.
    let id = made.id.to_string();
    for guess in [id.clone(), format!("custi_{id}"), format!("custi_{}", "0".repeat(43)), String::new()] {
        assert!(refused(&house.accept(&guess, PASSWORD).await), "{guess}");
    }
    let mut owner = house.fixture.owner().await;
    assert_eq!(count(&mut owner, "users WHERE email = 'victim@example.com'").await, 0);
    // Nor does inviting again take anything from the person.
    let secret = house.hand_out(house.acme.id, made.id).await.unwrap().secret;
    let again = wish(&house, house.other.id, "victim@example.com", Role::Admin).await;
    house.accept(&secret.text, PASSWORD).await.unwrap();
    assert!(house.accept(&again.id.to_string(), "the squatter's own").await.is_err());
    assert_eq!(house.sign_in("victim@example.com", &house.acme).await.role, Role::User);
}

#[tokio::test]
async fn other_invitations_give_no_more_guesses() {
    let mut house = House::new().await;
    house.person(&house.other, "ada@example.com", Role::User).await;
    house.limits = SignInLimits::new(&SignInLimitsConfig::default());
    for email in ["ada@example.com", "unknown@example.com"] {
        // Known or not, they end after the same number of tries.
        for n in 0..11 {
            let made = invite(&house, house.acme.id, email, Role::User).await;
            let password = if email.starts_with("ada") { "not the password" } else { PASSWORD };
            let answer = house.accept(&made.secret.text, password).await;
            let stopped = matches!(answer, Err(IdentityError::TooMany(_)));
            assert_eq!(stopped, n == 10, "{email} {n}: {answer:?}");
        }
    }
    // The same slot as a sign-in's.
    let stopped = house.try_sign_in("ada@example.com", PASSWORD, None).await;
    assert!(matches!(stopped, Err(IdentityError::TooMany(_))));
}

#[tokio::test]
async fn an_account_s_id_does_not_tell_its_age() {
    let house = House::new().await;
    let ada = house.person(&house.acme, "ada@example.com", Role::User).await;
    assert_eq!(ada.0.get_version_num(), 4);
}

#[tokio::test]
async fn operators_and_tenants_do_not_mix() {
    let house = House::new().await;
    for (tenant, role) in [
        (house.acme.id, Role::Operator),
        (TenantId::RESERVED, Role::Admin),
        (TenantId::RESERVED, Role::Auditor),
    ] {
        let new = NewInvitation { email: "a@example.com".to_owned(), role, row_grant: None };
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
    assert!(last(memberships::change(store, &acme, ada, Role::User.into(), now()).await));
    memberships::change(store, &acme, ada, Role::Admin.into(), now()).await.unwrap();
    memberships::change(store, &acme, user, Role::Admin.into(), now()).await.unwrap();
    memberships::change(store, &acme, ada, Role::Auditor.into(), now()).await.unwrap();
    assert!(last(memberships::remove(store, &acme, user, now()).await));
    memberships::remove(store, &acme, ada, now()).await.unwrap();
    let not_found = memberships::remove(store, &acme, ada, now()).await;
    assert!(matches!(not_found, Err(IdentityError::Store(StoreError::NotFound))));
    let others = scope(house.other.id);
    let foreign = memberships::remove(store, &others, user, now()).await;
    assert!(matches!(foreign, Err(IdentityError::Store(StoreError::NotFound))));
    let wrong = memberships::change(store, &acme, user, Role::Operator.into(), now()).await;
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
            memberships::change(store, &acme, bob, Role::User.into(), now())
        );
        assert_eq!([&one, &two].iter().filter(|r| r.is_ok()).count(), 1, "{one:?} {two:?}");
    }
    let left = users::list(store, &acme, PageRequest::first()).await.unwrap().items;
    assert_eq!(left.iter().filter(|m| m.role == Role::Admin).count(), 1);
}
