//! Two servers on one database, which come and go.

use std::{
    path::{Path, PathBuf},
    sync::RwLock,
};

use custody_testkit::{OpenSearchNode, TestDatabase, eventually};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::Mutex;

use super::known::{Seen, one};
use crate::{
    followers::another_machine,
    support::{Answer, Api, Server, Tenant, server::Options},
};

pub(super) const COUNT: usize = 2;

pub(super) struct Servers {
    options: Vec<Options>,
    running: Mutex<Vec<Option<Server>>>,
    /// Where each answers; where one is down, where it did.
    apis: RwLock<Vec<Api>>,
}

impl Servers {
    pub(super) async fn start(folder: &Path, node: Option<&OpenSearchNode>) -> Self {
        let data = folder.join("data");
        let database = TestDatabase::create().await.url().to_owned();
        let flags = node.map_or(Vec::new(), |node| {
            ["--search", &format!("opensearch+{}", node.url()), "--search-shards", "1"]
                .map(str::to_owned)
                .to_vec()
        });
        let options = |data| Options {
            database: Some(database.clone()),
            data: Some(data),
            flags: flags.clone(),
            ..Options::default()
        };
        let mut all = vec![options(data.clone())];
        let first = Server::start(all[0].clone()).await;
        all.push(options(another_machine(&data, "other")));
        let second = Server::start(all[1].clone()).await;
        let apis = RwLock::new(vec![first.anonymous(), second.anonymous()]);
        Self { options: all, running: Mutex::new(vec![Some(first), Some(second)]), apis }
    }

    pub(super) async fn tenant(&self) -> Tenant {
        self.running.lock().await[0].as_ref().unwrap().tenant().await
    }

    pub(super) fn data(&self, server: usize) -> PathBuf {
        self.options[server].data.clone().unwrap()
    }

    pub(super) fn at(&self, server: usize, caller: &Api) -> Api {
        self.apis.read().unwrap()[server].with_token(caller.bearer())
    }

    /// kill -9; then what is done to it; then it is started again.
    pub(super) async fn kill_and_start(&self, server: usize, meanwhile: impl FnOnce()) {
        let mut running = self.running.lock().await;
        running[server].take().unwrap().kill().await;
        meanwhile();
        self.start_again(&mut running, server).await;
    }

    pub(super) async fn stop_and_start(&self, server: usize) {
        let mut running = self.running.lock().await;
        assert_eq!(running[server].take().unwrap().terminate().await.code(), Some(0));
        self.start_again(&mut running, server).await;
    }

    async fn start_again(&self, running: &mut [Option<Server>], server: usize) {
        let started = Server::start(self.options[server].clone()).await;
        self.apis.write().unwrap()[server] = started.anonymous();
        running[server] = Some(started);
    }

    /// A counter of one's; none while it does not answer.
    pub(super) async fn count(&self, server: usize, name: &str) -> Option<u64> {
        let api = self.apis.read().unwrap()[server].clone();
        let answer = sent(api.request(Method::GET, "/metrics")).await?;
        let metrics = String::from_utf8(answer.bytes).unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).expect(name);
        Some(line.parse().unwrap())
    }

    /// Asks one of the two, as chance has it; again, while there is no answer.
    pub(super) async fn ask(
        &self,
        seen: &Seen,
        caller: &Api,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        eventually("an answer", || async {
            let api = self.at(rand::random_range(0..COUNT), caller);
            let request = api.request(method.clone(), path);
            let answer = sent(match body {
                Some(body) => request.json(body),
                None => request,
            });
            let answer = answer.await;
            if answer.is_none() {
                one(&seen.broken);
            }
            answer
        })
        .await
    }
}

/// None where it broke off, or nobody took it.
async fn sent(request: reqwest::RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.ok()?.to_vec();
    Some(Answer { status, headers, bytes })
}
