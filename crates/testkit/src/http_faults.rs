//! A wire to an HTTP service that can be made to fail, request by request.

use std::{
    convert::Infallible,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{body::Incoming, client, server, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Body = BoxBody<Bytes, hyper::Error>;
type Only = Arc<dyn Fn(&Seen) -> bool + Send + Sync>;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is forwarded.
    None,
    /// It is answered with this status, and the server never sees it.
    Status(u16),
    /// It is forwarded after this time.
    Slow(Duration),
    /// It is neither forwarded nor answered, for as long as the client waits.
    Never,
    /// It is forwarded and takes effect, and the connection is closed in place of the answer.
    DropAnswer,
}

/// A request that came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: Method,
    /// With the query.
    pub path: String,
    /// A header by which some services name the operation (`AmazonSQS.SendMessage`).
    pub operation: Option<String>,
}

/// Forwards HTTP/1.1 to a server, except what it was told to break. Stops when dropped.
#[derive(Debug)]
pub struct HttpFaults {
    url: String,
    plan: Arc<Plan>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Plan(Mutex<State>);

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    /// The fault, for how many requests more, and for which.
    next: Option<(Fault, usize, Only)>,
}

impl HttpFaults {
    /// Stands in front of the server of this URL (`http://host:port`).
    pub async fn start(target_url: &str) -> Self {
        let target = target_url.strip_prefix("http://").expect("the server speaks plain HTTP");
        let target: Arc<str> = target.trim_end_matches('/').into();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address: SocketAddr = listener.local_addr().expect("it is bound");
        let plan = Arc::new(Plan::default());
        let serving = tokio::spawn(serve(listener, target, Arc::clone(&plan)));
        Self { url: format!("http://{address}"), plan, serving }
    }

    /// The server's URL through the wire, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Breaks the next requests, this many; `usize::MAX` is all of them until it is set again.
    pub fn set(&self, fault: Fault, times: usize) {
        self.set_where(fault, times, |_| true);
    }

    /// Breaks the next requests of which this is true, and lets others through.
    pub fn set_where(
        &self,
        fault: Fault,
        times: usize,
        only: impl Fn(&Seen) -> bool + Send + Sync + 'static,
    ) {
        self.plan.state().next = Some((fault, times, Arc::new(only)));
    }

    /// How many requests came by, the broken ones included.
    pub fn count(&self) -> usize {
        self.plan.state().seen.len()
    }

    /// The requests that came by, in their order.
    pub fn seen(&self) -> Vec<Seen> {
        self.plan.state().seen.clone()
    }
}

impl Drop for HttpFaults {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Plan {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault_of(&self, seen: Seen) -> Fault {
        let mut state = self.state();
        let mut fault = Fault::None;
        if let Some((next, times, only)) = &mut state.next
            && *times > 0
            && only(&seen)
        {
            fault = *next;
            *times -= usize::from(*times != usize::MAX);
        }
        state.seen.push(seen);
        fault
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let next = state.next.as_ref().map(|(fault, times, _)| (fault, times));
        f.debug_struct("Plan").field("seen", &state.seen.len()).field("next", &next).finish()
    }
}

async fn serve(listener: TcpListener, target: Arc<str>, plan: Arc<Plan>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (target, plan) = (Arc::clone(&target), Arc::clone(&plan));
        connections.spawn(async move {
            let answer = service_fn(move |request| answer(request, Arc::clone(&target), Arc::clone(&plan)));
            // An error is a connection that was broken on purpose, or by the client.
            let _ = server::conn::http1::Builder::new().serve_connection(TokioIo::new(client), answer).await;
        });
    }
}

/// An error closes the client's connection without an answer.
async fn answer(
    request: Request<Incoming>,
    target: Arc<str>,
    plan: Arc<Plan>,
) -> Result<Response<Body>, Error> {
    let header = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let seen = Seen { method: request.method().clone(), path, operation: header.map(str::to_owned) };
    match plan.fault_of(seen) {
        Fault::None => forward(request, &target).await,
        Fault::Status(status) => {
            // Read to its end, so that the client has sent all of it and waits for the answer.
            request.into_body().collect().await?;
            let body = Full::default().map_err(|never: Infallible| match never {}).boxed();
            Ok(Response::builder().status(status).body(body)?)
        }
        Fault::Slow(delay) => {
            tokio::time::sleep(delay).await;
            forward(request, &target).await
        }
        Fault::Never => std::future::pending().await,
        Fault::DropAnswer => {
            forward(request, &target).await?.into_body().collect().await?;
            Err("the answer is lost on purpose".into())
        }
    }
}

async fn forward(request: Request<Incoming>, target: &str) -> Result<Response<Body>, Error> {
    let server = TcpStream::connect(target).await?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(server)).await?;
    tokio::spawn(connection);
    // The client's Host goes on as it was, because signatures cover it.
    Ok(sender.send_request(request).await?.map(BodyExt::boxed))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server that says how many requests it has had.
    async fn counting() -> (String, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            for count in 1.. {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = client.read(&mut request).await.unwrap();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{count}");
                client.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (url, serving)
    }

    /// All that comes back until the wire is closed.
    async fn ask(faults: &HttpFaults, path: &str) -> String {
        let address = faults.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn each_fault_is_what_the_client_meets() {
        let (url, _serving) = counting().await;
        let faults = HttpFaults::start(&url).await;
        assert!(ask(&faults, "/").await.ends_with("\r\n\r\n1"));

        faults.set(Fault::Status(503), 1);
        assert!(ask(&faults, "/").await.starts_with("HTTP/1.1 503 "));
        faults.set(Fault::DropAnswer, 1);
        assert_eq!(ask(&faults, "/").await, "");
        // The server had the one whose answer was lost, and not the one that was refused.
        assert!(ask(&faults, "/").await.ends_with("\r\n\r\n3"));

        faults.set_where(Fault::Never, usize::MAX, |seen| seen.path == "/stuck");
        let stuck = tokio::time::timeout(Duration::from_millis(100), ask(&faults, "/stuck")).await;
        assert!(stuck.is_err(), "it was answered");
        assert!(ask(&faults, "/other").await.ends_with("\r\n\r\n4"));
        assert_eq!(faults.count(), 6);
    }
}
