//! How long it takes until an export holds nothing any more whose client has left in the middle.
//!
//! ```sh
//! scripts/with-postgres cargo run --release -p custody-bench --example export_cancelled -- target/release/custody
//! ```
//!
//! The arguments: the binary under test, entries in the log (40,000; of real records, 1.1 KB each). From
//! the moment in which the client closes its connection are told: when the threads that write the file
//! have ended (`custody_exports_running`), when no transaction of before is left in the database, and
//! what processor time the server takes in the second after. Both are looked at every few milliseconds.

mod server;

use std::time::{Duration, Instant};

use custody_testkit::{TestDatabase, entries};
use sqlx::{Connection as _, PgConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use self::server::{Failure, Server};

const ROUNDS: usize = 5;
const REQUEST: usize = 1_000;
/// What a client reads before it leaves, or as much as there is.
const READ_BYTES: usize = 512 << 10;
const LOOK: Duration = Duration::from_millis(2);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let binary = args.next().ok_or("the first argument is the binary under test")?;
    let count = args.next().map_or(Ok(40_000), |text| text.parse::<usize>())?;
    let database = TestDatabase::create().await;
    let server = Server::start(binary, database.url().to_owned()).await?;
    server.custody(&["tenant", "create", "bench"]).await?;
    let (reader, writer) = (server.token("bench", "auditor").await?, server.token("bench", "writer").await?);
    load(&server.url, &writer, count).await?;
    let mut bench = Bench {
        client: reqwest::Client::new(),
        database: PgConnection::connect(database.url()).await?,
        server,
        reader,
    };
    println!("{count} entries; each {ROUNDS} times, milliseconds since the client left");
    for (what, parameters) in [
        ("NDJSON, read slowly", "format=ndjson"),
        ("CSV, read slowly", "format=csv"),
        ("Parquet, read slowly", "format=parquet"),
        ("NDJSON, zstd", "format=ndjson&compression=zstd"),
        ("a query that finds nothing", "format=ndjson&q=action:none"),
    ] {
        let (mut threads, mut transactions, mut busy) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let left = bench.leave(parameters).await?;
            threads.push(left.threads.as_millis());
            transactions.push(left.transactions.as_millis());
            busy.push(left.busy.as_millis());
        }
        println!("{what}: threads {threads:?}, transactions {transactions:?}; processor time {busy:?}");
    }
    Ok(())
}

struct Bench {
    client: reqwest::Client,
    database: PgConnection,
    server: Server,
    reader: String,
}

struct Left {
    threads: Duration,
    transactions: Duration,
    busy: Duration,
}

impl Bench {
    async fn leave(&mut self, parameters: &str) -> Result<Left, Failure> {
        let host = self.server.url.trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&host).await?;
        let request = format!(
            "GET /api/v1/logs/export?{parameters} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\naccept-encoding: identity\r\n\r\n",
            self.reader
        );
        stream.write_all(request.as_bytes()).await?;
        let mut read = 0;
        let mut piece = vec![0; 64 << 10];
        // One that finds nothing answers with its headers, and works on.
        while read < READ_BYTES && (read == 0 || !parameters.contains("none")) {
            match stream.read(&mut piece).await? {
                0 => break,
                count => read += count,
            }
        }
        if !piece.starts_with(b"HTTP/1.1 200") && read <= piece.len() {
            return Err(String::from_utf8_lossy(&piece[..read]).into());
        }
        if self.running().await? == 0 {
            return Err("the export was over before its client left; there are too few entries".into());
        }
        let before: String =
            sqlx::query_scalar("SELECT clock_timestamp()::text").fetch_one(&mut self.database).await?;
        let (at, busy) = (Instant::now(), self.server.processor_time()?);
        drop(stream);
        let (mut threads, mut transactions) = (None, None);
        while threads.is_none() || transactions.is_none() {
            if threads.is_none() && self.running().await? == 0 {
                threads = Some(at.elapsed());
            }
            if transactions.is_none() && self.transactions(&before).await? == 0 {
                transactions = Some(at.elapsed());
            }
            // What is measured is when, so it looks itself.
            sleep(LOOK).await;
        }
        // What it still does in that second is what is measured.
        sleep(Duration::from_secs(1).saturating_sub(at.elapsed())).await;
        Ok(Left {
            threads: threads.unwrap_or_default(),
            transactions: transactions.unwrap_or_default(),
            busy: self.server.processor_time()?.saturating_sub(busy),
        })
    }

    /// Exports that hold something.
    async fn running(&self) -> Result<u64, Failure> {
        let metrics = self.client.get(format!("{}/metrics", self.server.url)).send().await?.text().await?;
        let line = metrics.lines().find_map(|line| line.strip_prefix("custody_exports_running "));
        Ok(line.ok_or("no such gauge")?.parse()?)
    }

    /// Of the server's, begun before then.
    async fn transactions(&mut self, before: &str) -> Result<i64, Failure> {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND xact_start < $1::text::timestamptz";
        Ok(sqlx::query_scalar(count).bind(before).fetch_one(&mut self.database).await?)
    }
}

async fn load(url: &str, writer: &str, count: usize) -> Result<(), Failure> {
    let records = entries::records().ok_or("CUSTODY_TEST_DATA is not set")?;
    let client = reqwest::Client::new();
    let all: Vec<Vec<u8>> = entries::native(&records, 7, count, false).collect();
    for some in all.chunks(REQUEST) {
        let request = client.post(format!("{url}/api/v1/logs/bulk")).bearer_auth(writer);
        let request = request.header("content-type", "application/x-ndjson").body(some.join(&b'\n'));
        request.send().await?.error_for_status()?.bytes().await?;
    }
    Ok(())
}
