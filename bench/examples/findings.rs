//! How long answers about findings take over HTTP, at 50,000 and at 1,000,000 of them.
//!
//! ```sh
//! target/release/examples/import_rate make OCSF FILE 50000
//! CUSTODY_PG_DURABLE=1 scripts/with-postgres \
//!     cargo run --release -p custody-bench --example findings -- target/release/custody PYTHON FILE
//! ```
//!
//! The arguments: the binary under test, a Python that has Prowler (compliance is its catalogue's), a file of findings as `import_rate make` writes it, and how many times
//! it is imported (20), each time of other accounts. Asked is one tenant by one client, after the first time
//! and after the last; the database was not told to analyse anything.

mod server;

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use custody_testkit::TestDatabase;
use serde_json::Value;

use self::server::{Failure, Server};

const TIMES: usize = 300;
/// What takes long is asked less often, for so long.
const ASKED_FOR: Duration = Duration::from_secs(20);
/// The accounts of the file begin with it.
const ACCOUNTS: &[u8] = b"1234567";

/// What is asked, and what of it is to be seen in the answer.
const QUESTIONS: [(&str, &str); 9] = [
    ("list, critical", "findings?severity=critical&limit=100"),
    ("list, high, failures", "findings?severity=high&status=FAIL&limit=100"),
    ("list, all", "findings?limit=100"),
    ("list, by query", "findings?q=severity%3E%3Dhigh%20service%3Aiam&limit=100"),
    ("list, by resource", "findings?q=resource%3Aacme-9012-trail-0007&limit=100"),
    ("overview", "findings/stats"),
    ("risks", "findings/risks"),
    ("compliance, all frameworks", "compliance"),
    ("compliance, one", "compliance/cis_2.0_aws"),
];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let binary = args.next().ok_or("the first argument is the binary under test")?;
    let python = args.next().ok_or("the second argument is a Python that has Prowler")?;
    let file = std::fs::read(args.next().ok_or("the third argument is a file of findings")?)?;
    let rounds: u32 = args.next().map_or(Ok(20), |text| text.parse())?;
    let database = TestDatabase::create().await;
    let server =
        Server::start_with(binary, database.url().to_owned(), &[("CUSTODY_PROWLER", &python)]).await?;
    server.custody(&["tenant", "create", "bench"]).await?;
    let bench =
        Bench { admin: server.token("bench", "admin").await?, client: reqwest::Client::new(), server };
    // Statements are planned while there is nothing, and must do for what comes.
    for (_, path) in QUESTIONS {
        for _ in 0..10 {
            bench.get(path).await?;
        }
    }
    for round in 0..rounds {
        bench.import(&file, round).await?;
        if round == 0 || round + 1 == rounds {
            bench.ask().await?;
        }
    }
    Ok(())
}

struct Bench {
    server: Server,
    client: reqwest::Client,
    admin: String,
}

impl Bench {
    async fn import(&self, file: &[u8], round: u32) -> Result<(), Failure> {
        let other = format!("3{round:02}4567");
        let mut of_others = file.to_vec();
        let places: Vec<usize> = file
            .windows(ACCOUNTS.len())
            .enumerate()
            .filter(|(_, text)| *text == ACCOUNTS)
            .map(|(at, _)| at)
            .collect();
        for at in places {
            of_others[at..at + ACCOUNTS.len()].copy_from_slice(other.as_bytes());
        }
        let mut copy = tempfile::NamedTempFile::with_suffix(".ocsf.json")?;
        copy.write_all(&of_others)?;
        let path = copy.path().display().to_string();
        let begun = Instant::now();
        self.server.custody_as(&self.admin, &["scan", "import", &path]).await?;
        println!(
            "import {round}: {:.1?}, {} bytes; the server had at most {} MiB",
            begun.elapsed(),
            of_others.len(),
            self.server.memory_peak_mib()?
        );
        Ok(())
    }

    async fn ask(&self) -> Result<(), Failure> {
        let stats: Value = serde_json::from_slice(&self.get("findings/stats").await?)?;
        println!("{} findings", stats["findings"]);
        for (name, path) in QUESTIONS {
            let mut times = Vec::with_capacity(TIMES);
            let mut bytes = 0;
            let all = Instant::now();
            while times.len() < TIMES && all.elapsed() < ASKED_FOR {
                let begun = Instant::now();
                bytes = self.get(path).await?.len();
                times.push(begun.elapsed());
            }
            times.sort_unstable();
            let at =
                |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(Duration::ZERO);
            println!("{name}: p50 {:.1?}, p95 {:.1?}, {bytes} bytes, {} times", at(50), at(95), times.len());
        }
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let url = format!("{}/api/v1/{path}", self.server.url);
        let answer = self.client.get(url).bearer_auth(&self.admin).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }
}
