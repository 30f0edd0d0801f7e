#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use axum::http::{Request, StatusCode};
use custody_auth::LimitsConfig;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::{HttpConfig, app::Edge, middleware::around_all};

async fn get(path: &str) -> Response {
    let edge = Edge::new(HttpConfig::default(), &LimitsConfig::default());
    let server = around_all(&edge, routes::<()>());
    server.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |v| v.to_str().unwrap())
}

/// What the page loads, from its own text.
fn loaded(page: &str) -> Vec<String> {
    let quoted = page.split('"').skip(1).step_by(2);
    quoted.filter(|q| q.starts_with("/docs/")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_and_all_that_it_loads_come_from_this_server() {
    let response = get("/").await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(header(&response, "location"), "/docs");
    for path in ["/docs", "/docs/"] {
        let response = get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = header(&response, "content-security-policy").to_owned();
        assert!(policy.contains("script-src 'self';") && policy.contains("default-src 'none'"), "{policy}");
        let page =
            String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        assert!(!page.contains("http"), "nothing from elsewhere: {page}");
        let loaded = loaded(&page);
        assert_eq!(loaded.len(), 4, "{loaded:?}");
        for file in loaded {
            let response = get(&file).await;
            assert_eq!(response.status(), StatusCode::OK, "{file}");
            assert_ne!(header(&response, "content-type"), "application/octet-stream", "{file}");
        }
    }
}

#[tokio::test]
async fn the_vendors_own_page_and_what_is_not_there_are_not_found() {
    for path in
        ["/docs/index.html", "/docs/swagger-initializer.js", "/docs/nothing.js", "/docs/..%2fCargo.toml"]
    {
        assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
