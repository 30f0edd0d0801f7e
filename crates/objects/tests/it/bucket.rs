//! Buckets on a real server of S3's interface.

use custody_objects::{Credentials, Objects, S3Options, Stored};
use uuid::Uuid;

/// A bucket of the test's own.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    http: reqwest::Client,
}

impl Bucket {
    pub(crate) async fn make(object_lock: bool) -> Self {
        let endpoint = std::env::var("CUSTODY_TEST_AWS_URL").expect("run under scripts/with-aws");
        let this = Self { name: format!("b-{}", Uuid::new_v4()), endpoint, http: reqwest::Client::new() };
        let request = this.http.put(this.url("")).header("authorization", AUTHORIZATION);
        let request =
            if object_lock { request.header("x-amz-bucket-object-lock-enabled", "true") } else { request };
        assert!(request.send().await.unwrap().status().is_success());
        this
    }

    pub(crate) fn options(&self) -> S3Options {
        S3Options {
            endpoint: Some(self.endpoint.clone()),
            region: Some("us-east-1".into()),
            credentials: Some(Credentials {
                access_key_id: "test".into(),
                secret_access_key: "secret-of-the-test".into(),
            }),
            ..S3Options::default()
        }
    }

    pub(crate) fn objects(&self) -> Objects {
        self.open(self.options())
    }

    pub(crate) fn open(&self, options: S3Options) -> Objects {
        Objects::open(&format!("s3://{}/some/prefix", self.name), options).unwrap()
    }

    /// `path` is a key below the bucket, or a query.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{}{path}", self.endpoint, self.name)
    }

    /// What the server itself says, beside the port.
    pub(crate) async fn get(&self, path: &str) -> String {
        let answer =
            self.http.get(self.url(path)).header("authorization", AUTHORIZATION).send().await.unwrap();
        answer.text().await.unwrap()
    }

    pub(crate) async fn headers(&self, path: &str) -> reqwest::header::HeaderMap {
        let answer =
            self.http.head(self.url(path)).header("authorization", AUTHORIZATION).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.headers().clone()
    }

    pub(crate) async fn post(&self, path: &str) -> String {
        let request = self.http.post(self.url(path)).header("authorization", AUTHORIZATION);
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Other bytes, with the checksum of those that were stored.
    pub(crate) async fn put_as(&self, path: &str, body: &'static str, stored: &Stored) {
        let request = self.http.put(self.url(path)).header("authorization", AUTHORIZATION).body(body);
        let request = request.header("x-amz-meta-custody-sha256", hex::encode(stored.sha256));
        assert!(request.send().await.unwrap().status().is_success());
    }

    pub(crate) async fn put(&self, path: &str, body: &'static str) {
        let request = self.http.put(self.url(path)).header("authorization", AUTHORIZATION).body(body);
        assert!(request.send().await.unwrap().status().is_success());
    }
}

/// The server looks who it is for, and checks no signature.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
