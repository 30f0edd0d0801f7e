//! Amazon's services as the tests run beside them (scripts/with-aws), and a bucket there.

use reqwest::{Client, Method, RequestBuilder};
use uuid::Uuid;

/// The server looks who it is for, and checks no signature.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

pub(crate) fn aws_url() -> String {
    std::env::var("CUSTODY_TEST_AWS_URL")
        .expect("CUSTODY_TEST_AWS_URL is not set; run the test under scripts/with-aws")
}

pub(crate) struct Bucket {
    pub(crate) name: String,
    endpoint: String,
}

impl Bucket {
    /// A new one, in which files can be locked.
    pub(crate) async fn make() -> Self {
        let bucket = Self { name: format!("it-{}", Uuid::new_v4().simple()), endpoint: aws_url() };
        let request = bucket.ask(Method::PUT, "").header("x-amz-bucket-object-lock-enabled", "true");
        let made = request.send().await.unwrap();
        assert!(made.status().is_success(), "{made:?}");
        bucket
    }

    /// By its own protocol, of what lies there.
    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        Client::new().request(method, format!("{}{path}", self.url())).header("authorization", AUTHORIZATION)
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.endpoint, self.name)
    }

    /// What a server needs to get there.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let environment = [
            ("AWS_ENDPOINT_URL", &*self.endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "secret-of-the-test"),
        ];
        environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }
}
