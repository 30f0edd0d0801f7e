//! Bodies: how large, how packed, how slow, and what they hold of the memory.

use super::*;

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let stream = || {
        Body::from_stream(futures::stream::iter(
            (0..20).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 10_000]))),
        ))
    };
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![0; 10_000_000]).unwrap();
    let requests = [
        asking("POST", "/things").body(Body::from(vec![0; 100_001])).unwrap(),
        asking("POST", "/things").header("content-length", "100001").body(Body::empty()).unwrap(),
        asking("POST", "/things").body(stream()).unwrap(),
        asking("POST", "/things")
            .header("content-encoding", "gzip")
            .body(Body::from(bomb.finish().unwrap()))
            .unwrap(),
    ];
    for request in requests {
        let response = answer(request).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(problem(response).await["limit"], 100_000);
    }
    let exactly = asking("POST", "/things").body(Body::from(vec![0; 100_000])).unwrap();
    assert_eq!(answer(exactly).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn compressed_bodies_are_understood() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"hello").unwrap();
    let gzip = gzip.finish().unwrap();
    let twice = [gzip.clone(), gzip.clone()].concat();
    let zstd = zstd::encode_all(&b"hello"[..], 0).unwrap();
    for (encoding, sent, expected) in
        [("gzip", gzip, "hello"), ("gzip", twice, "hellohello"), ("ZSTD", zstd, "hello")]
    {
        let request =
            asking("POST", "/things").header("content-encoding", encoding).body(Body::from(sent)).unwrap();
        let response = answer(request).await;
        assert_eq!(response.status(), StatusCode::OK, "{encoding}");
        assert_eq!(text(response).await, expected);
    }
    let broken =
        asking("POST", "/things").header("content-encoding", "zstd").body(Body::from("hello")).unwrap();
    assert_eq!(answer(broken).await.status(), StatusCode::BAD_REQUEST);
    let unknown =
        asking("POST", "/things").header("content-encoding", "br").body(Body::from("hello")).unwrap();
    let response = answer(unknown).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(header(&response, "accept-encoding"), "gzip, zstd");
    insta::assert_json_snapshot!("unsupported_encoding", problem(response).await);
}

#[tokio::test]
async fn a_zstd_frame_that_asks_for_a_large_window_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(b"hello").unwrap();
    let sent = encoder.finish().unwrap();
    let request =
        asking("POST", "/things").header("content-encoding", "zstd").body(Body::from(sent)).unwrap();
    assert_eq!(answer(request).await.status(), StatusCode::BAD_REQUEST);
}

/// Time is tokio's own here and runs ahead when all wait.
#[tokio::test(start_paused = true)]
async fn a_slow_client_is_told_so() {
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let stalls = Body::from_stream(futures::StreamExt::chain(begun, futures::stream::pending()));
    let response = answer(asking("POST", "/things").body(stalls).unwrap()).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    insta::assert_json_snapshot!("request_timeout", problem(response).await);

    let drip = futures::stream::unfold((), async |()| {
        // The clock is paused: this takes no time.
        tokio::time::sleep(Duration::from_secs(4)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    });
    let response = answer(asking("POST", "/things").body(Body::from_stream(drip)).unwrap()).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

/// Time is tokio's own here and runs ahead when all wait.
#[tokio::test(start_paused = true)]
async fn a_small_body_may_not_pause_for_as_long_as_an_upload() {
    let patient = HttpConfig { read_timeout: Duration::from_secs(30), ..config() };
    let stalls = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let request = asking("POST", "/shaped").header("content-type", "application/json").body(stalls).unwrap();
    let begun = tokio::time::Instant::now();
    let response = server_with(patient, &unlimited()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

/// 90 % of the largest body that [`config`] allows.
fn large() -> Vec<u8> {
    vec![b' '; 90_000]
}

#[tokio::test(start_paused = true)]
async fn a_body_holds_no_more_memory_than_has_come_of_it() {
    let held = HttpConfig { body_bytes_held_max: 1 << 20, ..config() };
    let server = server_with(HttpConfig { read_timeout: Duration::from_mins(1), ..held }, &unlimited());
    let mut stalled = Vec::new();
    for _ in 0..16 {
        let request = asking("POST", "/things").header("content-encoding", "gzip").body(()).unwrap();
        stalled.push(stall(&server, request, vec![0x1f]).await);
    }
    let response = server.oneshot(asking("POST", "/things").body(Body::from(large())).unwrap()).await;
    assert_eq!(response.unwrap().status(), StatusCode::OK);
    stalled.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn one_client_cannot_hold_the_memory_of_all() {
    let held = HttpConfig { body_bytes_held_max: 400 << 10, ..config() };
    let server = server_with(HttpConfig { read_timeout: Duration::from_mins(1), ..held }, &unlimited());
    let post = |address| {
        let request = asking("POST", "/things").body(Body::from(large())).unwrap();
        server.clone().oneshot(from(address, request))
    };
    for _ in 0..2 {
        let (parts, _) =
            from("192.0.2.1", asking("POST", "/things").body(Body::empty()).unwrap()).into_parts();
        stall(&server, Request::from_parts(parts, ()), large()).await;
    }
    let refused = post("192.0.2.1").await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&refused, "retry-after"), "2");
    assert_eq!(post("192.0.2.2").await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_a_body_expands_to_is_counted_while_it_grows() {
    let pack = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let held = HttpConfig { body_bytes_held_max: 400 << 10, ..config() };
    let server = server_with(HttpConfig { read_timeout: Duration::from_mins(1), ..held }, &unlimited());
    let post = |bytes: &[u8]| {
        let request = asking("POST", "/things").header("content-encoding", "gzip");
        server.clone().oneshot(request.body(Body::from(pack(bytes))).unwrap())
    };
    assert_eq!(post(&large()).await.unwrap().status(), StatusCode::OK);
    for _ in 0..2 {
        stall(&server, asking("POST", "/things").body(()).unwrap(), large()).await;
    }
    assert_eq!(post(&large()).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text(post(b"small").await.unwrap()).await, "small", "what is small needs none of it");
}
