//! What is asked in another shape than it should be.

use super::*;

#[tokio::test]
async fn json_is_refused_with_the_place() {
    let post = |body: &str| {
        let request = asking("POST", "/shaped").header("content-type", "application/json");
        answer(request.body(Body::from(body.to_owned())).unwrap())
    };
    let response = post("{\n \"name\": nope}").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    insta::assert_json_snapshot!("malformed_json", problem(response).await);
    let response = post(r#"{"name": "a", "roles": [1, "x"]}"#).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("wrong_shape", problem(response).await);
    assert_eq!(problem(post("{} x").await).await["type"], "urn:custody:problem:invalid");
    let response = post(r#"{"name": "a", "roles": []} x"#).await;
    assert_eq!(problem(response).await["errors"][0]["offset"], 27);
    let plain =
        asking("POST", "/shaped").header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    let response = answer(plain).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    insta::assert_json_snapshot!("unsupported_media_type", problem(response).await);
}

#[tokio::test]
async fn query_parameters_are_refused_by_name() {
    for (query, name) in [("limit=many", "limit"), ("limmit=3", "limmit"), ("limit=1&limit=2", "limit")] {
        let response = answer(asking("GET", &format!("/things?{query}")).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(problem(response).await["errors"][0]["parameter"], name);
    }
    for (value, told) in [
        ("x", "`limit` must be a whole number, 0 or more"),
        ("-1", "`limit` must be a whole number, 0 or more"),
        ("", "`limit` must be a whole number, 0 or more"),
        ("99999999999999999999", "`limit` is too large a number"),
    ] {
        let path = format!("/things?limit={value}");
        let problem = problem(answer(asking("GET", &path).body(Body::empty()).unwrap()).await).await;
        assert_eq!(problem["errors"][0]["detail"], told, "{value}");
    }
    let response = answer(asking("GET", "/things?limmit=3").body(Body::empty()).unwrap()).await;
    insta::assert_json_snapshot!("unknown_parameter", problem(response).await);
}
