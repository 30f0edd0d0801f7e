//! What every answer has, and what is answered where nothing is.

use super::*;

#[tokio::test]
async fn a_request_id_is_answered_and_made_where_there_is_none_or_a_hostile_one() {
    let sent = asking("GET", "/things").body(Body::empty()).unwrap();
    assert_eq!(header(&answer(sent).await, "x-request-id"), "test-1");
    for hostile in ["", "a b", "a\"b", &"x".repeat(129)] {
        let request = Request::get("/things").header("x-request-id", hostile).body(Body::empty()).unwrap();
        let response = answer(request).await;
        assert!(uuid::Uuid::parse_str(header(&response, "x-request-id")).is_ok(), "{hostile}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let response = answer(asking("GET", "/nothing").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    insta::assert_json_snapshot!("not_found", problem(response).await);
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let response = answer(asking("DELETE", "/things").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&response, "allow"), "GET,HEAD,POST");
    insta::assert_json_snapshot!("method_not_allowed", problem(response).await);
}

#[tokio::test]
async fn a_panic_is_answered_without_its_message() {
    let response = answer(asking("GET", "/panics").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    insta::assert_json_snapshot!("panic", problem(response).await);
}

#[tokio::test]
async fn a_trailing_slash_is_accepted() {
    let response = answer(asking("GET", "/things/?limit=3").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(response).await, "Some(3)");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    for path in ["/things", "/nothing", "/panics"] {
        let response = answer(asking("GET", path).body(Body::empty()).unwrap()).await;
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "x-frame-options"), "DENY");
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header(&response, "strict-transport-security"), "");
    }
    let tls = server_with(HttpConfig { tls: true, ..config() }, &unlimited());
    let response = tls.oneshot(asking("GET", "/things").body(Body::empty()).unwrap()).await.unwrap();
    assert!(header(&response, "strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn other_origins_are_let_in_only_where_they_are_configured() {
    let preflight = || {
        asking("OPTIONS", "/things")
            .header("origin", "https://console.example")
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(header(&answer(preflight()).await, "access-control-allow-origin"), "");
    let origin = "https://console.example".parse().unwrap();
    let open = server_with(HttpConfig { cors_origins: vec![origin], ..config() }, &unlimited());
    let response = open.oneshot(preflight()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "access-control-allow-origin"), "https://console.example");
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_asks() {
    let asked = asking("GET", "/long").header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    assert_eq!(header(&answer(asked).await, "content-encoding"), "gzip");
    let plain = asking("GET", "/long").body(Body::empty()).unwrap();
    assert_eq!(header(&answer(plain).await, "content-encoding"), "");
}
