//! Claims beside each other.

use custody_domain::TenantId;
use custody_queue::Job;
use custody_store::{
    Store,
    jobs::{self, Lane},
};
use uuid::Uuid;

use crate::{
    fixture::{Fixture, Part},
    probe::{Act, OfOne, OfTwoEach, Probe},
};

fn lane<J: Job>() -> Lane {
    Lane {
        kind: J::KIND,
        version: J::VERSION,
        room: 5,
        installation_max: J::LIMITS.installation_max,
        tenant_max: J::LIMITS.tenant_max,
        after: TenantId(Uuid::nil()),
    }
}

/// Claims, and puts back what it got, time and again: each time another kind is the first.
async fn claim_often(store: Store, first: usize) -> usize {
    let mut claimed = 0;
    for round in 0..60 {
        let mut lanes = [lane::<OfOne>(), lane::<OfTwoEach>()];
        lanes.rotate_left((first + round) % 2);
        let claims = jobs::claim(&store, Uuid::nil(), &lanes, 10, true).await.unwrap();
        let count = |kind| claims.iter().filter(|claim| claim.kind == kind).count();
        assert!(count(OfOne::KIND) <= 1 && count(OfTwoEach::KIND) <= 2, "{claims:?}");
        claimed += claims.len();
        let claims: Vec<_> = claims.into_iter().map(|claim| claim.job).collect();
        jobs::put_back(&store, &claims).await.unwrap();
    }
    claimed
}

/// Claims of a kind with a limit come one after another; of two such kinds, none may wait for one that waits
/// for it.
#[tokio::test(flavor = "multi_thread")]
async fn kinds_with_limits_are_claimed_in_any_order() {
    let fixture = Fixture::new(Part::Postgres).await;
    let tenant = fixture.tenant().await;
    for n in 0..10 {
        fixture.ask(&tenant, &OfOne(Probe::new(n.to_string(), Act::Nothing))).await;
        fixture.ask(&tenant, &OfTwoEach(Probe::new(n.to_string(), Act::Nothing))).await;
    }
    let mut claimers = tokio::task::JoinSet::new();
    for n in 0..8 {
        claimers.spawn(claim_often(fixture.another_store().await, n));
    }
    let claimed: usize = claimers.join_all().await.into_iter().sum();
    assert!(claimed > 60, "{claimed}");
}
