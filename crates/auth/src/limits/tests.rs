#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use governor::clock::FakeRelativeClock;
use uuid::Uuid;

use super::*;

fn tenant(n: u128) -> TenantId {
    TenantId(Uuid::from_u128(n))
}

fn limits(clock: &FakeRelativeClock) -> RateLimits<FakeRelativeClock> {
    let config = LimitsConfig {
        per_tenant: Some(Quota::of(10, 10)),
        per_credential: Some(Quota::of(5, 10)),
        per_address: Some(Quota::of(2, 60)),
    };
    RateLimits::with_clock(&config, clock)
}

#[test]
fn counts_down_refuses_and_says_when_to_come_back() {
    let clock = FakeRelativeClock::default();
    let limits = limits(&clock);
    for remaining in (0..5).rev() {
        let standing = limits.check(tenant(1), "key:a").unwrap();
        assert!(standing.allowed());
        assert_eq!((standing.policy, standing.remaining), ("credential", remaining));
    }
    let refused = limits.check(tenant(1), "key:a").unwrap();
    assert_eq!(refused.retry_after_secs, Some(2));
    assert_eq!((refused.remaining, refused.reset_secs), (0, 10));
    clock.advance(Duration::from_secs(2));
    assert!(limits.check(tenant(1), "key:a").unwrap().allowed());
    assert!(!limits.check(tenant(1), "key:a").unwrap().allowed());
}

#[test]
fn a_tenant_is_limited_over_all_its_credentials_and_another_is_not_touched() {
    let clock = FakeRelativeClock::default();
    let limits = limits(&clock);
    for key in ["key:a", "key:b"] {
        for _ in 0..5 {
            assert!(limits.check(tenant(1), key).unwrap().allowed());
        }
    }
    let refused = limits.check(tenant(1), "key:c").unwrap();
    assert_eq!((refused.policy, refused.allowed()), ("tenant", false));
    let other = limits.check(tenant(2), "key:d").unwrap();
    assert!(other.allowed());
    assert_eq!(other.remaining, 4);
}

#[test]
fn an_ipv6_subscriber_is_one_address() {
    let clock = FakeRelativeClock::default();
    let limits = limits(&clock);
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(limits.check_address(ip("2001:db8::1")).unwrap().allowed());
    assert!(limits.check_address(ip("2001:db8::2")).unwrap().allowed());
    assert!(!limits.check_address(ip("2001:db8::3")).unwrap().allowed());
    assert!(limits.check_address(ip("2001:db8:0:1::1")).unwrap().allowed());
    assert!(limits.check_address(ip("192.0.2.1")).unwrap().allowed());
    assert!(limits.check_address(ip("::ffff:192.0.2.1")).unwrap().allowed());
    assert!(!limits.check_address(ip("192.0.2.1")).unwrap().allowed());
}

#[test]
fn memory_is_bounded_whatever_the_addresses() {
    let clock = FakeRelativeClock::default();
    let limits = limits(&clock);
    for n in 0..400_000_u32 {
        let _ = limits.check_address(IpAddr::V4(n.into()));
    }
    assert!(limits.addresses.as_ref().unwrap().len() <= 1 << 17);
    clock.advance(Duration::from_hours(1));
    for _ in 0..=SWEEP_EVERY {
        let _ = limits.check_address(IpAddr::V4(1.into()));
    }
    assert!(limits.addresses.as_ref().unwrap().len() <= 2);
}

#[test]
fn a_limit_that_is_off_says_nothing() {
    let none = LimitsConfig { per_tenant: None, per_credential: None, per_address: None };
    let limits = RateLimits::new(&none);
    assert_eq!(limits.check(tenant(1), "key:a"), None);
}

#[test]
fn any_quota_of_its_type_can_be_counted() {
    for (requests, window) in [(u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX), (1, 1)] {
        let counter: Counter<u32, _> =
            Counter::new("x", Quota::of(requests, window), &DefaultClock::default());
        assert!(counter.check(&1).allowed(), "{requests}/{window}");
    }
}
