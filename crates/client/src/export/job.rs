//! An export by a job: the server writes the file, which is then fetched, in ranges where it has to be.

use std::path::Path;

use anyhow::{Context as _, bail};
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT_ENCODING, RANGE},
};
use serde::Deserialize;
use tokio::time::sleep;

use super::{
    checked::{NotWhole, Said},
    parameters::Parameters,
    part::Part,
    stream,
};
use crate::{ApiClient, ClientError, jobs::Follow};

/// Between two tries to go on with a file; they end after so many in which nothing came.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
const TRIES_MAX: u32 = 30;

#[derive(Debug, Deserialize)]
struct Asked {
    id: String,
}

/// What a completed job says.
#[derive(Debug, Deserialize)]
struct Outcome {
    file: String,
    #[serde(flatten)]
    said: Said,
}

/// Asks for one, waits for it, and fetches it.
pub(super) async fn export(
    client: &ApiClient,
    parameters: &Parameters,
    path: &Path,
    json: bool,
) -> anyhow::Result<()> {
    // Before anything is asked for: what is there of another file is none of this one.
    Part::open(path)?.discard()?;
    let request = client.request(Method::POST, "/api/v1/logs/export").query(parameters);
    let Asked { id } = client.json(request).await?;
    eprintln!(
        "job {id}; if this breaks off, go on with: custody export --resume {id} --output {}",
        path.display()
    );
    fetch(client, &id, path, json).await
}

/// Waits for a job, and fetches what of its file is not there yet.
pub(super) async fn fetch(client: &ApiClient, id: &str, path: &Path, json: bool) -> anyhow::Result<()> {
    let mut part = Part::open(path)?;
    let job = Follow::new(client, id, false).until_end().await?;
    if job.status != "completed" {
        bail!("job {id} is {}: {}", job.status, job.news());
    }
    if job.result().is_null() {
        bail!("the file of job {id} is gone");
    }
    let outcome = serde_json::from_value(job.result().clone());
    let Outcome { file, said } = outcome.with_context(|| format!("job {id} is no export"))?;
    let address = crate::path::one("jobs", id, &format!("/files/{file}"));
    let bar = stream::bar(Some(said.bytes));
    let mut tries = 0;
    while part.came.bytes < said.bytes {
        let before = part.came.bytes;
        match some(client, &address, &mut part, &bar).await {
            Ok(()) => {}
            Err(error) if error.downcast_ref::<ClientError>().is_some_and(ClientError::is_temporary) => {
                tries = if part.came.bytes > before { 0 } else { tries + 1 };
                if tries == TRIES_MAX {
                    return Err(error);
                }
                sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
    bar.finish_and_clear();
    if let Err(error) = part.came.check(&said) {
        if matches!(error, NotWhole::Changed) {
            part.discard()?;
        }
        return Err(error.into());
    }
    part.commit()?;
    stream::tell(&said, path, file.ends_with(".bundle"), json)
}

/// The rest of the file, or as much of it as comes.
async fn some(
    client: &ApiClient,
    address: &str,
    part: &mut Part,
    bar: &indicatif::ProgressBar,
) -> anyhow::Result<()> {
    let range = format!("bytes={}-", part.came.bytes);
    let request =
        client.request(Method::GET, address).header(ACCEPT_ENCODING, "identity").header(RANGE, range);
    let mut answer = client.send(request).await?;
    if part.came.bytes > 0 && answer.status() != StatusCode::PARTIAL_CONTENT {
        bail!("the server does not go on with a file");
    }
    while let Some(bytes) = answer.chunk().await.map_err(|error| client.unreachable(error))? {
        part.write(&bytes)?;
        bar.set_position(part.came.bytes);
    }
    Ok(())
}
