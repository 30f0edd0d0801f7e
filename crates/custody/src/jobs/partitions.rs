//! `partitions`: the days that entries will be written to are made ahead.

use custody_queue::{Done, Job, JobError, OpContext};
use custody_store::{Store, partitions};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Partitions {}

impl Job for Partitions {
    const KIND: &'static str = "partitions";
    type Services = Store;

    async fn run(&self, context: &OpContext<Store>) -> Result<Done, JobError> {
        let coverage = partitions::maintain(context.services()).await?;
        if coverage.is_writable() {
            Ok(Done::nothing())
        } else {
            Err(JobError::again("there is no partition for today, or none for tomorrow"))
        }
    }
}
