//! A script of ours that answers once and ends.

use std::time::Duration;

use super::{DriverError, Launch, group::Group};

const TIME_MAX: Duration = Duration::from_mins(2);
const SHOWN_CHARS_MAX: usize = 300;

#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error(transparent)]
    Start(#[from] DriverError),
    #[error("{file} did not answer in time")]
    Slow { file: String },
    #[error("{file} failed: {said}")]
    Failed { file: String, said: String },
}

impl Launch {
    /// What one of the driver's files writes to its standard output.
    pub(crate) async fn output(&self, file: &str) -> Result<Vec<u8>, OutputError> {
        let (mut child, _home) = self.spawn(file).await?;
        let group = Group::led_by(child.id());
        drop(child.stdin.take());
        let answer = tokio::time::timeout(TIME_MAX, child.wait_with_output()).await;
        let failed = |said: &str| OutputError::Failed { file: file.to_owned(), said: said.to_owned() };
        match answer {
            Err(_) => {
                group.kill();
                Err(OutputError::Slow { file: file.to_owned() })
            }
            Ok(Err(error)) => Err(failed(&error.to_string())),
            Ok(Ok(output)) if output.status.success() => Ok(output.stdout),
            Ok(Ok(output)) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said.trim_end().lines().next_back().unwrap_or_default();
                Err(failed(&last.chars().take(SHOWN_CHARS_MAX).collect::<String>()))
            }
        }
    }
}
