//! The tenants that write, their tokens, and how much of the load is whose.

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rand::{
    Rng,
    distr::{Distribution as _, weighted::WeightedIndex},
};

use crate::{http::Connection, server::Server};

/// How many of the binary's commands run at once.
const COMMANDS_AT_ONCE: usize = 4;

#[derive(Debug)]
pub(crate) struct Tenants {
    tokens: Vec<String>,
    shares: WeightedIndex<f64>,
}

impl Tenants {
    /// Makes tenants, each with a token that may write and read.
    pub(crate) async fn make(server: &Server, prefix: &str, count: usize) -> anyhow::Result<Self> {
        let names: Vec<_> = (1..=count).map(|n| format!("{prefix}-{n}")).collect();
        let one = async |name: &String| {
            server.custody(&["tenant", "create", name]).await?;
            server.custody(&["token", "issue", "--tenant", name, "--role", "admin"]).await
        };
        let tokens = stream::iter(&names).map(one).buffered(COMMANDS_AT_ONCE).try_collect().await?;
        Self::with(tokens)
    }

    /// The k-th tenant's share is as 1/k (Zipf): a few write most.
    fn with(tokens: Vec<String>) -> anyhow::Result<Self> {
        let ranks = (1..=u32::try_from(tokens.len())?).map(|rank| 1.0 / f64::from(rank));
        let shares = WeightedIndex::new(ranks).context("there are no tenants")?;
        Ok(Self { tokens, shares })
    }

    #[cfg(test)]
    pub(crate) fn of(tokens: &[&str]) -> Self {
        Self::with(tokens.iter().map(|&token| token.to_owned()).collect()).unwrap()
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn draw(&self, rng: &mut impl Rng) -> usize {
        self.shares.sample(rng)
    }

    pub(crate) fn token(&self, tenant: usize) -> &str {
        self.tokens.get(tenant).map_or("", String::as_str)
    }

    /// How many entries each log has, asked over HTTP as anybody would.
    pub(crate) async fn log_sizes(&self, server: &Server) -> anyhow::Result<Vec<u64>> {
        let mut connection = Connection::new(server.address().parse()?, 0);
        let mut sizes = Vec::with_capacity(self.len());
        for tenant in 0..self.len() {
            let request = get("/api/v1/logs?limit=1", self.token(tenant));
            let answer = connection.exchange(&request).await?;
            anyhow::ensure!(answer.status == 200, "GET /logs is answered {}", answer.status);
            let page: serde_json::Value = serde_json::from_slice(connection.body())?;
            sizes.push(page["index_watermark"].as_u64().context("a page says how far it reaches")?);
        }
        Ok(sizes)
    }
}

/// A whole GET request.
pub(crate) fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    #[test]
    fn the_first_of_three_tenants_writes_six_elevenths() {
        let tenants = Tenants::of(&["a", "b", "c"]);
        let mut rng = StdRng::seed_from_u64(7);
        let mut drawn = [0_u32; 3];
        for _ in 0..11_000 {
            drawn[tenants.draw(&mut rng)] += 1;
        }
        for (share, eleventh) in drawn.iter().zip([6, 3, 2]) {
            assert!(share.abs_diff(eleventh * 1_000) < 250, "{drawn:?}");
        }
    }
}
