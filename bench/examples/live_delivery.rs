//! How long it takes from an entry's acknowledgement to its delivery, with many who follow the log.
//!
//! ```sh
//! CUSTODY_PG_DURABLE=1 scripts/with-postgres \
//!     cargo run --release -p custody-bench --example live_delivery -- target/release/custody
//! ```
//!
//! The arguments: the binary under test, sockets (1,000), entries a second (10), seconds (30). One tenant;
//! each socket asks for every entry. The server is a process of its own, the writer and all readers are
//! this one, on the same machine: what they take, the server does not have.

mod server;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use custody_testkit::TestDatabase;
use futures::{StreamExt as _, future::try_join_all};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use self::server::{Failure, Server};

/// Opened at once.
const HANDSHAKES: usize = 50;
/// After the last entry, for what is still on its way.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let binary = args.next().ok_or("the first argument is the binary under test")?;
    let mut number = |default: u64| args.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (sockets, rate, seconds) = (number(1_000)?, number(10)?.max(1), number(30)?);
    let database = TestDatabase::create().await;
    let server = Server::start(binary, database.url().to_owned()).await?;
    server.custody(&["tenant", "create", "bench"]).await?;
    let (reader, writer) = (server.token("bench", "auditor").await?, server.token("bench", "writer").await?);

    let count = rate * seconds;
    let mut readers = JoinSet::new();
    for _ in 0..sockets.div_ceil(HANDSHAKES as u64) {
        let streams = try_join_all((0..HANDSHAKES).map(|_| open(&server.url, &reader))).await?;
        for stream in streams {
            readers.spawn(read(stream, count));
        }
    }
    println!("{} sockets, {rate} entries a second for {seconds} s", readers.len());
    let written = write(&server.url, &writer, rate, count).await?;
    let (mut since_sent, mut since_acknowledged) = (Vec::new(), Vec::new());
    let mut missing = 0;
    while let Some(got) = readers.join_next().await {
        let got = got?;
        missing += written.len() - got.len();
        for (seq, at) in got {
            let Written { sent, acknowledged } = written[&seq];
            since_sent.push(at.saturating_duration_since(sent));
            // What is there before its writer has read the acknowledgement took no time.
            since_acknowledged.push(at.saturating_duration_since(acknowledged));
        }
    }
    println!("{} deliveries, {missing} missing", since_sent.len());
    println!("processor time of the server since its start: {:.1?}", server.processor_time()?);
    show("acknowledged to delivered", since_acknowledged);
    // This process is busy with its readers when it notes the acknowledgement: this bounds what that hides.
    show("sent to delivered", since_sent);
    Ok(())
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let most = times.last().copied().unwrap_or_default();
    println!("{what}: p50 {:.1?}, p99 {:.1?}, at most {most:.1?}", at(50), at(99));
}

type Stream = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(url: &str, token: &str) -> Result<Stream, Failure> {
    let url = format!("{}/api/v1/logs/stream?q=action:bench.live", url.replace("http://", "ws://"));
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let (mut stream, _) = connect_async(request).await?;
    // The first word: it has begun.
    stream.next().await.ok_or("the stream ended")??;
    Ok(stream)
}

/// When which entry came.
async fn read(mut stream: Stream, count: u64) -> Vec<(u64, Instant)> {
    let mut got = Vec::new();
    let mut patience = Duration::from_mins(10);
    while let Ok(Some(Ok(message))) = time::timeout(patience, stream.next()).await {
        let at = Instant::now();
        if let Message::Text(text) = message
            && let Some(seq) = seq(&text)
        {
            got.push((seq, at));
            patience = PATIENCE;
            if got.len() as u64 == count {
                break;
            }
        }
    }
    got
}

/// Without parsing the entry: a thousand readers share two cores with the server.
fn seq(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once("\"seq\":")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[derive(Clone, Copy)]
struct Written {
    sent: Instant,
    acknowledged: Instant,
}

/// When which entry was.
async fn write(url: &str, token: &str, rate: u64, count: u64) -> Result<HashMap<u64, Written>, Failure> {
    let client = reqwest::Client::new();
    let mut tick = time::interval(Duration::from_micros(1_000_000 / rate));
    let entry = json!({
        "action": "bench.live", "actor": {"type": "user", "id": "u1", "name": "Ada"},
        "resource": {"type": "order", "id": "o9"}, "severity": "INFO", "outcome": "success",
        "message": "Quantity changed", "ip": "203.0.113.9", "metadata": {"region": "eu-central-1"},
    });
    let mut written = JoinSet::new();
    for _ in 0..count {
        tick.tick().await;
        let request = client.post(format!("{url}/api/v1/logs")).bearer_auth(token).json(&entry);
        let sent = Instant::now();
        written.spawn(async move {
            let receipt: Value = request.send().await?.error_for_status()?.json().await?;
            let acknowledged = Instant::now();
            Ok::<_, Failure>((receipt["seq"].as_u64().ok_or("no receipt")?, Written { sent, acknowledged }))
        });
    }
    let mut all = HashMap::new();
    while let Some(receipt) = written.join_next().await {
        let (seq, times) = receipt??;
        all.insert(seq, times);
    }
    Ok(all)
}
