//! `custody tail`

mod events;
mod line;

use std::{process::ExitCode, time::Duration};

use clap::Args;
use reqwest::{Method, header};
use tokio::time::sleep;

use self::events::{Event, Events};
use crate::{ApiClient, ClientError, Connection, caret::explained, output, text::shown};

/// Between two tries to connect, at first, …
const PAUSE: Duration = Duration::from_millis(500);
/// … and at most.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How a server that stops ends its streams (RFC 6455, section 7.4.1: going away).
const AWAY: u16 = 1001;

/// Follows the log: `custody tail actor:alice severity>=ERROR`.
#[derive(Debug, Args)]
pub struct TailArgs {
    #[command(flatten)]
    connection: Connection,

    /// The query; several words are joined by spaces. After `--` a word may start with `-`.
    query: Vec<String>,

    /// Begins behind the entry with this `seq`; -1: with the first of the log. Without it: from now on.
    #[arg(long, value_name = "SEQ", allow_hyphen_values = true)]
    after: Option<String>,
}

impl TailArgs {
    /// Prints entries until it is interrupted, which is no failure.
    pub async fn run(self, json: bool) -> anyhow::Result<ExitCode> {
        let client = self.connection.open()?;
        let query = self.query.join(" ");
        let mut tail = Tail { client: &client, query: &query, after: self.after, json, has_begun: false };
        tokio::select! {
            ended = tail.until_end() => ended.map(|never| match never {}),
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

struct Tail<'a> {
    client: &'a ApiClient,
    query: &'a str,
    /// What was printed, or looked through, last.
    after: Option<String>,
    json: bool,
    /// A server that never answered is not waited for: its address may be wrong.
    has_begun: bool,
}

/// Why a connection is made again.
enum Again {
    Lost(ClientError),
    Stopped,
    /// The server left something out; asked for from there, it brings it.
    Missed,
}

impl Tail<'_> {
    async fn until_end(&mut self) -> anyhow::Result<std::convert::Infallible> {
        let mut pause = PAUSE;
        loop {
            let before = self.after.clone();
            let again = self.connected().await?;
            if self.after != before {
                pause = PAUSE;
            }
            match again {
                Again::Missed => continue,
                Again::Lost(error) if !self.has_begun => return Err(error.into()),
                Again::Lost(error) => eprintln!("{error}; trying again"),
                Again::Stopped => eprintln!("the server stops; trying again"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Prints what one connection brings; why it should be made again, or what ended it for good.
    async fn connected(&mut self) -> anyhow::Result<Again> {
        let request = self
            .client
            .request(Method::GET, "/api/v1/logs/stream")
            .header(header::ACCEPT, "text/event-stream")
            .query(&[("q", self.query)])
            .query(&self.after.iter().map(|after| ("after", after)).collect::<Vec<_>>());
        let answer = match self.client.send(request).await {
            Ok(answer) => answer,
            Err(error) if error.is_temporary() => return Ok(Again::Lost(error)),
            Err(error) => return Err(explained(self.query, error)),
        };
        self.has_begun = true;
        let mut events = Events::of(self.client, answer);
        loop {
            match events.next().await {
                Ok(event) => {
                    if let Some(again) = self.heard(event)? {
                        return Ok(again);
                    }
                }
                Err(error) if error.is_temporary() => return Ok(Again::Lost(error)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn heard(&mut self, event: Event) -> anyhow::Result<Option<Again>> {
        match event {
            Event::Entry { seq, json } => {
                if self.json {
                    output::line(json.get())?;
                } else {
                    output::line(&line::line(&json))?;
                }
                self.after = Some(seq.to_string());
            }
            Event::Open { after } | Event::Heartbeat { after } => self.after = Some(after),
            Event::Dropped => return Ok(Some(Again::Missed)),
            Event::Unreadable { seq } => {
                eprintln!("entry {seq} is damaged and cannot be shown; `custody verify --server` says more");
            }
            Event::End { code: AWAY, .. } => return Ok(Some(Again::Stopped)),
            Event::End { reason, .. } => anyhow::bail!("the stream has ended: {}", shown(&reason)),
            Event::Other => {}
        }
        Ok(None)
    }
}
