//! How much one client may ask, and all of them.

use super::*;

#[tokio::test]
async fn a_used_up_limit_says_when_to_come_back() {
    let quota =
        |n| Quota { requests: NonZeroU32::new(n).unwrap(), window_secs: NonZeroU32::new(60).unwrap() };
    let limits = LimitsConfig { per_address: Some(quota(2)), ..unlimited() };
    let server = server_with(config(), &limits);
    let ask = || {
        let mut request = asking("GET", "/things").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 4711))));
        server.clone().oneshot(request)
    };
    let first = ask().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(header(&first, "ratelimit-policy"), "\"address\";q=2;w=60");
    assert_eq!(header(&first, "ratelimit"), "\"address\";r=1;t=30");
    ask().await.unwrap();
    let refused = ask().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let after: u32 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=30).contains(&after), "{after}");
    assert!(header(&refused, "ratelimit").starts_with("\"address\";r=0;t="));
    insta::assert_json_snapshot!("too_many_requests", problem(refused).await);
}

#[tokio::test]
async fn more_requests_than_are_taken_at_once_are_turned_away() {
    let full = server_with(HttpConfig { requests_max: 0, ..config() }, &unlimited());
    let response = full.oneshot(asking("GET", "/things").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, "retry-after"), "1");
    insta::assert_json_snapshot!("shed", problem(response).await);
}

#[tokio::test]
async fn one_address_cannot_have_all_requests_that_run_at_once() {
    let server = server_with(HttpConfig { requests_max: 64, ..config() }, &unlimited());
    let ask = |address| {
        server.clone().oneshot(from(address, asking("GET", "/things").body(Body::empty()).unwrap()))
    };
    let mut stalled = Vec::new();
    for n in 0..8 {
        let address = format!("2001:db8::{n}");
        let (parts, _) = from(&address, asking("POST", "/things").body(Body::empty()).unwrap()).into_parts();
        stalled.push(stall(&server, Request::from_parts(parts, ()), vec![b' ']).await);
    }
    let refused = ask("2001:db8::ffff").await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "retry-after"), "1");
    assert!(problem(refused).await["detail"].as_str().unwrap().contains("from this address"));
    assert_eq!(ask("2001:db8:0:1::1").await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask("192.0.2.1").await.unwrap().status(), StatusCode::OK);
    let one = stalled.pop().unwrap();
    one.abort();
    let _ = one.await;
    assert_eq!(ask("2001:db8::ffff").await.unwrap().status(), StatusCode::OK);
}
