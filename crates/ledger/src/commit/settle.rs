//! From a batch to an answer for each of its requests: what failed together is tried apart, so that
//! one request's defect, or one tenant's trouble, is not another's.

use std::{collections::VecDeque, fmt, sync::Arc, time::Instant};

use custody_store::{StoreError, partitions};

use super::{
    Commits,
    batch::{Answers, Failure},
    queue::Request,
};
use crate::LedgerError;

/// A failure that several requests are answered with.
#[derive(Clone, Debug)]
struct Shared(Arc<StoreError>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Commits {
    /// Commits the requests and answers each.
    pub(super) async fn settle(&self, requests: Vec<Request>) {
        let mut batches = VecDeque::from([requests]);
        while let Some(requests) = batches.pop_front() {
            let tenant = only_tenant(&requests);
            let result = self.try_to_write(&requests).await;
            if let Some(tenant) = tenant {
                self.queue().set_apart(tenant, result.is_err());
            }
            match result {
                Ok(answers) => {
                    for (request, answer) in requests.into_iter().zip(answers) {
                        let _ = request.answer.send(answer);
                    }
                }
                Err(Failure::RolledBack(error)) if is_worth_splitting(&error, &requests) => {
                    metrics::counter!("custody_ledger_batches_split_total").increment(1);
                    tracing::warn!(%error, request.count = requests.len(), "a batch is tried again in parts");
                    for part in split(requests).into_iter().rev() {
                        batches.push_front(part);
                    }
                }
                Err(Failure::RolledBack(error)) if !error.is_away() => refuse(requests, error),
                Err(Failure::NotBegun(error) | Failure::RolledBack(error)) => {
                    // The parts would find the same.
                    refuse(requests.into_iter().chain(batches.drain(..).flatten()).collect(), error);
                }
                Err(Failure::Unknown(error)) => {
                    tracing::error!(%error, request.count = requests.len(), "whether a batch was committed is not known");
                    let shared = Shared(Arc::new(error));
                    for request in requests {
                        let _ = request.answer.send(Err(LedgerError::Unknown(Box::new(shared.clone()))));
                    }
                }
            }
        }
    }

    /// Once more where the day's partition had to be made, or the connection was lost before COMMIT.
    async fn try_to_write(&self, requests: &[Request]) -> Result<Answers, Failure> {
        let begun = Instant::now();
        let result = match self.write(requests).await {
            Err(Failure::RolledBack(StoreError::NoPartition { day })) => {
                // Another server may have made it meanwhile, or may not be able to either.
                if let Err(error) = partitions::create(&self.store, day).await {
                    tracing::error!(partition.day = %day, %error, "the day's partition could not be made");
                }
                self.write(requests).await
            }
            Err(Failure::RolledBack(error)) if error.is_away() => {
                tracing::warn!(%error, "a batch is tried again on another connection");
                self.write(requests).await
            }
            other => other,
        };
        metrics::histogram!("custody_ledger_commit_seconds").record(begun.elapsed().as_secs_f64());
        result
    }
}

fn only_tenant(requests: &[Request]) -> Option<custody_domain::TenantId> {
    let tenant = requests.first()?.tenant;
    requests.iter().all(|request| request.tenant == tenant).then_some(tenant)
}

fn is_worth_splitting(error: &StoreError, requests: &[Request]) -> bool {
    let of_all = error.is_away() || matches!(error, StoreError::NoPartition { .. });
    let of_tenant = error.is_lock_timeout();
    let parts = if of_tenant { only_tenant(requests).is_none() } else { requests.len() > 1 };
    !of_all && parts
}

/// Tenant by tenant; of one tenant, request by request.
fn split(requests: Vec<Request>) -> Vec<Vec<Request>> {
    let by_request = only_tenant(&requests).is_some();
    let mut parts: Vec<Vec<Request>> = Vec::new();
    for request in requests {
        match parts.last_mut() {
            Some(part) if !by_request && part.first().is_some_and(|r| r.tenant == request.tenant) => {
                part.push(request);
            }
            _ => parts.push(vec![request]),
        }
    }
    parts
}

fn refuse(mut requests: Vec<Request>, error: StoreError) {
    if requests.len() == 1
        && let Some(request) = requests.pop()
    {
        let _ = request.answer.send(Err(error.into()));
        return;
    }
    let no_partition = match &error {
        StoreError::NoPartition { day } => Some(*day),
        _ => None,
    };
    let shared = Shared(Arc::new(error));
    for request in requests {
        let error = match no_partition {
            Some(day) => LedgerError::NoPartition { day },
            None => LedgerError::Unavailable(Box::new(shared.clone())),
        };
        let _ = request.answer.send(Err(error));
    }
}
