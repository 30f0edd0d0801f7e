//! OpenSearch as one asks it directly.

use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;

pub(crate) struct Plain {
    http: Client,
    url: String,
    index: String,
}

impl Plain {
    pub(crate) fn new(url: &str) -> Self {
        let index = format!("rate-plain-{}", Uuid::new_v4().simple());
        Self { http: Client::new(), url: url.to_owned(), index }
    }

    /// Whole documents, with the mapping that OpenSearch makes of them, but for what is the clients' own:
    /// that would have as many fields as they have names, and no two kinds of one.
    pub(crate) async fn load(&self, documents: &[Vec<u8>]) -> Result<(), Error> {
        let settings = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0, "mapping.total_fields.limit": 10_000},
            "mappings": {"properties": {"metadata": {"type": "flat_object"}, "before": {"type": "flat_object"}, "after": {"type": "flat_object"}}}});
        let made = self.http.put(format!("{}/{}", self.url, self.index)).json(&settings).send().await?;
        made.error_for_status()?;
        let mut refused = 0;
        for some in documents.chunks(2_000) {
            let mut lines = Vec::new();
            for document in some {
                lines.extend_from_slice(b"{\"index\":{}}\n");
                lines.extend_from_slice(document);
                lines.push(b'\n');
            }
            let request = self.http.post(format!("{}/{}/_bulk?filter_path=errors", self.url, self.index));
            let request = request.header("content-type", "application/x-ndjson").body(lines);
            let answer: Value = request.send().await?.error_for_status()?.json().await?;
            if answer["errors"] != json!(false) {
                refused += 1;
            }
        }
        if refused > 0 {
            println!("whole documents of {refused} bulks were refused");
        }
        self.http.post(format!("{}/{}/_refresh", self.url, self.index)).send().await?.error_for_status()?;
        Ok(())
    }

    pub(crate) async fn ask(&self, path: &str, body: &[u8]) -> Result<(), Error> {
        let request =
            self.http.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        let answer = request.body(body.to_vec()).send().await?.error_for_status()?.bytes().await?;
        let _: Value = serde_json::from_slice(&answer)?;
        Ok(())
    }

    pub(crate) async fn ask_whole(&self, tenant: &str, wanted: &Value) -> Result<(), Error> {
        let mut body = wanted.clone();
        let own = json!({"term": {"tenant_id.keyword": tenant}});
        let asked = body.get("query").cloned().unwrap_or_else(|| json!({"match_all": {}}));
        body["query"] = json!({"bool": {"filter": [own, asked]}});
        let path = format!("/{}/_search?request_cache=false", self.index);
        self.ask(&path, body.to_string().as_bytes()).await
    }

    pub(crate) async fn remove(&self) -> Result<(), Error> {
        self.http.delete(format!("{}/{}", self.url, self.index)).send().await?.error_for_status()?;
        Ok(())
    }
}
