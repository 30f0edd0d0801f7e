//! Sessions: refresh tokens that rotate, and what ends a session.

use custody_auth::{Operation, Role};
use custody_domain::{Severity, TenantId};
use custody_store::{
    DatabaseRole, IdentityError, expired, memberships, one_time_secrets, sessions, tickets, users,
};

use super::house::{House, PASSWORD, authority, now, passwords, secs, server};
use crate::fixture::{count, run, scope};

const DAY: i64 = 86_400;

#[tokio::test]
async fn each_refresh_token_is_good_once_and_the_next_one_follows() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let mut started = house.sign_in("ada@example.com", &house.acme).await;
    let session = started.session;
    for n in 1..=5 {
        started = house.refresh(&started.refresh_token.text, None, now() + secs(n * DAY)).await.unwrap();
        assert_eq!((started.session, started.tenant), (session, house.acme.id));
    }
    let token = house.access(&started, now()).await.token;
    assert_eq!(house.show(&token, now()).await.unwrap().session(), Some(session));
    assert!(
        house.actions(house.acme.id).await.iter().filter(|a| *a == "custody.session.refreshed").count() == 5
    );
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_the_session_for_both() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let first = house.sign_in("ada@example.com", &house.acme).await;
    let second = house.refresh(&first.refresh_token.text, None, now()).await.unwrap();
    let third = house.refresh(&second.refresh_token.text, None, now()).await.unwrap();
    // Whoever shows the first again, thief or robbed: nobody goes on.
    let again = house.refresh(&first.refresh_token.text, None, now()).await;
    assert!(matches!(again, Err(IdentityError::Refused)));
    let newest = house.refresh(&third.refresh_token.text, None, now()).await;
    assert!(matches!(newest, Err(IdentityError::Refused)));
    assert!(house.show(&house.access(&third, now()).await.token, now()).await.is_err());
    let ended: Vec<_> = house.outbox(house.acme.id).await;
    let ended: Vec<_> = ended.iter().filter(|c| c.action == "custody.session.ended").collect();
    assert_eq!(ended.len(), 1, "told once");
    assert_eq!(ended[0].severity, Severity::Critical);
    assert_eq!(ended[0].metadata.as_ref().unwrap()["reason"], "refresh_token_reused");
    // Another session of the same person goes on.
    house.sign_in("ada@example.com", &house.acme).await;
}

#[tokio::test]
async fn of_two_refreshes_at_once_one_wins_and_the_session_is_over() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    for _ in 0..5 {
        let started = house.sign_in("ada@example.com", &house.acme).await;
        let token = &started.refresh_token.text;
        let (one, two) = tokio::join!(house.refresh(token, None, now()), house.refresh(token, None, now()));
        let won: Vec<_> = [one, two].into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1);
        assert!(house.refresh(&won[0].refresh_token.text, None, now()).await.is_err());
        assert!(house.show(&house.access(&started, now()).await.token, now()).await.is_err());
    }
}

#[tokio::test]
async fn a_session_has_an_end_however_busy_it_is() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let idle = house.sign_in("ada@example.com", &house.acme).await;
    assert!(house.refresh(&idle.refresh_token.text, None, now() + secs(7 * DAY)).await.is_err());
    let mut busy = house.sign_in("ada@example.com", &house.acme).await;
    for day in 1..30 {
        busy = house.refresh(&busy.refresh_token.text, None, now() + secs(day * DAY)).await.unwrap();
    }
    let token = house.access(&busy, now() + secs(30 * DAY - 60)).await;
    assert_eq!(token.expires_at, now() + secs(30 * DAY));
    assert!(house.refresh(&busy.refresh_token.text, None, now() + secs(30 * DAY)).await.is_err());
}

#[tokio::test]
async fn garbage_is_no_refresh_token() {
    let house = House::new().await;
    let invented = custody_auth::SecretKind::Refresh.generate();
    for bad in ["", "custr_", "x", &invented.text, &"custr_".repeat(2000)] {
        assert!(matches!(house.refresh(bad, None, now()).await, Err(IdentityError::Refused)));
    }
}

#[tokio::test]
async fn a_person_switches_among_their_own_tenants() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    house.person(&house.other, "bob@example.com", Role::Admin).await;
    house.person(&house.other, "ada@example.com", Role::Auditor).await;
    let started = house.sign_in("ada@example.com", &house.acme).await;
    let token = &started.refresh_token.text;
    // A tenant that is not theirs, or is not, uses nothing up.
    for nowhere in ["custody", "nowhere", "\u{0}", "018f3a5e-0000-7000-8000-000000000001"] {
        let refused = house.refresh(token, Some(nowhere), now()).await;
        assert!(matches!(refused, Err(IdentityError::Refused)), "{nowhere:?}: {refused:?}");
    }
    let there = house.refresh(token, Some("other"), now()).await.unwrap();
    assert_eq!((there.tenant, there.role), (house.other.id, Role::Auditor));
    // Another session, to the same end; the one before is over, and its tokens with it.
    assert_ne!(there.session, started.session);
    assert_eq!(there.session_expires_at, started.session_expires_at);
    assert!(house.show(&house.access(&started, now()).await.token, now()).await.is_err());
    house.show(&house.access(&there, now()).await.token, now()).await.unwrap();
    let stays = house.refresh(&there.refresh_token.text, None, now()).await.unwrap();
    assert_eq!((stays.tenant, stays.session), (house.other.id, there.session));
    let id = house.acme.id.to_string();
    let back = house.refresh(&stays.refresh_token.text, Some(&id), now()).await.unwrap();
    assert_eq!((back.tenant, back.role), (house.acme.id, Role::Admin));
    let left = house.outbox(house.acme.id).await;
    let left: Vec<_> = left.iter().filter(|c| c.action == "custody.session.ended").collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].resource.as_ref().unwrap().id, started.session.to_string());
    let there_log = house.outbox(house.other.id).await;
    let begun: Vec<_> = there_log.iter().filter(|c| c.action == "custody.session.started").collect();
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].resource.as_ref().unwrap().id, there.session.to_string());
    // Nothing in the one tenant's log leads to the other's.
    let told = serde_json::to_string(&there_log).unwrap();
    assert!(!told.contains(&started.session.to_string()) && !told.contains(&house.acme.id.to_string()));
}

#[tokio::test]
async fn a_copied_token_ends_what_was_switched_to_with_it() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::User).await;
    house.person(&house.other, "ada@example.com", Role::User).await;
    let started = house.sign_in("ada@example.com", &house.acme).await;
    let thief = house.refresh(&started.refresh_token.text, Some("other"), now()).await.unwrap();
    let robbed = house.refresh(&started.refresh_token.text, None, now()).await;
    assert!(matches!(robbed, Err(IdentityError::Refused)));
    assert!(house.show(&house.access(&thief, now()).await.token, now()).await.is_err());
    assert!(house.refresh(&thief.refresh_token.text, None, now()).await.is_err());
    let told = house.outbox(house.other.id).await.pop().unwrap();
    assert_eq!((told.action.as_str(), told.severity), ("custody.session.ended", Severity::Critical));
}

/// Whatever ends a person's sessions ends the one that a switch begins at the same moment.
#[tokio::test]
async fn a_switch_does_not_slip_past_a_reset() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::User).await;
    house.person(&house.other, "ada@example.com", Role::User).await;
    let started = house.sign_in("ada@example.com", &house.acme).await;
    let system = scope(TenantId::RESERVED);
    // The switch stands still just before it ends its session: somebody else holds that row.
    let mut holder = house.fixture.as_role(DatabaseRole::System).await;
    run(&mut holder, &format!("BEGIN; SELECT FROM sessions WHERE id = '{}' FOR UPDATE", started.session))
        .await;
    let blocked = async |number: i64| {
        custody_testkit::eventually("they wait", async || {
            let mut watcher = house.fixture.owner().await;
            let blocked =
                "pg_stat_activity WHERE datname = current_database() AND pg_blocking_pids(pid) <> '{}'";
            (count(&mut watcher, blocked).await >= number).then_some(())
        })
        .await;
    };
    let switch = house.refresh(&started.refresh_token.text, Some("other"), now());
    let reset = async {
        blocked(1).await;
        one_time_secrets::reset(house.store(), &system, authority(), "ada@example.com", now()).await
    };
    let release = async {
        blocked(2).await;
        run(&mut holder, "COMMIT").await;
    };
    let (switched, reset, ()) = tokio::join!(switch, reset, release);
    reset.unwrap();
    let switched = switched.unwrap();
    assert!(house.show(&house.access(&switched, now()).await.token, now()).await.is_err());
    assert!(house.refresh(&switched.refresh_token.text, None, now()).await.is_err());
}

#[tokio::test]
async fn who_is_removed_from_a_tenant_is_out_of_it_and_nowhere_else() {
    let house = House::new().await;
    let ada = house.person(&house.acme, "ada@example.com", Role::User).await;
    house.person(&house.other, "ada@example.com", Role::User).await;
    let here = house.sign_in("ada@example.com", &house.acme).await;
    let there = house.sign_in("ada@example.com", &house.other).await;
    memberships::remove(house.store(), &scope(house.acme.id), ada, now()).await.unwrap();
    assert!(house.show(&house.access(&here, now()).await.token, now()).await.is_err());
    assert!(house.refresh(&here.refresh_token.text, None, now()).await.is_err());
    house.show(&house.access(&there, now()).await.token, now()).await.unwrap();
    // They may go on elsewhere.
    house.refresh(&here.refresh_token.text, Some("other"), now()).await.unwrap();
}

#[tokio::test]
async fn signing_out_ends_one_session() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::User).await;
    let one = house.sign_in("ada@example.com", &house.acme).await;
    let two = house.sign_in("ada@example.com", &house.acme).await;
    let scope = house.scope_of(&one, Operation::Logout).await;
    sessions::end(house.store(), &scope, now()).await.unwrap();
    sessions::end(house.store(), &scope, now()).await.unwrap();
    assert!(house.show(&house.access(&one, now()).await.token, now()).await.is_err());
    assert!(house.refresh(&one.refresh_token.text, None, now()).await.is_err());
    house.refresh(&two.refresh_token.text, None, now()).await.unwrap();
    let actions = house.actions(house.acme.id).await;
    assert_eq!(actions.iter().filter(|a| *a == "custody.session.ended").count(), 1);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::User).await;
    let here = house.sign_in("ada@example.com", &house.acme).await;
    let elsewhere = house.sign_in("ada@example.com", &house.acme).await;
    let scope = house.scope_of(&here, Operation::SetPassword).await;
    let set = async |current: Option<&'static str>, new: &'static str| {
        users::set_password(house.store(), (passwords(), &house.limits), &scope, current, new, now()).await
    };
    let new = "another long password";
    for (current, wanted) in [(None, new), (Some("wrong password"), new), (Some(PASSWORD), PASSWORD)] {
        let refused = set(current, wanted).await;
        assert!(matches!(refused, Err(IdentityError::Invalid { .. })), "{refused:?}");
    }
    house.show(&house.access(&elsewhere, now()).await.token, now()).await.unwrap();
    set(Some(PASSWORD), new).await.unwrap();
    house.show(&house.access(&here, now()).await.token, now()).await.unwrap();
    assert!(house.show(&house.access(&elsewhere, now()).await.token, now()).await.is_err());
    assert!(house.refresh(&elsewhere.refresh_token.text, None, now()).await.is_err());
    assert!(house.try_sign_in("ada@example.com", PASSWORD, None).await.is_err());
    house.try_sign_in("ada@example.com", new, None).await.unwrap();
    // The key of a program has no password.
    let nobody = crate::fixture::scope(house.acme.id);
    let checks = (passwords(), &house.limits);
    let refused = users::set_password(house.store(), checks, &nobody, Some(new), PASSWORD, now()).await;
    assert!(matches!(refused, Err(IdentityError::Refused)));
}

#[tokio::test]
async fn a_ticket_opens_once_on_whichever_server() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::User).await;
    let started = house.sign_in("ada@example.com", &house.acme).await;
    let who = house.show(&house.access(&started, now()).await.token, now()).await.unwrap();
    let scope = who.permit(Operation::CreateTicket, None).unwrap();
    let create = async || tickets::create(house.store(), &scope, &who, now()).await.unwrap();
    let (elsewhere, _) = server(house.store());
    let ticket = create().await;
    assert_eq!(ticket.expires_at, now() + secs(30));
    let (one, two) = tokio::join!(
        elsewhere.redeem(&ticket.ticket.text, now()),
        house.authenticator.redeem(&ticket.ticket.text, now())
    );
    let opened: Vec<_> = [one, two].into_iter().filter_map(Result::ok).collect();
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].tenant(), house.acme.id);
    let late = create().await;
    assert!(elsewhere.redeem(&late.ticket.text, now() + secs(30)).await.is_err());
    let ended = create().await;
    sessions::end(house.store(), &scope, now()).await.unwrap();
    elsewhere.forget();
    assert!(elsewhere.redeem(&ended.ticket.text, now()).await.is_err());
}

#[tokio::test]
async fn what_has_expired_is_swept_out_and_nothing_else() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::User).await;
    let old = house.sign_in("ada@example.com", &house.acme).await;
    let kept = house.refresh(&old.refresh_token.text, None, now() + secs(5 * DAY)).await.unwrap();
    assert_eq!(expired::sweep(house.store(), now() + secs(6 * DAY)).await.unwrap(), 0);
    // The used token is over; the session and its current token are not.
    assert_eq!(expired::sweep(house.store(), now() + secs(7 * DAY)).await.unwrap(), 1);
    house.refresh(&kept.refresh_token.text, None, now() + secs(8 * DAY)).await.unwrap();
    assert!(expired::sweep(house.store(), now() + secs(61 * DAY)).await.unwrap() >= 2);
}
